// SPDX-License-Identifier: GPL-3.0-or-later
// A driver of modern virtio PCI functions, for tests: finds the structures by their capabilities
// and shakes hands. Virtio 1.2 sections 3.1 and 4.1.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "tests/support/pci_driver.h"
#include "tests/support/virtqueue_driver.h"
#include "vmm/virtio/virtio_pci_regs.h"

namespace tests {

class VirtioPciDriver {
public:
    using Kind = vmm::virtio::CapabilityKind;
    struct Structure {
        uint64_t address = 0;
        uint32_t length = 0;
        uint8_t capability = 0; ///< where it stands in configuration space; 0: not found
    };

    /// Places BARs from `base` on.
    VirtioPciDriver(vmm::bus::MmioBus& mmio, PciDriver& pci, uint32_t base)
        : m_mmio(mmio), m_pci(pci), m_msixBase(base + 0x10000)
    {
        pci.placeBar(0, base);
        pci.placeBar(1, m_msixBase);
        pci.command(vmm::pci::kCommandMemory | vmm::pci::kCommandMaster);
        for (uint8_t at = capability(vmm::pci::kCapabilities); at != 0; at = capability(at + 1U)) {
            const uint32_t id = pci.read(at, 1);
            if (id == vmm::pci::kCapabilityMsix)
                m_msix = at;
            if (id == vmm::virtio::kCapabilityVendor)
                m_structures.at(pci.read(static_cast<uint16_t>(at + 3), 1)) = {
                    (pci.bar(pci.read(static_cast<uint16_t>(at + 4), 1)) & ~0xfU) +
                        pci.read(static_cast<uint16_t>(at + 8), 4),
                    pci.read(static_cast<uint16_t>(at + 12), 4), at};
        }
    }

    const Structure& structure(Kind kind) const
    {
        return m_structures.at(static_cast<size_t>(kind));
    }
    uint64_t read(Kind kind, unsigned offset, unsigned size)
    {
        return m_mmio.read(vmm::memory::GuestPhys(structure(kind).address + offset), size);
    }
    void write(Kind kind, unsigned offset, uint64_t value, unsigned size)
    {
        m_mmio.write(vmm::memory::GuestPhys(structure(kind).address + offset), value, size);
    }
    uint64_t common(unsigned offset, unsigned size) { return read(Kind::Common, offset, size); }
    void setCommon(unsigned offset, uint64_t value, unsigned size)
    {
        write(Kind::Common, offset, value, size);
    }

    uint8_t status() { return static_cast<uint8_t>(common(vmm::virtio::common::kStatus, 1)); }
    void setStatus(uint8_t status) { setCommon(vmm::virtio::common::kStatus, status, 1); }
    uint64_t features()
    {
        uint64_t all = 0;
        for (const unsigned half : {0U, 1U}) {
            setCommon(vmm::virtio::common::kDeviceFeatureSelect, half, 4);
            all |= common(vmm::virtio::common::kDeviceFeature, 4) << (32 * half);
        }
        return all;
    }
    void acceptFeatures(uint64_t features)
    {
        for (const unsigned half : {0U, 1U}) {
            setCommon(vmm::virtio::common::kDriverFeatureSelect, half, 4);
            setCommon(vmm::virtio::common::kDriverFeature,
                      static_cast<uint32_t>(features >> (32 * half)), 4);
        }
    }
    /// Up to FEATURES_OK; false when the device does not agree.
    bool negotiate(uint64_t features)
    {
        using namespace vmm::virtio;
        setStatus(0);
        setStatus(ACKNOWLEDGE);
        setStatus(ACKNOWLEDGE | DRIVER);
        acceptFeatures(features);
        setStatus(ACKNOWLEDGE | DRIVER | FEATURES_OK);
        return (status() & FEATURES_OK) != 0;
    }
    void setQueue(uint16_t index, const vmm::virtio::QueueState& layout, uint16_t vector = 0xffff)
    {
        namespace common = vmm::virtio::common;
        setCommon(common::kQueueSelect, index, 2);
        setCommon(common::kQueueSize, layout.size, 2);
        setCommon(common::kQueueVector, vector, 2);
        setCommon(common::kQueueDescriptors, layout.descriptors, 8);
        setCommon(common::kQueueAvailable, layout.available, 8);
        setCommon(common::kQueueUsed, layout.used, 8);
        setCommon(common::kQueueEnable, 1, 2);
    }
    void go() { setStatus(static_cast<uint8_t>(status() | vmm::virtio::DRIVER_OK)); }
    void notify(uint16_t index)
    {
        setCommon(vmm::virtio::common::kQueueSelect, index, 2);
        const auto at = static_cast<unsigned>(common(vmm::virtio::common::kQueueNotifyOffset, 2));
        write(Kind::Notify, at * notifyStride(), index, 2);
    }
    uint32_t notifyStride()
    {
        return m_pci.read(static_cast<uint16_t>(structure(Kind::Notify).capability + 16), 4);
    }
    uint8_t isr() { return static_cast<uint8_t>(read(Kind::Isr, 0, 1)); }

    /// Lets vector `vector` send `data` to the first CPU's APIC.
    void programVector(unsigned vector, uint32_t data)
    {
        const uint64_t at = m_msixBase + uint64_t{16} * vector;
        m_mmio.write(vmm::memory::GuestPhys(at), 0xfee0'0000, 8);
        m_mmio.write(vmm::memory::GuestPhys(at + 8), data, 8);
        m_pci.write(static_cast<uint16_t>(m_msix + 2), vmm::pci::kMsixEnable, 2);
    }

private:
    uint8_t capability(unsigned at) const
    {
        return static_cast<uint8_t>(m_pci.read(static_cast<uint16_t>(at), 1));
    }

    vmm::bus::MmioBus& m_mmio;
    PciDriver& m_pci;
    uint32_t m_msixBase;
    uint8_t m_msix = 0;
    std::array<Structure, 6> m_structures{};
};

} // namespace tests
