// SPDX-License-Identifier: GPL-3.0-or-later
// The fixed part of the board's ACPI namespace. ACPI 6.4. What depends on the machine or on the
// programmed chipset (PCI0._CRS and ._PRT, CPUs) is generated into an SSDT (ssdt.cpp).
// SeaBIOS reads this table with a small parser of its own: at device level only names, buffers,
// methods, operation regions and fields; no External.
DefinitionBlock ("", "DSDT", 2, "VITRIN", "VITRQ35", 0x00000001)
{
    Name (PICF, Zero) // interrupt model: 0 PIC, 1 APIC
    Method (_PIC, 1, NotSerialized)
    {
        PICF = Arg0
    }

    Name (_S5, Package (0x04) { Zero, Zero, Zero, Zero }) // SLP_TYP 0

    Scope (_SB)
    {
        Device (PCI0)
        {
            Name (_HID, EisaId ("PNP0A08"))
            Name (_CID, EisaId ("PNP0A03"))
            Name (_UID, Zero)
            Name (_SEG, Zero)
            Name (_BBN, Zero)

            // PCI Firmware 3.0 section 4.5.1: the operating system may have hot-plug of root ports,
            // PME and the capability structure; there is neither SHPC nor AER.
            Method (_OSC, 4, Serialized)
            {
                CreateDWordField (Arg3, Zero, CDW1)
                If ((Arg0 == ToUUID ("33db4d5b-1ff7-401c-9657-7441c03dd766")))
                {
                    CreateDWordField (Arg3, 0x08, CDW3)
                    Local0 = (CDW3 & 0x15)
                    If ((Arg1 != One))
                    {
                        CDW1 |= 0x08 // unknown revision
                    }

                    If ((CDW3 != Local0))
                    {
                        CDW1 |= 0x10 // something was masked
                    }

                    CDW3 = Local0
                }
                Else
                {
                    CDW1 |= 0x04 // unknown UUID
                }

                Return (Arg3)
            }

            // ICH9 LPC bridge, PIRQ route registers (datasheet section 13.1.17): bits 3-0 the ISA
            // interrupt, bit 7 not routed.
            Device (ISA)
            {
                Name (_ADR, 0x001F0000)
                OperationRegion (PIRQ, PCI_Config, 0x60, 0x0C)
                Field (PIRQ, ByteAcc, NoLock, Preserve)
                {
                    PRQA, 8,
                    PRQB, 8,
                    PRQC, 8,
                    PRQD, 8,
                    Offset (0x08),
                    PRQE, 8,
                    PRQF, 8,
                    PRQG, 8,
                    PRQH, 8
                }

                Device (KBD)
                {
                    Name (_HID, EisaId ("PNP0303"))
                    Name (_STA, 0x0F)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0060, 0x0060, 0x01, 0x01)
                        IO (Decode16, 0x0064, 0x0064, 0x01, 0x01)
                        IRQNoFlags () {1}
                    })
                }

                Device (MOU)
                {
                    Name (_HID, EisaId ("PNP0F13"))
                    Name (_STA, 0x0F)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IRQNoFlags () {12}
                    })
                }

                Device (COM1)
                {
                    Name (_HID, EisaId ("PNP0501"))
                    Name (_UID, One)
                    Name (_STA, 0x0F)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x03F8, 0x03F8, 0x00, 0x08)
                        IRQNoFlags () {4}
                    })
                }

                Device (RTC)
                {
                    Name (_HID, EisaId ("PNP0B00"))
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0070, 0x0070, 0x01, 0x02)
                        IRQNoFlags () {8}
                    })
                }

                // pvpanic: writing an event to the port tells the host.
                Device (PEVT)
                {
                    Name (_HID, "QEMU0001")
                    Name (_STA, 0x0F)
                    Name (_CRS, ResourceTemplate ()
                    {
                        IO (Decode16, 0x0505, 0x0505, 0x01, 0x01)
                    })
                }
            }

            // fw_cfg. Not shown to the person: no driver is expected.
            Device (FWCF)
            {
                Name (_HID, "QEMU0002")
                Name (_STA, 0x0B)
                Name (_CRS, ResourceTemplate ()
                {
                    IO (Decode16, 0x0510, 0x0510, 0x01, 0x0C)
                })
            }
        }

        // Power management block and ELCR: decoded by the LPC bridge, no device of their own.
        Device (MBIO)
        {
            Name (_HID, EisaId ("PNP0C02"))
            Name (_UID, One)
            Name (_CRS, ResourceTemplate ()
            {
                IO (Decode16, 0x0600, 0x0600, 0x01, 0x80)
                IO (Decode16, 0x04D0, 0x04D0, 0x01, 0x02)
            })
        }

        Device (HPET)
        {
            Name (_HID, EisaId ("PNP0103"))
            Name (_UID, Zero)
            Name (_CRS, ResourceTemplate ()
            {
                Memory32Fixed (ReadOnly, 0xFED00000, 0x00000400)
            })
        }

        // PCI interrupt links, for PIC mode. The interrupt number of an extended interrupt
        // descriptor lies 5 bytes into it.
        Method (LSTA, 1, NotSerialized)
        {
            If ((Arg0 & 0x80))
            {
                Return (0x09)
            }

            Return (0x0B)
        }

        Method (LCRS, 1, Serialized)
        {
            Name (BUF0, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) {0}
            })
            CreateDWordField (BUF0, 0x05, IRQN)
            If (!(Arg0 & 0x80))
            {
                IRQN = (Arg0 & 0x0F)
            }

            Return (BUF0)
        }

        Method (LSRS, 1, Serialized)
        {
            CreateDWordField (Arg0, 0x05, IRQN)
            Return (IRQN)
        }

        Device (LNKA)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x00)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) {5, 10, 11}
            })
            Method (_STA, 0, NotSerialized)
            {
                Return (LSTA (\_SB.PCI0.ISA.PRQA))
            }

            Method (_CRS, 0, NotSerialized)
            {
                Return (LCRS (\_SB.PCI0.ISA.PRQA))
            }

            Method (_SRS, 1, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQA = LSRS (Arg0)
            }

            Method (_DIS, 0, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQA |= 0x80
            }
        }

        Device (LNKB)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x01)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) {5, 10, 11}
            })
            Method (_STA, 0, NotSerialized)
            {
                Return (LSTA (\_SB.PCI0.ISA.PRQB))
            }

            Method (_CRS, 0, NotSerialized)
            {
                Return (LCRS (\_SB.PCI0.ISA.PRQB))
            }

            Method (_SRS, 1, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQB = LSRS (Arg0)
            }

            Method (_DIS, 0, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQB |= 0x80
            }
        }

        Device (LNKC)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x02)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) {5, 10, 11}
            })
            Method (_STA, 0, NotSerialized)
            {
                Return (LSTA (\_SB.PCI0.ISA.PRQC))
            }

            Method (_CRS, 0, NotSerialized)
            {
                Return (LCRS (\_SB.PCI0.ISA.PRQC))
            }

            Method (_SRS, 1, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQC = LSRS (Arg0)
            }

            Method (_DIS, 0, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQC |= 0x80
            }
        }

        Device (LNKD)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x03)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) {5, 10, 11}
            })
            Method (_STA, 0, NotSerialized)
            {
                Return (LSTA (\_SB.PCI0.ISA.PRQD))
            }

            Method (_CRS, 0, NotSerialized)
            {
                Return (LCRS (\_SB.PCI0.ISA.PRQD))
            }

            Method (_SRS, 1, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQD = LSRS (Arg0)
            }

            Method (_DIS, 0, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQD |= 0x80
            }
        }

        Device (LNKE)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x04)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) {5, 10, 11}
            })
            Method (_STA, 0, NotSerialized)
            {
                Return (LSTA (\_SB.PCI0.ISA.PRQE))
            }

            Method (_CRS, 0, NotSerialized)
            {
                Return (LCRS (\_SB.PCI0.ISA.PRQE))
            }

            Method (_SRS, 1, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQE = LSRS (Arg0)
            }

            Method (_DIS, 0, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQE |= 0x80
            }
        }

        Device (LNKF)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x05)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) {5, 10, 11}
            })
            Method (_STA, 0, NotSerialized)
            {
                Return (LSTA (\_SB.PCI0.ISA.PRQF))
            }

            Method (_CRS, 0, NotSerialized)
            {
                Return (LCRS (\_SB.PCI0.ISA.PRQF))
            }

            Method (_SRS, 1, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQF = LSRS (Arg0)
            }

            Method (_DIS, 0, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQF |= 0x80
            }
        }

        Device (LNKG)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x06)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) {5, 10, 11}
            })
            Method (_STA, 0, NotSerialized)
            {
                Return (LSTA (\_SB.PCI0.ISA.PRQG))
            }

            Method (_CRS, 0, NotSerialized)
            {
                Return (LCRS (\_SB.PCI0.ISA.PRQG))
            }

            Method (_SRS, 1, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQG = LSRS (Arg0)
            }

            Method (_DIS, 0, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQG |= 0x80
            }
        }

        Device (LNKH)
        {
            Name (_HID, EisaId ("PNP0C0F"))
            Name (_UID, 0x07)
            Name (_PRS, ResourceTemplate ()
            {
                Interrupt (ResourceConsumer, Level, ActiveHigh, Shared) {5, 10, 11}
            })
            Method (_STA, 0, NotSerialized)
            {
                Return (LSTA (\_SB.PCI0.ISA.PRQH))
            }

            Method (_CRS, 0, NotSerialized)
            {
                Return (LCRS (\_SB.PCI0.ISA.PRQH))
            }

            Method (_SRS, 1, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQH = LSRS (Arg0)
            }

            Method (_DIS, 0, NotSerialized)
            {
                \_SB.PCI0.ISA.PRQH |= 0x80
            }
        }
    }
}
