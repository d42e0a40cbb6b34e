// SPDX-License-Identifier: GPL-3.0-or-later
// Drives fw_cfg as firmware does: ports, DMA and the file directory. QEMU docs/specs/fw_cfg.rst.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/fakes.h"
#include "vmm/firmware/fw_cfg.h"

namespace tests {

class FwCfgDriver {
public:
    using Bytes = vmm::firmware::Bytes;
    using GuestPhys = vmm::memory::GuestPhys;
    static constexpr uint32_t kError = 1;
    static constexpr uint32_t kRead = 2;
    static constexpr uint32_t kSkip = 4;
    static constexpr uint32_t kSelect = 8;
    static constexpr uint32_t kWrite = 16;
    static constexpr GuestPhys kDescriptor{0x1000};
    static constexpr GuestPhys kBuffer{0x100000};

    struct File {
        uint16_t key = 0;
        uint32_t size = 0;
    };

    FwCfgDriver(vmm::bus::PioBus& pio, vmm::memory::GuestMemory& memory)
        : m_pio(pio), m_memory(memory)
    {}

    void select(uint16_t key) { m_pio.write(port(0x510), key, 2); }
    Bytes readData(size_t size)
    {
        Bytes bytes(size);
        for (std::byte& byte : bytes)
            byte = static_cast<std::byte>(m_pio.read(port(0x511), 1));
        return bytes;
    }
    Bytes readItem(uint16_t key, size_t size)
    {
        select(key);
        return readData(size);
    }

    /// Puts a descriptor at `at`, starts it, and gives back the control word (host order).
    uint32_t dma(uint32_t control, uint32_t length, uint64_t address, GuestPhys at = kDescriptor)
    {
        std::array<std::byte, 16> raw;
        vmm::storeBe<uint32_t>(raw.data(), control);
        vmm::storeBe<uint32_t>(raw.data() + 4, length);
        vmm::storeBe<uint64_t>(raw.data() + 8, address);
        static_cast<void>(m_memory.copyIn(at, raw).has_value());
        startDma(at.value());
        const auto result = m_memory.read<uint32_t>(at);
        return result ? vmm::byteSwap(*result) : ~0U;
    }
    void startDma(uint64_t descriptor)
    {
        m_pio.write(port(0x514), vmm::byteSwap(static_cast<uint32_t>(descriptor >> 32)), 4);
        m_pio.write(port(0x518), vmm::byteSwap(static_cast<uint32_t>(descriptor)), 4);
    }
    /// An item by DMA; empty when the device reports an error.
    Bytes readItemDma(uint16_t key, size_t size)
    {
        const uint32_t control = uint32_t{key} << 16 | kSelect | kRead;
        Bytes bytes(size);
        if (dma(control, static_cast<uint32_t>(size), kBuffer.value()) != 0 ||
            !m_memory.copyOut(kBuffer, bytes))
            return {};
        return bytes;
    }

    /// Names in the order of the directory.
    std::vector<std::pair<std::string, File>> directory()
    {
        std::vector<std::pair<std::string, File>> files;
        select(0x19);
        const uint32_t count = vmm::loadBe<uint32_t>(readData(4).data());
        for (uint32_t i = 0; i < count; ++i) {
            const Bytes entry = readData(64);
            const auto* name = reinterpret_cast<const char*>(entry.data() + 8);
            const File file{vmm::loadBe<uint16_t>(entry.data() + 4),
                            vmm::loadBe<uint32_t>(entry.data())};
            files.emplace_back(std::string(name, strnlen(name, 56)), file);
        }
        return files;
    }
    std::optional<File> find(const std::string& name)
    {
        for (const auto& [found, file] : directory())
            if (found == name)
                return file;
        return std::nullopt;
    }
    Bytes readFile(const std::string& name)
    {
        const auto file = find(name);
        return file ? readItemDma(file->key, file->size) : Bytes{};
    }

private:
    static vmm::memory::GuestPort port(uint16_t number) { return vmm::memory::GuestPort(number); }
    vmm::bus::PioBus& m_pio;
    vmm::memory::GuestMemory& m_memory;
};

} // namespace tests
