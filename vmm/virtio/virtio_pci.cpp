// SPDX-License-Identifier: GPL-3.0-or-later
// The PCI transport. Virtio 1.2 section 4.1.
#include "vmm/virtio/virtio_pci.h"

#include <algorithm>
#include <bit>
#include <fmt/core.h>
#include <future>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"
#include "vmm/base/log.h"
#include "vmm/pci/pci_ids.h"

namespace vmm::virtio {

namespace {

// One BAR, a page for each structure (section 4.1.4), and the vectors in another.
constexpr unsigned kBar = 0;
constexpr unsigned kMsixBar = 1;
constexpr uint64_t kPage = 4096;
constexpr uint64_t kCommonPage = 0;
constexpr uint64_t kIsrPage = 1;
constexpr uint64_t kDevicePage = 2;
constexpr uint64_t kNotifyPage = 3;
constexpr uint64_t kBarSize = 4 * kPage;
constexpr uint32_t kNotifyStride = 4;

constexpr uint8_t kMsix = 0x40;
constexpr uint8_t kCommonCapability = 0x50;
constexpr uint8_t kNotifyCapability = 0x60;
constexpr uint8_t kIsrCapability = 0x74;
constexpr uint8_t kDeviceCapability = 0x84;
constexpr uint8_t kAccessCapability = 0x94;
constexpr uint16_t kAccessData = kAccessCapability + 16; // pci_cfg_data (section 4.1.4.9)
constexpr unsigned kMaxVectors = 64;

/// Section 4.1.2.1: 0x1040 plus the type; the class tells people what it is.
pci::PciIdentity identityOf(DeviceType type)
{
    const uint32_t deviceClass = [type]() -> uint32_t {
        switch (type) {
        case DeviceType::Net:
            return 0x02'0000; // network controller, Ethernet
        case DeviceType::Block:
        case DeviceType::Scsi:
            return 0x01'0000; // storage, SCSI
        case DeviceType::Console:
            return 0x07'8000; // communication, other
        default:
            return 0xff'0000; // none of the above
        }
    }();
    pci::PciIdentity identity;
    identity.vendor = 0x1af4;
    identity.device = static_cast<uint16_t>(0x1040 + static_cast<uint16_t>(type));
    identity.classCode = deviceClass;
    identity.revision = 1;
    identity.interruptPin = 1;
    return identity;
}

/// struct virtio_pci_cap, with up to one dword behind it.
std::vector<uint8_t> capabilityBytes(CapabilityKind kind, uint64_t page, uint32_t length,
                                     std::optional<uint32_t> more = {})
{
    std::vector<uint8_t> bytes(more ? 20 : 16);
    bytes[0] = kCapabilityVendor;
    bytes[2] = static_cast<uint8_t>(bytes.size());
    bytes[3] = static_cast<uint8_t>(kind);
    bytes[4] = kBar;
    storeLe(&bytes[8], static_cast<uint32_t>(page * kPage));
    storeLe(&bytes[12], length);
    if (more)
        storeLe(&bytes[16], *more);
    return bytes;
}

struct CommonField {
    unsigned offset;
    unsigned size;
};
constexpr auto kCommonFields = std::to_array<CommonField>({
    {common::kDeviceFeatureSelect, 4},
    {common::kDriverFeatureSelect, 4},
    {common::kDriverFeature, 4},
    {common::kConfigVector, 2},
    {common::kStatus, 1},
    {common::kQueueSelect, 2},
    {common::kQueueSize, 2},
    {common::kQueueVector, 2},
    {common::kQueueEnable, 2},
    {common::kQueueDescriptors, 8},
    {common::kQueueAvailable, 8},
    {common::kQueueUsed, 8},
});

/// The half of `value` that a selector chose; a selector of 2 and more chooses nothing.
uint32_t halfOf(uint64_t value, uint32_t select)
{
    return select > 1 ? 0 : static_cast<uint32_t>(value >> (32 * select));
}

bool overlaps(uint64_t offset, unsigned size, uint64_t start, unsigned length)
{
    return offset < start + length && start < offset + size;
}

} // namespace

// --- made and torn down ---

VirtioPci::VirtioPci(const pci::PciServices& services, std::unique_ptr<Device> device)
    : PciDevice(device->facts().name, services, identityOf(device->facts().type)),
      m_device(std::move(device))
{}

Result<std::unique_ptr<VirtioPci>> VirtioPci::create(const pci::PciServices& services,
                                                     std::unique_ptr<Device> device)
{
    std::unique_ptr<VirtioPci> pci(new VirtioPci(services, std::move(device)));
    TRY(pci->build());
    return pci;
}

Result<void> VirtioPci::build()
{
    const auto& sizes = m_device->facts().queueSizes;
    CHECK(sizes.size() * kNotifyStride <= kPage && m_device->facts().configSize <= kPage);
    m_slots.resize(sizes.size());
    for (Slot& slot : m_slots)
        slot.doorbell = std::make_unique<EventFd>(TRY(EventFd::create()));
    const auto vectors = std::min<unsigned>(static_cast<unsigned>(sizes.size()) + 1, kMaxVectors);
    m_msix = TRY(pci::Msix::create(m_services.interrupts, vectors));
    addMmioBar(kBar, kBarSize, *this);
    addMmioBar(kMsixBar, m_msix->barSize(), *m_msix);
    addCapabilities();
    MutexLock lock(m_mutex);
    clearLocked();
    return {};
}

void VirtioPci::addCapabilities()
{
    const auto add = [this](uint8_t at, const std::vector<uint8_t>& bytes,
                            std::vector<uint8_t> writable = {}) {
        writable.resize(bytes.size());
        addCapability(at, bytes, writable);
    };
    const auto queues = static_cast<uint32_t>(m_slots.size());
    addCapability(kMsix, m_msix->capability(kMsixBar), pci::Msix::writable());
    add(kCommonCapability, capabilityBytes(CapabilityKind::Common, kCommonPage, common::kSize));
    add(kNotifyCapability, capabilityBytes(CapabilityKind::Notify, kNotifyPage,
                                           queues * kNotifyStride, kNotifyStride));
    add(kIsrCapability, capabilityBytes(CapabilityKind::Isr, kIsrPage, 1));
    if (m_device->facts().configSize != 0)
        add(kDeviceCapability,
            capabilityBytes(CapabilityKind::Device, kDevicePage, m_device->facts().configSize));
    std::vector<uint8_t> writable(20);
    writable[4] = 0xff; // the BAR, then offset and length
    std::fill(writable.begin() + 8, writable.begin() + 16, uint8_t{0xff});
    add(kAccessCapability, capabilityBytes(CapabilityKind::PciConfig, 0, 0, 0), writable);
}

VirtioPci::~VirtioPci()
{
    reset();
}

/// To where a driver starts from. The device stands still.
void VirtioPci::clearLocked()
{
    m_status = m_isr = m_generation = 0;
    m_deviceFeatureSelect = m_driverFeatureSelect = 0;
    m_driverFeatures = 0;
    m_configVector = VIRTIO_MSI_NO_VECTOR;
    m_queueSelect = 0;
    for (size_t i = 0; i < m_slots.size(); ++i) {
        m_slots[i].queue.reset();
        m_slots[i].ring = {};
        m_slots[i].ring.size = m_device->facts().queueSizes[i];
        m_slots[i].vector = VIRTIO_MSI_NO_VECTOR;
        m_slots[i].doorbell->drain();
    }
    publishIntx(false);
}

// --- configuration space ---

/// pci_cfg_data is a window into the BAR, for drivers that cannot reach it (section 4.1.4.9).
uint32_t VirtioPci::readConfig(uint16_t offset, unsigned size)
{
    if (overlaps(offset, size, kAccessData, 4)) {
        const uint32_t at = config(kAccessCapability + 8, 4);
        const uint32_t length = config(kAccessCapability + 12, 4);
        if (config(kAccessCapability + 4, 1) != kBar || length != size || at % length != 0 ||
            at > kBarSize - length)
            return 0;
        return static_cast<uint32_t>(readMmio(at, size));
    }
    return PciDevice::readConfig(offset, size);
}

void VirtioPci::writeConfig(uint16_t offset, uint32_t value, unsigned size)
{
    if (overlaps(offset, size, kAccessData, 4)) {
        const uint32_t at = config(kAccessCapability + 8, 4);
        const uint32_t length = config(kAccessCapability + 12, 4);
        if (config(kAccessCapability + 4, 1) == kBar && length == size && at % length == 0 &&
            at <= kBarSize - length)
            writeMmio(at, value, size);
        return;
    }
    PciDevice::writeConfig(offset, value, size);
}

void VirtioPci::configWritten(uint16_t offset, unsigned size)
{
    if (overlaps(offset, size, kMsix, pci::Msix::kCapabilitySize))
        m_msix->setControl(static_cast<uint16_t>(config(kMsix + pci::Msix::kControlOffset, 2)));
    if (overlaps(offset, size, pci::kCommand, 2) && busMaster()) {
        for (const Slot& slot : m_slots)
            slot.doorbell->signal(); // what came while the device could not reach memory
    }
}

/// A notification then costs the vCPU no way out of the kernel. Without one (no such backend, or no
/// more of them) the write reaches notify().
void VirtioPci::barMoved(unsigned index, std::optional<uint64_t> base)
{
    if (index != kBar || m_services.doorbells == nullptr)
        return;
    for (size_t i = 0; i < m_slots.size(); ++i) {
        m_slots[i].kernelDoorbell.reset();
        if (!base)
            continue;
        const memory::GuestPhys at(*base + kNotifyPage * kPage + i * kNotifyStride);
        if (auto doorbell = m_services.doorbells->create(at, *m_slots[i].doorbell))
            m_slots[i].kernelDoorbell = std::move(*doorbell);
    }
}

// --- the BAR ---

uint64_t VirtioPci::readMmio(uint64_t offset, unsigned size)
{
    const uint64_t at = offset % kPage;
    switch (offset / kPage) {
    case kCommonPage: {
        MutexLock lock(m_mutex);
        const auto image = commonImageLocked();
        uint64_t value = 0;
        if (at < image.size())
            std::memcpy(&value, image.data() + at, std::min<size_t>(size, image.size() - at));
        return value;
    }
    case kIsrPage:
        return at == 0 ? takeIsr() : 0;
    case kDevicePage:
        return readDevice(at, size);
    default:
        return 0;
    }
}

void VirtioPci::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    switch (offset / kPage) {
    case kCommonPage:
        return writeCommon(offset % kPage, value, size);
    case kDevicePage:
        return writeDevice(offset % kPage, value, size);
    case kNotifyPage:
        return notify(offset % kPage);
    default:
        return;
    }
}

