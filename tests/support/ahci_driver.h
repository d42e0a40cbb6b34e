// SPDX-License-Identifier: GPL-3.0-or-later
// A small AHCI driver: command lists in guest RAM, PxCI, waiting on PxIS. AHCI 1.3.1 section 5.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <thread>
#include <vector>

#include "tests/support/fakes.h"
#include "vmm/base/bits.h"
#include "vmm/pci_devices/ahci.h"

namespace tests {

/// What a command ended with.
struct AhciOutcome {
    bool done = false; ///< its bit in PxCI went away, or the port stopped with an error
    uint32_t is = 0;
    uint8_t status = 0;
    uint8_t error = 0;
    uint32_t transferred = 0;
    bool good() const { return done && (status & 1) == 0 && (is & 0x7d00'0000) == 0; }
};

struct AhciBuffer {
    uint64_t address = 0;
    uint32_t size = 0;
    bool interrupt = false;
};

class AhciDriver {
public:
    static constexpr uint64_t kAbar = 0xfebf'1000;
    static constexpr uint64_t kData = 0x40'0000;

    AhciDriver(FakeBoard& board, vmm::pci_devices::Ahci& ahci, unsigned port = 0)
        : m_board(board), m_port(port), m_base(0x10'0000 + port * uint64_t{0x1'0000})
    {
        ahci.writeConfig(0x24, kAbar, 4);
        ahci.writeConfig(0x04, 0x0006, 2);
    }
    uint32_t host(uint32_t offset) const
    {
        return static_cast<uint32_t>(m_board.mmio.read(vmm::memory::GuestPhys(kAbar + offset), 4));
    }
    void setHost(uint32_t offset, uint32_t value)
    {
        m_board.mmio.write(vmm::memory::GuestPhys(kAbar + offset), value, 4);
    }
    uint32_t reg(uint32_t offset) const { return host(0x100 + m_port * 0x80 + offset); }
    void setReg(uint32_t offset, uint32_t value) { setHost(0x100 + m_port * 0x80 + offset, value); }

    uint64_t listAddress() const { return m_base; }
    uint64_t fisAddress() const { return m_base + 0x400; }
    uint64_t tableAddress(unsigned slot) const { return m_base + 0x1000 + slot * uint64_t{0x400}; }

    /// Sets the memory structures and starts the port.
    void start()
    {
        setReg(0x00, static_cast<uint32_t>(listAddress()));
        setReg(0x04, 0);
        setReg(0x08, static_cast<uint32_t>(fisAddress()));
        setReg(0x0c, 0);
        setReg(0x30, 0xffff'ffff);
        setReg(0x10, 0xffff'ffff);
        setReg(0x18, 0x10);
        setReg(0x18, 0x11);
    }
    /// Clears ST and waits for CR.
    bool stop()
    {
        setReg(0x18, reg(0x18) & ~1U);
        return waitFor([this] { return (reg(0x18) & 0x8000) == 0; });
    }
    /// Error recovery without a device reset (section 6.2.2.1).
    void recover()
    {
        static_cast<void>(stop());
        setReg(0x30, 0xffff'ffff);
        setReg(0x10, 0xffff'ffff);
        setReg(0x18, 0x11);
    }
    template <class Condition>
    static bool waitFor(Condition condition)
    {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > end)
                return false;
            std::this_thread::yield();
        }
        return true;
    }

    using Fis = std::array<uint8_t, 20>;
    static Fis fis(uint8_t command, uint64_t lba = 0, uint16_t count = 0, uint16_t feature = 0,
                   uint8_t device = 0x40)
    {
        Fis f{0x27, 0x80, command, static_cast<uint8_t>(feature)};
        for (unsigned i = 0; i < 3; ++i) {
            f[4 + i] = static_cast<uint8_t>(lba >> (8 * i));
            f[8 + i] = static_cast<uint8_t>(lba >> (24 + 8 * i));
        }
        f[7] = device;
        f[11] = static_cast<uint8_t>(feature >> 8);
        f[12] = static_cast<uint8_t>(count);
        f[13] = static_cast<uint8_t>(count >> 8);
        return f;
    }
    /// Fills slot `slot`; PxCI is the caller's.
    void prepare(unsigned slot, const Fis& f, const std::vector<AhciBuffer>& buffers,
                 const std::vector<uint8_t>& packet = {}, uint32_t flags = 0)
    {
        const uint64_t table = tableAddress(slot);
        std::array<uint32_t, 8> header{};
        header[0] =
            5 | (packet.empty() ? 0 : 0x20) | flags | static_cast<uint32_t>(buffers.size()) << 16;
        header[2] = static_cast<uint32_t>(table);
        put(listAddress() + slot * 32, std::as_bytes(std::span(header)));
        std::array<std::byte, 0x80> zero{};
        put(table, zero);
        put(table, std::as_bytes(std::span(f)));
        put(table + 0x40, std::as_bytes(std::span(packet)));
        for (size_t i = 0; i < buffers.size(); ++i)
            putPrd(table + 0x80 + i * 16, buffers[i]);
    }
    void putPrd(uint64_t at, const AhciBuffer& buffer)
    {
        std::array<uint32_t, 4> entry{
            static_cast<uint32_t>(buffer.address), static_cast<uint32_t>(buffer.address >> 32), 0,
            ((buffer.size - 1) & 0x3f'ffff) | (buffer.interrupt ? 0x8000'0000U : 0)};
        put(at, std::as_bytes(std::span(entry)));
    }
    AhciOutcome wait(unsigned slot)
    {
        AhciOutcome outcome;
        outcome.done = waitFor([this, slot] {
            return (reg(0x38) & 1U << slot) == 0 || (reg(0x10) & 0x7d00'0000) != 0;
        });
        outcome.is = reg(0x10);
        const uint32_t tfd = reg(0x20);
        outcome.status = static_cast<uint8_t>(tfd);
        outcome.error = static_cast<uint8_t>(tfd >> 8);
        outcome.transferred = get32(listAddress() + slot * 32 + 4);
        return outcome;
    }
    /// Issues one command in slot 0 and waits; recovers the port after an error.
    AhciOutcome run(const Fis& f, const std::vector<AhciBuffer>& buffers = {},
                    const std::vector<uint8_t>& packet = {})
    {
        setReg(0x10, 0xffff'ffff);
        prepare(0, f, buffers, packet);
        setReg(0x38, 1);
        const AhciOutcome outcome = wait(0);
        if (!outcome.good())
            recover();
        return outcome;
    }
    AhciOutcome ata(uint8_t command, uint64_t lba = 0, uint16_t count = 0, uint32_t size = 0,
                    uint16_t feature = 0, uint8_t device = 0x40)
    {
        std::vector<AhciBuffer> buffers;
        if (size != 0)
            buffers.push_back({kData, size});
        return run(fis(command, lba, count, feature, device), buffers);
    }
    /// A packet command with its data at kData.
    AhciOutcome packet(std::vector<uint8_t> cdb, uint32_t size = 0)
    {
        cdb.resize(12);
        std::vector<AhciBuffer> buffers;
        if (size != 0)
            buffers.push_back({kData, size});
        return run(fis(0xa0, 0, 0, 1), buffers, cdb);
    }
    /// Sense key and code of the last packet command: key << 16 | asc << 8 | ascq.
    uint32_t sense()
    {
        static_cast<void>(packet({0x03, 0, 0, 0, 18}, 18));
        const auto data = bytes(kData, 18);
        return static_cast<uint32_t>(data[2] & 0xf) << 16 | static_cast<uint32_t>(data[12]) << 8 |
               data[13];
    }

    void put(uint64_t at, std::span<const std::byte> data)
    {
        CHECK(m_board.memory->copyIn(vmm::memory::GuestPhys(at), data).has_value());
    }
    void fill(uint64_t at, size_t size, uint8_t value)
    {
        put(at, std::vector<std::byte>(size, static_cast<std::byte>(value)));
    }
    std::vector<uint8_t> bytes(uint64_t at, size_t size)
    {
        std::vector<uint8_t> data(size);
        CHECK(m_board.memory
                  ->copyOut(vmm::memory::GuestPhys(at), std::as_writable_bytes(std::span(data)))
                  .has_value());
        return data;
    }
    uint32_t get32(uint64_t at)
    {
        return *m_board.memory->read<uint32_t>(vmm::memory::GuestPhys(at));
    }
    uint16_t word(uint64_t at, unsigned index)
    {
        return *m_board.memory->read<uint16_t>(vmm::memory::GuestPhys(at + index * 2));
    }

private:
    FakeBoard& m_board;
    unsigned m_port;
    uint64_t m_base;
};

} // namespace tests
