// SPDX-License-Identifier: GPL-3.0-or-later
// Reads sectors 0 to 127 of the disk on AHCI port 0 by READ DMA EXT and prints the sum of their
// words. AHCI 1.3.1 sections 4 and 5.
#include "tests/guest/micro/micro.h"

namespace {

constexpr uint32_t kAbar = 0xfe000000;
constexpr uint32_t kPort = kAbar + 0x100;
constexpr uint32_t kCommandList = 0x1000000;
constexpr uint32_t kReceivedFis = 0x1001000;
constexpr uint32_t kCommandTable = 0x1002000;
constexpr uint32_t kBuffer = 0x1100000;
constexpr uint32_t kSectors = 128;

void put32(uint32_t address, uint32_t value)
{
    micro::write32(address, value);
}

} // namespace

void guestMain(uint64_t)
{
    micro::writeConfig(0x1f, 2, 0x24, kAbar);
    micro::writeConfig(0x1f, 2, 0x04, 0x6); // memory space, bus master
    put32(kAbar + 0x04, 0x80000000);        // GHC.AE
    put32(kPort + 0x00, kCommandList);
    put32(kPort + 0x08, kReceivedFis);
    put32(kPort + 0x18, 0x10); // FRE
    put32(kPort + 0x18, 0x11); // ST
    put32(kCommandList, 5 | 1 << 16);
    put32(kCommandList + 8, kCommandTable);
    put32(kCommandTable, 0x27 | 0x80 << 8 | 0x25 << 16); // register FIS, READ DMA EXT
    put32(kCommandTable + 4, 0x40 << 24);                // LBA 0
    put32(kCommandTable + 8, 0);
    put32(kCommandTable + 12, kSectors);
    put32(kCommandTable + 0x80, kBuffer);
    put32(kCommandTable + 0x84, 0);
    put32(kCommandTable + 0x8c, kSectors * 512 - 1);
    put32(kPort + 0x38, 1); // CI
    while ((micro::read32(kPort + 0x38) & 1) != 0)
        asm volatile("pause");
    uint32_t sum = 0;
    for (uint32_t i = 0; i < kSectors * 512; i += 4)
        sum += micro::read32(kBuffer + i);
    micro::printFact("status", micro::read32(kPort + 0x20) & 0xff);
    micro::printFact("sum", sum);
    micro::finish(0);
}