void VirtioPci::notify(uint64_t offset)
{
    const uint64_t index = offset / kNotifyStride;
    if (index < m_slots.size())
        m_slots[index].doorbell->signal();
}

uint64_t VirtioPci::readDevice(uint64_t offset, unsigned size)
{
    uint64_t value = 0;
    const uint32_t end = m_device->facts().configSize;
    if (offset < end)
        m_device->readConfig(static_cast<uint32_t>(offset),
                             std::as_writable_bytes(std::span(&value, 1))
                                 .first(std::min<uint64_t>(size, end - offset)));
    return value;
}

void VirtioPci::writeDevice(uint64_t offset, uint64_t value, unsigned size)
{
    const uint32_t end = m_device->facts().configSize;
    if (offset < end)
        m_device->writeConfig(
            static_cast<uint32_t>(offset),
            std::as_bytes(std::span(&value, 1)).first(std::min<uint64_t>(size, end - offset)));
}

// --- the common structure ---

uint64_t VirtioPci::offeredFeatures() const
{
    return m_device->facts().features | VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC |
           VIRTIO_F_EVENT_IDX;
}

std::array<std::byte, common::kSize> VirtioPci::commonImageLocked() const
{
    std::array<std::byte, common::kSize> image{};
    const auto put = [&image](unsigned at, auto value) { storeLe(&image.at(at), value); };
    put(common::kDeviceFeatureSelect, m_deviceFeatureSelect);
    put(common::kDeviceFeature, halfOf(offeredFeatures(), m_deviceFeatureSelect));
    put(common::kDriverFeatureSelect, m_driverFeatureSelect);
    put(common::kDriverFeature, halfOf(m_driverFeatures, m_driverFeatureSelect));
    put(common::kConfigVector, m_configVector);
    put(common::kQueueCount, static_cast<uint16_t>(m_slots.size()));
    put(common::kStatus, m_status);
    put(common::kGeneration, m_generation);
    put(common::kQueueSelect, m_queueSelect);
    if (m_queueSelect >= m_slots.size())
        return image; // size 0: no such queue (section 4.1.4.3.1)
    const Slot& slot = m_slots[m_queueSelect];
    put(common::kQueueSize, slot.ring.size);
    put(common::kQueueVector, slot.vector);
    put(common::kQueueEnable, static_cast<uint16_t>(slot.ring.ready ? 1 : 0));
    put(common::kQueueNotifyOffset, m_queueSelect);
    put(common::kQueueDescriptors, slot.ring.descriptors);
    put(common::kQueueAvailable, slot.ring.available);
    put(common::kQueueUsed, slot.ring.used);
    return image;
}

