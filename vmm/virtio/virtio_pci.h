// SPDX-License-Identifier: GPL-3.0-or-later
// A virtio device as a PCI function, modern interface only. Virtio 1.2 section 4.1.
#pragma once

#include <array>
#include <condition_variable>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/pci/msix.h"
#include "vmm/pci/pci_device.h"
#include "vmm/state/state.h"
#include "vmm/virtio/device.h"
#include "vmm/virtio/virtio_pci_regs.h"

namespace vmm::virtio {

/// Guest state of the transport; the device keeps its own.
struct VirtioPciState {
    static constexpr state::Tag kTag{"virtio-pci", 1, 1};
    struct QueueSlot {
        QueueState ring;
        uint16_t vector = VIRTIO_MSI_NO_VECTOR;
        template <class A>
        void visit(A& a)
        {
            a.field("ring", ring).field("vector", vector);
        }
    };
    pci::PciConfigState pci;
    pci::MsixState msix;
    uint8_t status = 0;
    uint8_t isr = 0;
    uint8_t generation = 0;
    uint32_t deviceFeatureSelect = 0;
    uint32_t driverFeatureSelect = 0;
    uint64_t driverFeatures = 0;
    uint16_t configVector = VIRTIO_MSI_NO_VECTOR;
    uint16_t queueSelect = 0;
    std::vector<QueueSlot> queues;
    template <class A>
    void visit(A& a)
    {
        a.field("pci", pci).field("msix", msix).field("status", status).field("isr", isr);
        a.field("generation", generation).field("deviceFeatureSelect", deviceFeatureSelect);
        a.field("driverFeatureSelect", driverFeatureSelect);
        a.field("driverFeatures", driverFeatures).field("configVector", configVector);
        a.field("queueSelect", queueSelect).field("queues", queues);
    }
};

/// The transport: handshake, queue set-up, notifications, interrupts (MSI-X or INTx).
///
/// Threads: registers on vCPU threads; the device and its queues on the device's loop; pause,
/// resume, reset, save and load on the machine's control thread. One lock for the registers, never
/// held while the device is called.
///
/// A driver's reset takes as long as the device needs to let go of guest memory: until then
/// device_status does not read 0, as section 4.1.4.3.2 has it. DEVIATION: a driver that goes on
/// without looking (SeaBIOS) waits in its next write.
class VirtioPci final : public pci::PciDevice,
                        public bus::MmioHandler,
                        public bus::Resettable,
                        public bus::Worker,
                        public state::Participant,
                        private DeviceHost {
public:
    /// Takes the device; its loop outlives the transport. Errors: no interrupt routes left.
    static Result<std::unique_ptr<VirtioPci>> create(const pci::PciServices& services,
                                                     std::unique_ptr<Device> device);
    ~VirtioPci() override;

    uint32_t readConfig(uint16_t offset, unsigned size) override;
    void writeConfig(uint16_t offset, uint32_t value, unsigned size) override;
    uint64_t readMmio(uint64_t offset, unsigned size) override;
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;

    void reset() override;
    void pause() override;
    void resume() override;

    std::string stateName() const override { return name(); }
    state::Record saveState() const override;
    Result<void> loadState(const state::Record& record) override;

    Device& device() { return *m_device; }

private:
    /// Where the device stands. Stopping ends in Idle or Paused.
    enum class Phase : uint8_t { Idle, Running, Stopping, Paused };
    struct Slot {
        QueueState ring;
        uint16_t vector = VIRTIO_MSI_NO_VECTOR;
        std::unique_ptr<Queue> queue; ///< while the device runs or is paused
        std::unique_ptr<EventFd> doorbell;
        std::unique_ptr<bus::Doorbell> kernelDoorbell; ///< while the BAR is mapped; none: notify()
    };

    VirtioPci(const pci::PciServices& services, std::unique_ptr<Device> device);
    Result<void> build();
    void addCapabilities();
    void configWritten(uint16_t offset, unsigned size) override;
    void barMoved(unsigned index, std::optional<uint64_t> base) override;

    void interruptQueue(unsigned index) override;
    void configChanged() override;
    void needsReset(const Error& reason) override;
    void interrupt(uint16_t vector, uint8_t cause);

    std::array<std::byte, common::kSize> commonImageLocked() const REQUIRES(m_mutex);
    void writeCommon(uint64_t offset, uint64_t value, unsigned size);
    void setCommonLocked(unsigned field, uint64_t value) REQUIRES(m_mutex);
    void setQueueLocked(unsigned field, uint64_t value) REQUIRES(m_mutex);
    void setStatusLocked(uint8_t value) REQUIRES(m_mutex);
    uint64_t offeredFeatures() const;
    uint16_t checkedVector(uint64_t value) const;
    uint8_t takeIsr();
    uint64_t readDevice(uint64_t offset, unsigned size);
    void writeDevice(uint64_t offset, uint64_t value, unsigned size);
    void notify(uint64_t offset);

    void startLocked() REQUIRES(m_mutex);
    Result<void> makeQueuesLocked() REQUIRES(m_mutex);
    void begin(uint64_t features);
    void stopLocked(StopReason reason) REQUIRES(m_mutex);
    void stopped(StopReason reason);
    void waitUntilStopped();
    void serve(unsigned index);
    void clearLocked() REQUIRES(m_mutex);

    std::unique_ptr<Device> m_device;
    std::unique_ptr<pci::Msix> m_msix;
    mutable Mutex m_mutex;
    std::condition_variable m_phaseChanged;
    Phase m_phase GUARDED_BY(m_mutex) = Phase::Idle;
    uint8_t m_status GUARDED_BY(m_mutex) = 0;
    uint8_t m_isr GUARDED_BY(m_mutex) = 0;
    uint8_t m_generation GUARDED_BY(m_mutex) = 0;
    uint32_t m_deviceFeatureSelect GUARDED_BY(m_mutex) = 0;
    uint32_t m_driverFeatureSelect GUARDED_BY(m_mutex) = 0;
    uint64_t m_driverFeatures GUARDED_BY(m_mutex) = 0;
    uint16_t m_configVector GUARDED_BY(m_mutex) = VIRTIO_MSI_NO_VECTOR;
    uint16_t m_queueSelect GUARDED_BY(m_mutex) = 0;
    std::vector<Queue*> m_queues; ///< what the device was started with; the loop's thread
    std::vector<Slot> m_slots;    ///< as many as the device has queues; rings under m_mutex
};

} // namespace vmm::virtio
