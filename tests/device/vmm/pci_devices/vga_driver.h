// SPDX-License-Identifier: GPL-3.0-or-later
// A VGA on a test board and the driver for it: modes set by the register values a VGA BIOS writes.
// IBM VGA BIOS mode parameter tables (FreeVGA "Standard VGA modes").
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "tests/support/fakes.h"
#include "vmm/base/check.h"
#include "vmm/pci_devices/vga_pci.h"

namespace tests {

/// Register values of one mode.
struct VgaModeTable {
    uint8_t misc = 0;
    std::array<uint8_t, 4> sr{}; // from 1
    std::array<uint8_t, 25> cr{};
    std::array<uint8_t, 20> ar{};
    std::array<uint8_t, 9> gr{};
};

inline constexpr std::array<uint8_t, 20> kTextAttributes = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39,
    0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08};
inline constexpr std::array<uint8_t, 20> kGraphicsAttributes = {
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39,
    0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x01, 0x00, 0x0f, 0x00};

inline constexpr VgaModeTable kMode3 = {0x67,
                                        {0x00, 0x03, 0x00, 0x02},
                                        {0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00,
                                         0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                                         0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
                                        kTextAttributes,
                                        {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff}};
inline constexpr VgaModeTable kMode1 = {0x67,
                                        {0x08, 0x03, 0x00, 0x02},
                                        {0x2d, 0x27, 0x28, 0x90, 0x2b, 0xa0, 0xbf, 0x1f, 0x00,
                                         0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                                         0x8f, 0x14, 0x1f, 0x96, 0xb9, 0xa3, 0xff},
                                        kTextAttributes,
                                        {0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff}};
inline constexpr VgaModeTable kMode4 = {
    0x63,
    {0x09, 0x03, 0x00, 0x02},
    {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00, 0xc1, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xa2, 0xff},
    {0x00, 0x13, 0x15, 0x17, 0x02, 0x04, 0x06, 0x07, 0x10, 0x11,
     0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x01, 0x00, 0x03, 0x00},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x30, 0x0f, 0x00, 0xff}};
inline constexpr VgaModeTable kMode6 = {
    0x63,
    {0x01, 0x01, 0x00, 0x06},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0xc1, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x00, 0x96, 0xb9, 0xc2, 0xff},
    {0x00, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17,
     0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x01, 0x00, 0x01, 0x00},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0d, 0x00, 0xff}};
inline constexpr VgaModeTable kMode0d = {0x63,
                                         {0x09, 0x0f, 0x00, 0x06},
                                         {0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0x00,
                                          0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x9c, 0x8e,
                                          0x8f, 0x14, 0x00, 0x96, 0xb9, 0xe3, 0xff},
                                         kGraphicsAttributes,
                                         {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0f, 0xff}};
inline constexpr VgaModeTable kMode12 = {0xe3,
                                         {0x01, 0x0f, 0x00, 0x06},
                                         {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0x00,
                                          0x40, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xea, 0x8c,
                                          0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff},
                                         kGraphicsAttributes,
                                         {0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x0f, 0xff}};
inline constexpr VgaModeTable kMode13 = {
    0x63,
    {0x01, 0x0f, 0x00, 0x0e},
    {0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0x00, 0x41, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff},
    {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
     0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x41, 0x00, 0x0f, 0x00},
    {0x00, 0x00, 0x00, 0x00, 0x00, 0x40, 0x05, 0x0f, 0xff}};

/// The device at ports and memory, as a program in the guest has it.
class VgaBoard {
public:
    static constexpr uint64_t kVram = uint64_t{16} << 20;
    static constexpr uint64_t kLfb = 0xe000'0000;
    static constexpr uint64_t kRegisters = 0xfeb0'0000;

    explicit VgaBoard(uint64_t vram = kVram) : vga(make(board, vram)) {}
    static std::unique_ptr<vmm::pci_devices::VgaPci> make(FakeBoard& board, uint64_t vram = kVram)
    {
        std::vector<std::byte> rom(4096);
        rom[0] = std::byte{0x55};
        rom[1] = std::byte{0xaa};
        auto device = vmm::pci_devices::VgaPci::create(board.pciServices(), board.clock, rom, vram);
        CHECK(device.has_value());
        return std::move(*device);
    }

    void out8(uint16_t port, unsigned value)
    {
        board.pio.write(vmm::memory::GuestPort(port), value, 1);
    }
    void out16(uint16_t port, unsigned value)
    {
        board.pio.write(vmm::memory::GuestPort(port), value, 2);
    }
    uint8_t in8(uint16_t port)
    {
        return static_cast<uint8_t>(board.pio.read(vmm::memory::GuestPort(port), 1));
    }
    uint16_t in16(uint16_t port)
    {
        return static_cast<uint16_t>(board.pio.read(vmm::memory::GuestPort(port), 2));
    }
    void poke(uint64_t address, uint64_t value, unsigned size = 1)
    {
        board.mmio.write(vmm::memory::GuestPhys(address), value, size);
    }
    uint64_t peek(uint64_t address, unsigned size = 1)
    {
        return board.mmio.read(vmm::memory::GuestPhys(address), size);
    }
    /// Index and data in one word, as drivers do.
    void setSr(unsigned index, unsigned value) { out16(0x3c4, index | value << 8); }
    void setGr(unsigned index, unsigned value) { out16(0x3ce, index | value << 8); }
    void setCr(unsigned index, unsigned value) { out16(0x3d4, index | value << 8); }
    void setAr(unsigned index, unsigned value)
    {
        in8(0x3da);
        out8(0x3c0, index);
        out8(0x3c0, value);
        out8(0x3c0, 0x20);
    }
    void setDac(unsigned index, unsigned red, unsigned green, unsigned blue)
    {
        out8(0x3c8, index);
        out8(0x3c9, red);
        out8(0x3c9, green);
        out8(0x3c9, blue);
    }
    void setDispi(unsigned index, unsigned value)
    {
        out16(0x1ce, index);
        out16(0x1cf, value);
    }
    uint16_t dispi(unsigned index)
    {
        out16(0x1ce, index);
        return in16(0x1cf);
    }

