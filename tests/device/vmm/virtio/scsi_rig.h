// SPDX-License-Identifier: GPL-3.0-or-later
// A SCSI host with a disk at target 0 and a CD-ROM drive at target 3, and its driver. Virtio 1.2
// section 5.6.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/device/vmm/virtio/loop_disk.h"
#include "tests/device/vmm/virtio/virtio_rig.h"
#include "vmm/virtio/scsi.h"

namespace tests {

using Bytes = std::vector<uint8_t>;

struct ScsiRig : vmm::block::StorageEvents {
    static constexpr uint64_t kSectors = 4096;
    static constexpr uint64_t kDiscSectors = 4000;
    static constexpr uint8_t kDisk = 0;
    static constexpr uint8_t kCdrom = 3;
    static constexpr uint16_t kRingSize = 64;
    static constexpr uint16_t kChain = 4; ///< descriptors of a request
    static constexpr uint64_t kCommands = VirtioRig::kData;
    static constexpr uint64_t kData = VirtioRig::kData + 0x10'0000;
    static constexpr uint64_t kDataStep = 0x1'0000;
    static constexpr uint64_t kSenseAt = sizeof(vmm::virtio::ScsiResponseHeader);
    static constexpr uint32_t kRequestSize = 19 + vmm::virtio::Scsi::kCdbSize;
    static constexpr uint32_t kAnswerSize = 12 + vmm::virtio::Scsi::kSenseSize;

    struct Answer {
        vmm::virtio::ScsiResponseHeader header;
        uint32_t sense = 0; ///< key, code, qualifier
        uint32_t written = 0;
        uint16_t head = 0;
        bool good() const { return header.response == 0 && header.status == 0; }
    };

    explicit ScsiRig(vmm::block::WhenFull whenFull = vmm::block::WhenFull::Report)
        : rig([&](vmm::EventLoop& loop) { return make(loop, whenFull); })
    {
        freshQueues();
    }
    /// Empty rings, for the first time or after a reset.
    void freshQueues()
    {
        queues.clear();
        for (unsigned i = 0; i < 4; ++i) {
            put(VirtioRig::kRings + 0x1000 * i, Bytes(0x1000));
            queues.emplace_back(*rig.board.memory, VirtioRig::kRings + 0x1000 * i, kRingSize);
        }
    }
    ~ScsiRig() override
    {
        for (const auto& face : {disk, disc})
            face->held = false;
        rig.loop->post([this] { // nothing of it may keep the device from stopping
            for (LoopDisk* backend : backends)
                backend->release();
        });
        rig.settle();
    }
    ScsiRig(const ScsiRig&) = delete;

    std::unique_ptr<vmm::virtio::Scsi> make(vmm::EventLoop& loop, vmm::block::WhenFull whenFull)
    {
        vmm::virtio::ScsiOptions options;
        options.name = "scsi";
        options.requestQueues = 2;
        options.storage = this;
        options.trayMoved = [this](uint8_t target) { trayMoved = target; };
        auto device = std::make_unique<vmm::virtio::Scsi>(loop, std::move(options));
        auto backend = std::make_unique<LoopDisk>(loop, disk, kSectors);
        auto medium = std::make_unique<LoopDisk>(loop, disc, kDiscSectors, true);
        backends = {backend.get(), medium.get()};
        CHECK(device->attachDisk(
            kDisk, std::make_unique<vmm::scsi::Disk>(std::move(backend), "disk-0"), whenFull));
        CHECK(device->attachCdrom(kCdrom, drive(std::move(medium))));
        return device;
    }
    static std::unique_ptr<vmm::scsi::Cdrom> drive(std::unique_ptr<vmm::block::BlockBackend> medium)
    {
        return std::make_unique<vmm::scsi::Cdrom>(std::move(medium), "cd-3",
                                                  vmm::scsi::PhysicalInterface::Scsi);
    }
    vmm::virtio::Scsi& device() const
    {
        return static_cast<vmm::virtio::Scsi&>(rig.function->device());
    }