/// A write of any width changes the fields it touches, their other bytes staying as they read.
void VirtioPci::writeCommon(uint64_t offset, uint64_t value, unsigned size)
{
    MutexLock lock(m_mutex);
    const bool resets = offset == common::kStatus && (value & 0xff) == 0;
    if (!resets)
        lock.wait(m_phaseChanged, [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
            return m_phase != Phase::Stopping;
        });
    auto image = commonImageLocked();
    if (offset >= image.size())
        return;
    std::memcpy(image.data() + offset, &value, std::min<size_t>(size, image.size() - offset));
    for (const CommonField& field : kCommonFields) {
        if (!overlaps(offset, size, field.offset, field.size))
            continue;
        uint64_t fresh = 0;
        std::memcpy(&fresh, image.data() + field.offset, field.size);
        setCommonLocked(field.offset, fresh);
    }
}

void VirtioPci::setCommonLocked(unsigned field, uint64_t value)
{
    switch (field) {
    case common::kDeviceFeatureSelect:
        m_deviceFeatureSelect = static_cast<uint32_t>(value);
        break;
    case common::kDriverFeatureSelect:
        m_driverFeatureSelect = static_cast<uint32_t>(value);
        break;
    case common::kDriverFeature:
        if (m_driverFeatureSelect <= 1 && (m_status & FEATURES_OK) == 0) {
            const unsigned shift = 32 * m_driverFeatureSelect;
            m_driverFeatures =
                (m_driverFeatures & ~(uint64_t{0xffff'ffff} << shift)) | value << shift;
        }
        break;
    case common::kConfigVector:
        m_configVector = checkedVector(value);
        break;
    case common::kStatus:
        return setStatusLocked(static_cast<uint8_t>(value));
    case common::kQueueSelect:
        m_queueSelect = static_cast<uint16_t>(value);
        break;
    default:
        if (m_queueSelect < m_slots.size())
            setQueueLocked(field, value);
        break;
    }
}

/// A vector we do not have becomes none, which the driver sees (section 4.1.5.1.2).
uint16_t VirtioPci::checkedVector(uint64_t value) const
{
    return value < m_msix->vectorCount() ? static_cast<uint16_t>(value) : VIRTIO_MSI_NO_VECTOR;
}

void VirtioPci::setQueueLocked(unsigned field, uint64_t value)
{
    Slot& slot = m_slots[m_queueSelect];
    if (field == common::kQueueVector) {
        slot.vector = checkedVector(value);
        return;
    }
    if (slot.ring.ready || m_phase != Phase::Idle)
        return; // where a queue lies is fixed once it is enabled (section 4.1.4.3.2)
    switch (field) {
    case common::kQueueSize:
        if (std::has_single_bit(value) && value <= m_device->facts().queueSizes[m_queueSelect])
            slot.ring.size = static_cast<uint16_t>(value);
        break;
    case common::kQueueEnable:
        slot.ring.ready = value == 1;
        break;
    case common::kQueueDescriptors:
        slot.ring.descriptors = value;
        break;
    case common::kQueueAvailable:
        slot.ring.available = value;
        break;
    default:
        slot.ring.used = value;
        break;
    }
}

/// Section 3.1.1. Bits are only ever added, but for the reset.
void VirtioPci::setStatusLocked(uint8_t value)
{
    if (value == 0) {
        if (m_phase == Phase::Running)
            stopLocked(StopReason::Reset);
        else if (m_phase == Phase::Idle)
            clearLocked();
        return;
    }
    const auto fresh = static_cast<uint8_t>(value & ~m_status);
    const bool agreed = (m_driverFeatures & ~offeredFeatures()) == 0 &&
                        (m_driverFeatures & VIRTIO_F_VERSION_1) != 0;
    m_status |= value & (ACKNOWLEDGE | DRIVER | FAILED);
    if ((fresh & FEATURES_OK) != 0 && agreed)
        m_status |= FEATURES_OK;
    if ((fresh & DRIVER_OK) == 0 || (m_status & FEATURES_OK) == 0)
        return;
    m_status |= DRIVER_OK;
    startLocked();
}

// --- interrupts ---

uint8_t VirtioPci::takeIsr()
{
    uint8_t isr = 0;
    {
        MutexLock lock(m_mutex);
        isr = std::exchange(m_isr, uint8_t{0});
        publishIntx(false);
    }
    deliverIntx();
    return isr;
}

void VirtioPci::interrupt(uint16_t vector, uint8_t cause)
{
    if (m_msix->enabled()) {
        if (busMaster())
            m_msix->send(vector);
        return;
    }
    {
        MutexLock lock(m_mutex);
        m_isr |= cause;
        publishIntx(true);
    }
    deliverIntx();
}

void VirtioPci::interruptQueue(unsigned index)
{
    uint16_t vector = 0;
    {
        MutexLock lock(m_mutex);
        vector = m_slots[index].vector;
    }
    interrupt(vector, kIsrQueue);
}

void VirtioPci::configChanged()
{
    uint16_t vector = 0;
    {
        MutexLock lock(m_mutex);
        ++m_generation;
        if ((m_status & DRIVER_OK) == 0)
            return; // nobody to tell (section 2.5.1)
        vector = m_configVector;
    }
    interrupt(vector, kIsrConfig);
}

void VirtioPci::needsReset(const Error& reason)
{
    log(LogLevel::Warning, "vmm.virtio",
        fmt::format("{}: {}: the guest's driver must reset it", name(), reason.sentence()));
    {
        MutexLock lock(m_mutex);
        m_status |= DEVICE_NEEDS_RESET;
    }
    configChanged();
}

// --- the device runs and stops ---

/// Makes a Queue of each one the driver enabled.
Result<void> VirtioPci::makeQueuesLocked()
{
    const Queue::Features features{(m_driverFeatures & VIRTIO_F_INDIRECT_DESC) != 0,
                                   (m_driverFeatures & VIRTIO_F_EVENT_IDX) != 0};
    for (size_t i = 0; i < m_slots.size(); ++i) {
        Slot& slot = m_slots[i];
        if (!slot.ring.ready || slot.queue != nullptr)
            continue;
        auto queue = Queue::create(m_services.memory, slot.ring, features);
        if (!queue)
            return std::move(queue).error().within(fmt::format("queue {}", i));
        slot.queue = std::make_unique<Queue>(*std::move(queue));
    }
    return {};
}

/// DRIVER_OK, or a machine goes on. On a vCPU or the control thread; under the lock from the wish
/// to the posted start, so that a reset from another CPU finds a device that runs or one that does
/// not.
void VirtioPci::startLocked()
{
    if (auto made = makeQueuesLocked(); !made) {
        for (Slot& slot : m_slots)
            slot.queue.reset();
        m_status |= DEVICE_NEEDS_RESET; // the driver may look at once
        m_device->loop().post([this, error = std::move(made).error()] { needsReset(error); });
        return;
    }
    m_phase = Phase::Running;
    m_device->loop().post([this, features = m_driverFeatures] { begin(features); });
}

/// On the loop's thread, before any stop that was asked for later.
void VirtioPci::begin(uint64_t features)
{
    m_queues.clear();
    {
        MutexLock lock(m_mutex);
        for (const Slot& slot : m_slots)
            m_queues.push_back(slot.queue.get());
    }
    m_device->start({*this, features, m_queues});
    for (unsigned i = 0; i < m_slots.size(); ++i) {
        if (m_queues[i] == nullptr)
            continue;
        if (const auto watched =
                m_device->loop().watch(m_slots[i].doorbell->fd(), [this, i] { serve(i); });
            !watched)
            return needsReset(watched.error());
        m_slots[i].doorbell->signal(); // what was there before the device
    }
}

/// On the loop's thread.
void VirtioPci::serve(unsigned index)
{
    m_slots[index].doorbell->drain();
    if (!busMaster())
        return;
    {
        MutexLock lock(m_mutex);
        if (m_phase != Phase::Running || (m_status & DEVICE_NEEDS_RESET) != 0)
            return;
    }
    if (m_device->handleQueue(index))
        m_slots[index].doorbell->signal();
}

void VirtioPci::stopLocked(StopReason reason)
{
    m_phase = Phase::Stopping;
    m_device->loop().post([this, reason] {
        for (const Slot& slot : m_slots)
            m_device->loop().remove(slot.doorbell->fd());
        m_device->stop(reason, [this, reason] { stopped(reason); });
    });
}

/// On the loop's thread: the device has let go.
void VirtioPci::stopped(StopReason reason)
{
    if (reason == StopReason::Reset)
        m_device->reset();
    {
        MutexLock lock(m_mutex);
        if (reason == StopReason::Reset)
            clearLocked();
        m_phase = reason == StopReason::Reset ? Phase::Idle : Phase::Paused;
        m_phaseChanged.notify_all();
    }
    deliverIntx();
}

/// Returns when the loop's thread has left the device too. Not on that thread.
void VirtioPci::waitUntilStopped()
{
    {
        MutexLock lock(m_mutex);
        lock.wait(m_phaseChanged, [this]() VITRINE_THREAD_ATTRIBUTE(no_thread_safety_analysis) {
            return m_phase != Phase::Stopping;
        });
    }
    std::promise<void> left;
    m_device->loop().post([&left] { left.set_value(); });
    left.get_future().wait();
}

void VirtioPci::pause()
{
    {
        MutexLock lock(m_mutex);
        if (m_phase == Phase::Running)
            stopLocked(StopReason::Pause);
    }
    waitUntilStopped();
}

/// Goes on after pause(), or begins what a loaded state says.
void VirtioPci::resume()
{
    MutexLock lock(m_mutex);
    const bool loaded = m_phase == Phase::Idle && (m_status & DRIVER_OK) != 0 &&
                        (m_status & DEVICE_NEEDS_RESET) == 0;
    if (m_phase == Phase::Paused || loaded)
        startLocked();
}

void VirtioPci::reset()
{
    Phase phase = Phase::Idle;
    {
        MutexLock lock(m_mutex);
        phase = m_phase;
        if (phase == Phase::Running)
            stopLocked(StopReason::Reset);
    }
    waitUntilStopped();
    if (phase == Phase::Paused)
        m_device->reset();
    {
        MutexLock lock(m_mutex);
        clearLocked();
        m_phase = Phase::Idle;
    }
    m_msix->reset();
    resetConfig();
    deliverIntx();
}

// --- state ---

state::Record VirtioPci::saveState() const
{
    VirtioPciState state;
    state.pci = saveConfig();
    state.msix = m_msix->save();
    MutexLock lock(m_mutex);
    state.status = m_status;
    state.isr = m_isr;
    state.generation = m_generation;
    state.deviceFeatureSelect = m_deviceFeatureSelect;
    state.driverFeatureSelect = m_driverFeatureSelect;
    state.driverFeatures = m_driverFeatures;
    state.configVector = m_configVector;
    state.queueSelect = m_queueSelect;
    for (const Slot& slot : m_slots)
        state.queues.push_back(
            {slot.queue != nullptr ? slot.queue->state() : slot.ring, slot.vector});
    return state::save(state);
}

Result<void> VirtioPci::loadState(const state::Record& record)
{
    const auto state = TRY(state::load<VirtioPciState>(record));
    if (state.queues.size() != m_slots.size())
        return Error(ErrorCode::Invalid,
                     fmt::format("{} queues instead of {}", state.queues.size(), m_slots.size()));
    if ((state.driverFeatures & ~offeredFeatures()) != 0)
        return Error(ErrorCode::Invalid,
                     fmt::format("features {:#x} that this device has not", state.driverFeatures));
    TRY(m_msix->load(state.msix));
    {
        MutexLock lock(m_mutex);
        clearLocked();
        m_phase = Phase::Idle;
        m_status = state.status;
        m_isr = state.isr;
        m_generation = state.generation;
        m_deviceFeatureSelect = state.deviceFeatureSelect;
        m_driverFeatureSelect = state.driverFeatureSelect;
        m_driverFeatures = state.driverFeatures;
        m_configVector = checkedVector(state.configVector);
        m_queueSelect = state.queueSelect;
        for (size_t i = 0; i < m_slots.size(); ++i) {
            m_slots[i].ring = state.queues[i].ring;
            m_slots[i].ring.size = std::min(m_slots[i].ring.size, m_device->facts().queueSizes[i]);
            m_slots[i].vector = checkedVector(state.queues[i].vector);
        }
        publishIntx(m_isr != 0 && !m_msix->enabled());
    }
    TRY(loadConfig(state.pci));
    m_msix->setControl(static_cast<uint16_t>(config(kMsix + pci::Msix::kControlOffset, 2)));
    return {};
}

} // namespace vmm::virtio