    void setMode(const VgaModeTable& mode)
    {
        in8(0x3da);
        out8(0x3c0, 0); // screen off while the registers change
        out8(0x3c2, mode.misc);
        setSr(0, 3);
        for (unsigned i = 0; i < mode.sr.size(); ++i)
            setSr(i + 1, mode.sr[i]);
        setCr(0x11, 0);
        for (unsigned i = 0; i < mode.cr.size(); ++i)
            setCr(i, mode.cr[i]);
        for (unsigned i = 0; i < mode.gr.size(); ++i)
            setGr(i, mode.gr[i]);
        for (unsigned i = 0; i < mode.ar.size(); ++i) {
            in8(0x3da);
            out8(0x3c0, i);
            out8(0x3c0, mode.ar[i]);
        }
        setPalette();
        in8(0x3da);
        out8(0x3c0, 0x20);
    }
    /// The 64 colours of the EGA (bits rgbRGB), then a ramp: entry i is (i & 63, i >> 2, 63).
    void setPalette()
    {
        const auto level = [](unsigned colour, unsigned high, unsigned low) {
            return (colour >> high & 1) * 42 + (colour >> low & 1) * 21;
        };
        out8(0x3c6, 0xff);
        for (unsigned i = 0; i < 64; ++i)
            setDac(i, level(i, 2, 5), level(i, 1, 4), level(i, 0, 3));
        for (unsigned i = 64; i < 256; ++i)
            setDac(i, i & 63, i >> 2, 63);
    }
    /// What setPalette() made of DAC entry `i`.
    static uint32_t colour(unsigned i)
    {
        const auto wide = [](unsigned six) { return six << 2 | six >> 4; };
        const auto level = [](unsigned value, unsigned high, unsigned low) {
            return (value >> high & 1) * 42 + (value >> low & 1) * 21;
        };
        if (i < 64)
            return 0xff000000 | wide(level(i, 2, 5)) << 16 | wide(level(i, 1, 4)) << 8 |
                   wide(level(i, 0, 3));
        return 0xff000000 | wide(i & 63) << 16 | wide(i >> 2) << 8 | wide(63);
    }
    /// Loads a glyph into font `map` (0-3) the way a VGA BIOS does, then goes back to `mode`.
    void loadGlyph(unsigned code, const std::vector<uint8_t>& rows, unsigned map = 0)
    {
        setSr(2, 4);
        setSr(4, 6);
        setGr(4, 2);
        setGr(5, 0);
        setGr(6, 4);
        for (unsigned i = 0; i < rows.size(); ++i)
            poke(0xa0000 + map * 0x4000 + code * 32 + i, rows[i]);
        setSr(2, 3);
        setSr(4, 2);
        setGr(4, 0);
        setGr(5, 0x10);
        setGr(6, 0x0e);
    }
    void enableVbe(unsigned width, unsigned height, unsigned bpp, unsigned flags = 0x41)
    {
        setDispi(4, 0);
        setDispi(1, width);
        setDispi(2, height);
        setDispi(3, bpp);
        setDispi(4, flags);
        in8(0x3da);
        out8(0x3c0, 0x20);
    }
    /// Assigns BARs as firmware does.
    void mapBars()
    {
        vga->writeConfig(0x10, static_cast<uint32_t>(kLfb), 4);
        vga->writeConfig(0x18, static_cast<uint32_t>(kRegisters), 4);
        vga->writeConfig(0x04, 7, 2);
    }
    /// A vCPU's direct write to video memory, with its page in the dirty log.
    void lfbWrite32(size_t offset, uint32_t value)
    {
        vmm::storeLe(vga->vramBytes().data() + offset, value);
        const size_t page = offset / 4096;
        board.mapSink.dirty.resize(vga->vramBytes().size() / 4096 / 64);
        board.mapSink.dirty[page / 64] |= uint64_t{1} << (page % 64);
    }

    std::vector<vmm::console::Rect> update() { return vga->scanout().update(frame); }
    uint32_t pixel(int x, int y) const
    {
        return frame.pixels[static_cast<size_t>(y) * static_cast<size_t>(frame.width) +
                            static_cast<size_t>(x)];
    }

    FakeBoard board;
    std::unique_ptr<vmm::pci_devices::VgaPci> vga;
    vmm::console::Frame frame;
};

} // namespace tests