    void start(uint64_t features = vmm::virtio::VIRTIO_SCSI_F_HOTPLUG |
                                   vmm::virtio::VIRTIO_SCSI_F_CHANGE)
    {
        CHECK(rig.driver->negotiate(vmm::virtio::VIRTIO_F_VERSION_1 | features));
        for (uint16_t i = 0; i < queues.size(); ++i)
            rig.driver->setQueue(i, queues[i].layout());
        rig.driver->go();
        rig.settle();
    }
    /// Takes what both units have to tell after power came.
    void startReady()
    {
        start();
        for (const uint8_t target : {kDisk, kCdrom})
            static_cast<void>(execute(target, {0, 0, 0, 0, 0, 0}));
    }

    uint64_t commandAt(uint16_t slot) const { return kCommands + uint64_t{0x1000} * slot; }
    uint64_t dataAt(uint16_t slot) const { return kData + kDataStep * slot; }

    /// Offers a command in `slot` (0 to 15); data is at dataAt(slot).
    void send(const vmm::virtio::ScsiLun& lun, const Bytes& cdb, uint32_t out, uint32_t in,
              uint16_t slot = 0, unsigned queue = 2, uint64_t tag = 1)
    {
        Bytes header(kRequestSize);
        std::copy(lun.begin(), lun.end(), header.begin());
        vmm::storeLe(header.data() + 8, tag);
        std::copy(cdb.begin(), cdb.end(), header.begin() + 19);
        put(commandAt(slot), header);
        put(commandAt(slot) + 0x400, Bytes(kAnswerSize, 0xee));
        std::vector<VirtqueueDriver::Buffer> chain = {{commandAt(slot), kRequestSize, false}};
        if (out != 0)
            chain.push_back({dataAt(slot), out, false});
        chain.push_back({commandAt(slot) + 0x400, kAnswerSize, true});
        if (in != 0)
            chain.push_back({dataAt(slot), in, true});
        queues[queue].offer(chain, static_cast<uint16_t>(slot * kChain));
    }
    void send(uint8_t target, const Bytes& cdb, uint32_t out = 0, uint32_t in = 0,
              uint16_t slot = 0, unsigned queue = 2, uint64_t tag = 1)
    {
        send({1, target, 0, 0, 0, 0, 0, 0}, cdb, out, in, slot, queue, tag);
    }
    void notify(unsigned queue = 2) { rig.driver->notify(static_cast<uint16_t>(queue)); }
    std::optional<Answer> look(unsigned queue = 2)
    {
        const auto used = queues[queue].collect();
        if (!used)
            return std::nullopt;
        Answer answer;
        answer.written = used->length;
        answer.head = static_cast<uint16_t>(used->id);
        const auto slot = static_cast<uint16_t>(answer.head / kChain);
        const auto bytes = get(commandAt(slot) + 0x400, kAnswerSize);
        std::memcpy(&answer.header, bytes.data(), sizeof answer.header);
        if (answer.header.senseLength != 0)
            answer.sense = uint32_t{bytes[14]} << 16 | uint32_t{bytes[24]} << 8 | bytes[25];
        return answer;
    }
    Answer collect(unsigned queue = 2)
    {
        std::optional<Answer> answer;
        CHECK(VirtioRig::eventually([&] { return (answer = look(queue)).has_value(); }));
        return *answer;
    }
    Answer execute(uint8_t target, const Bytes& cdb, uint32_t out = 0, uint32_t in = 0)
    {
        send(target, cdb, out, in);
        notify();
        return collect();
    }
    /// What a command answers with.
    Bytes ask(uint8_t target, const Bytes& cdb, uint32_t size)
    {
        const auto answer = execute(target, cdb, 0, size);
        CHECK(answer.good());
        return get(dataAt(0), size - answer.header.residual);
    }

    /// Offers a request of the control queue; its answer is `size` bytes.
    void control(const Bytes& request, uint32_t size, uint16_t slot = 0)
    {
        put(controlAt(slot), request);
        put(controlAt(slot) + 0x80, Bytes(size, 0xee));
        queues[0].offer({{controlAt(slot), static_cast<uint32_t>(request.size()), false},
                         {controlAt(slot) + 0x80, size, true}},
                        static_cast<uint16_t>(slot * 2));
        notify(0);
    }
    void manage(uint32_t subtype, uint8_t target, uint64_t tag = 0, uint16_t slot = 0,
                uint8_t lun = 0)
    {
        Bytes request(24);
        vmm::storeLe(request.data() + 4, subtype);
        request[8] = 1;
        request[9] = target;
        request[11] = lun;
        vmm::storeLe(request.data() + 16, tag);
        control(request, 1, slot);
    }
    uint8_t managed(uint16_t slot = 0)
    {
        CHECK(VirtioRig::eventually([&] { return queues[0].collect().has_value(); }));
        return get(controlAt(slot) + 0x80, 1)[0];
    }
    static uint64_t controlAt(uint16_t slot) { return VirtioRig::kRings + 0x8000 + 0x100 * slot; }

    /// Buffers for events, `count` of them.
    void offerEvents(uint16_t count, uint32_t size = 16)
    {
        for (uint16_t i = 0; i < count; ++i)
            queues[1].offer({{eventAt(i), size, true}}, i);
        notify(1);
        rig.settle();
    }
    std::optional<vmm::virtio::ScsiEvent> event()
    {
        const auto used = queues[1].collect();
        if (!used)
            return std::nullopt;
        vmm::virtio::ScsiEvent event;
        const auto bytes = get(eventAt(static_cast<uint16_t>(used->id)), sizeof event);
        std::memcpy(&event, bytes.data(), sizeof event);
        return event;
    }
    static uint64_t eventAt(uint16_t index) { return VirtioRig::kRings + 0xa000 + 0x20 * index; }

    void put(uint64_t address, const Bytes& bytes)
    {
        CHECK(rig.board.memory
                  ->copyIn(vmm::memory::GuestPhys(address), std::as_bytes(std::span(bytes)))
                  .has_value());
    }
    Bytes get(uint64_t address, size_t size) const
    {
        Bytes bytes(size);
        CHECK(
            rig.board.memory
                ->copyOut(vmm::memory::GuestPhys(address), std::as_writable_bytes(std::span(bytes)))
                .has_value());
        return bytes;
    }
    Bytes stored(size_t at, size_t size)
    {
        const std::lock_guard<std::mutex> lock(disk->mutex);
        Bytes bytes(size);
        std::memcpy(bytes.data(), disk->bytes.data() + at, size);
        return bytes;
    }
    void release(size_t index = 0)
    {
        rig.loop->post([this, index] { backends[index]->release(); });
    }
    bool needsReset() { return (rig.driver->status() & vmm::virtio::DEVICE_NEEDS_RESET) != 0; }

    void storageFull(const std::string& device, const std::string& sentence) override
    {
        ++full;
        CHECK(device == "scsi" && !sentence.empty());
    }

    std::shared_ptr<LoopDiskFace> disk = std::make_shared<LoopDiskFace>();
    std::shared_ptr<LoopDiskFace> disc = std::make_shared<LoopDiskFace>();
    std::vector<LoopDisk*> backends; ///< of disk and disc, while they are there
    std::atomic<int> trayMoved{-1};
    std::atomic<unsigned> full{0};
    VirtioRig rig;
    std::vector<VirtqueueDriver> queues; ///< control, event, two for requests
};

inline Bytes read10(uint32_t block, uint16_t count, uint8_t opcode = 0x28)
{
    Bytes cdb(10);
    cdb[0] = opcode;
    vmm::storeBe(cdb.data() + 2, block);
    vmm::storeBe(cdb.data() + 7, count);
    return cdb;
}
inline Bytes write10(uint32_t block, uint16_t count)
{
    return read10(block, count, 0x2a);
}

} // namespace tests
