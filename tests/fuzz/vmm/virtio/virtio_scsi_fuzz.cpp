// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: the SCSI host with a driver that does what it likes, backends that end requests when
// the script says so, hot-plug, media changes, resets and damaged states. 24 bytes an action: kind,
// three of numbers, 20 of a command or request. All of it on the device's loop.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "tests/fuzz/vmm/virtio/device_guest.h"
#include "vmm/base/bits.h"
#include "vmm/virtio/scsi.h"

namespace {

using namespace vmm;
using namespace vmm::virtio;

constexpr size_t kActionSize = 24;
constexpr size_t kMaxActions = 256;
constexpr unsigned kQueues = 4;
constexpr uint16_t kRingSize = 16;
constexpr uint64_t kCommands = 0x8000;
constexpr uint64_t kData = 0x2'0000;

class Deferred final : public block::BlockBackend {
public:
    Deferred(std::vector<Deferred*>& all, uint64_t sectors, bool readOnly)
        : m_all(all), m_readOnly(readOnly), m_bytes(sectors * block::kSectorSize)
    {
        m_all.push_back(this);
    }
    ~Deferred() override
    {
        CHECK(m_queue.empty()); // the device waits for its requests first
        std::erase(m_all, this);
    }
    uint64_t capacity() const override { return m_bytes.size() / block::kSectorSize; }
    bool readOnly() const override { return m_readOnly; }
    bool canDiscard() const override { return !m_readOnly; }
    bool volatileCache() const override { return true; }
    uint32_t physicalBlockSize() const override { return block::kSectorSize; }
    const std::string& path() const override { return m_path; }
    void setListener(block::BlockListener* listener) override { m_listener = listener; }
    Result<void> resize(std::optional<uint64_t> bytes) override
    {
        if (m_readOnly || *bytes < m_bytes.size())
            return Error(ErrorCode::Invalid, "smaller");
        m_bytes.resize(*bytes);
        if (m_listener != nullptr)
            m_listener->capacityChanged();
        return {};
    }
    std::optional<block::IoResult> readNow(const block::IoRequest&) override
    {
        return std::nullopt;
    }
    using BlockBackend::submit;
    void submit(std::span<block::IoRequest* const> requests) override
    {
        for (block::IoRequest* request : requests)
            m_queue.push_back({request, m_generation});
        CHECK(m_queue.size() <= 2 * kRingSize);
    }
    void cancel() override { ++m_generation; }
    void pause() override {}
    void resume() override {}

    bool run(block::IoStatus status)
    {
        if (m_queue.empty())
            return false;
        const Item item = m_queue.front();
        m_queue.pop_front();
        if (item.generation != m_generation)
            status = block::IoStatus::Cancelled;
        else if (status == block::IoStatus::Cancelled)
            status = block::IoStatus::Failed;
        move(*item.request, status);
        item.request->done({status, {}});
        if (m_listener != nullptr)
            m_listener->completed();
        return true;
    }

private:
    struct Item {
        block::IoRequest* request = nullptr;
        uint64_t generation = 0;
    };
    /// The device promises that every range is inside the disk.
    void move(const block::IoRequest& request, block::IoStatus status)
    {
        uint64_t at = request.offset;
        CHECK(at <= m_bytes.size() && request.size() <= m_bytes.size() - at);
        for (const block::Extent& extent : request.extents)
            CHECK(extent.offset <= m_bytes.size() &&
                  extent.length <= m_bytes.size() - extent.offset);
        for (const block::Segment& segment : request.segments) {
            if (request.kind == block::IoKind::Read && status == block::IoStatus::Ok) {
                std::copy_n(m_bytes.begin() + static_cast<ptrdiff_t>(at), segment.size(),
                            segment.ioPointer());
                segment.markDirty();
            } else if (request.kind == block::IoKind::Write) {
                CHECK(!m_readOnly);
                std::copy_n(segment.ioPointer(), segment.size(),
                            m_bytes.begin() + static_cast<ptrdiff_t>(at));
            }
            at += segment.size();
        }
    }

    std::vector<Deferred*>& m_all;
    const bool m_readOnly;
    std::vector<std::byte> m_bytes;
    const std::string m_path = "deferred";
    block::BlockListener* m_listener = nullptr;
    uint64_t m_generation = 0;
    std::deque<Item> m_queue;
};

class Guest final : private DeviceHost, private block::StorageEvents {
public:
    Guest()
    {
        m_device = make();
        start(VIRTIO_SCSI_F_HOTPLUG | VIRTIO_SCSI_F_CHANGE);
    }
    ~Guest() override { CHECK(m_backends.empty()); }
    /// On the loop; what the device left behind goes at the loop's next turn.
    void end()
    {
        stop(StopReason::Reset);
        m_device.reset();
    }

    void act(std::span<const uint8_t, kActionSize> action)
    {
        const auto payload = action.last<20>();
        const uint8_t a = action[1];
        const uint8_t b = action[2];
        const uint8_t c = action[3];
        switch (action[0] % 12) {
        case 0:
        case 1:
            command(a, b, c, payload);
            break;
        case 2:
            serve(a % kQueues);
            break;
        case 3:
            complete(a, b);
            break;
        case 4:
            control(a, b, payload);
            break;
        case 5:
            m_rings.driver(1).offer({{kCommands - 0x100, b % 20U, true}}, a % kRingSize);
            break;
        case 6: // into rings, commands and data
            static_cast<void>(m_rings.memory().copyIn(
                memory::GuestPhys((uint64_t{a} << 8 | b) * (1 + c % 16)), std::as_bytes(payload)));
            break;
        case 7:
        case 8:
            board(a, b, c);
            break;
        case 9:
            config(a, b, payload);
            break;
        case 10:
            restore(c, payload);
            break;
        default:
            stop(StopReason::Reset);
            m_device->reset();
            start(a);
        }
    }

private:
    void interruptQueue(unsigned index) override { CHECK(index < kQueues && !m_stopped); }
    void configChanged() override {}
    void needsReset(const Error& reason) override
    {
        CHECK(!reason.sentence().empty());
        m_broken = true;
    }
    void storageFull(const std::string&, const std::string&) override { CHECK(++m_full <= 1); }

    std::unique_ptr<Scsi> make()
    {
        ScsiOptions options;
        options.name = "scsi";
        options.requestQueues = 2;
        options.storage = this;
        return std::make_unique<Scsi>(fuzz::loop(), std::move(options));
    }
    void attach(uint8_t target, bool cdrom, uint8_t how)
    {
        auto backend = std::make_unique<Deferred>(m_backends, 64U + how % 64 * 4, cdrom);
        if (cdrom)
            static_cast<void>(m_device->attachCdrom(
                target, std::make_unique<scsi::Cdrom>(std::move(backend), "cd",
                                                      scsi::PhysicalInterface::Scsi)));
        else
            static_cast<void>(m_device->attachDisk(
                target, std::make_unique<scsi::Disk>(std::move(backend), "disk"),
                how % 2 == 0 ? block::WhenFull::Pause : block::WhenFull::Report));
    }
    void start(uint64_t features)
    {
        m_broken = m_stopped = false;
        m_full = 0;
        m_pointers = m_rings.open(false);
        // Without an event queue, as firmware leaves it.
        if ((features & 0x80) != 0)
            m_pointers[1] = nullptr;
        m_features = features;
        m_device->start({*this, features & m_device->facts().features, m_pointers});
    }
    void stop(StopReason reason)
    {
        m_device->stop(reason, [this] { m_stopped = true; });
        // Bounded: each is in flight, or was cancelled and begins anew once.
        for (unsigned i = 0; i < 10 * kRingSize && !m_stopped; ++i) {
            for (Deferred* backend : std::vector<Deferred*>(m_backends))
                backend->run(block::IoStatus::Ok);
        }
        CHECK(m_stopped);
        if (reason == StopReason::Pause)
            m_rings.keep();
    }
    void command(uint8_t a, uint8_t b, uint8_t c, std::span<const uint8_t, 20> payload)
    {
        constexpr uint32_t kSizes[] = {0, 512, 2048, 4096, 65536, 36, 255, 20};
        const unsigned slot = c % 4;
        const uint64_t at = kCommands + 0x400 * slot;
        std::array<uint8_t, 51> header{1, static_cast<uint8_t>(a >> 4 & 3)};
        header[2] = (a & 0x40) != 0 ? 0x40 : 0;
        header[3] = (a & 0x80) != 0 ? 1 : 0;
        header[8] = c % 8;
        std::copy(payload.begin(), payload.end(), header.begin() + 19);
        static_cast<void>(
            m_rings.memory().copyIn(memory::GuestPhys(at), std::as_bytes(std::span(header))));
        std::vector<tests::VirtqueueDriver::Buffer> chain = {{at, sizeof header, false}};
        const uint32_t size = kSizes[b & 7];
        const bool in = (b & 8) != 0;
        const uint64_t data = (b & 0x80) != 0 ? uint64_t{a} << 12 : kData + 0x1'0000 * slot;
        if (!in)
            chain.push_back({data, size, false});
        chain.push_back({at + 0x100, (b & 0x70) == 0x70 ? c : 108U, true});
        if (in)
            chain.push_back({data, size, true});
        m_rings.driver(2 + (a & 1U)).offer(chain, static_cast<uint16_t>(slot * 4));
    }
    void control(uint8_t a, uint8_t b, std::span<const uint8_t, 20> payload)
    {
        std::array<uint8_t, 24> request{static_cast<uint8_t>(a % 4), 0, 0, 0, b};
        std::copy(payload.begin(), payload.begin() + 16, request.begin() + 8);
        if ((a & 0x10) == 0) { // mostly there is such a unit
            request[request[0] == 0 ? 8 : 4] = 1;
            request[request[0] == 0 ? 9 : 5] = b % 4;
            request[4] = request[0] == 0 ? a >> 5 : 1;
        }
        const uint64_t at = kCommands - 0x800 + 0x40 * (b % 8U);
        static_cast<void>(
            m_rings.memory().copyIn(memory::GuestPhys(at), std::as_bytes(std::span(request))));
        m_rings.driver(0).offer({{at, a % 25 == 0 ? 7U : 24U, false}, {at + 0x20, 5, true}},
                                static_cast<uint16_t>(b % 8 * 2));
    }
    void serve(unsigned queue)
    {
        if (m_pointers[queue] == nullptr || m_broken)
            return;
        static_cast<void>(m_device->handleQueue(queue));
    }
    void complete(uint8_t which, uint8_t status)
    {
        if (!m_backends.empty())
            m_backends[which % m_backends.size()]->run(static_cast<block::IoStatus>(status & 3));
    }
    void board(uint8_t a, uint8_t b, uint8_t c)
    {
        const auto target = static_cast<uint8_t>(b % 4);
        switch (a % 7) {
        case 0:
        case 1:
            attach(target, a % 7 == 1, c);
            break;
        case 2:
            static_cast<void>(m_device->detach(target, [] {}));
            break;
        case 3:
            static_cast<void>(m_device->insertMedium(
                target, std::make_unique<Deferred>(m_backends, 4U + c, true)));
            break;
        case 4:
            static_cast<void>(m_device->ejectMedium(target, c % 2 == 0 ? scsi::EjectMode::Ask
                                                                       : scsi::EjectMode::Force));
            break;
        case 5:
            static_cast<void>(m_device->resize(target, uint64_t{c} * 4096));
            break;
        default:
            static_cast<void>(m_device->mediumPath(target));
        }
    }
    void config(uint8_t a, uint8_t b, std::span<const uint8_t, 20> payload)
    {
        const uint32_t offset = a % sizeof(VirtioScsiConfig);
        const size_t size = std::min<size_t>(1U << b % 4, sizeof(VirtioScsiConfig) - offset);
        std::array<std::byte, 8> read{};
        m_device->writeConfig(offset, std::as_bytes(payload.first(size)));
        m_device->readConfig(offset, std::span(read).first(size));
    }
    /// Paused, saved, perhaps damaged, loaded, and on: the same device stands for its successor.
    void restore(uint8_t damage, std::span<const uint8_t, 20> payload)
    {
        stop(StopReason::Pause);
        auto bytes = state::encode(m_device->saveState());
        for (unsigned i = 0; i < damage % 4U; ++i)
            bytes[loadLe<uint16_t>(&payload[4 * i]) % bytes.size()] =
                static_cast<std::byte>(payload[4 * i + 2]);
        if (const auto record = state::decode(bytes))
            static_cast<void>(m_device->loadState(*record));
        start(m_features);
    }

    std::vector<Deferred*> m_backends;
    fuzz::Rings m_rings{kQueues, kRingSize, 0x1000};
    std::vector<Queue*> m_pointers;
    std::unique_ptr<Scsi> m_device;
    uint64_t m_features = 0;
    unsigned m_full = 0;
    bool m_broken = false;
    bool m_stopped = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    std::unique_ptr<Guest> guest;
    onLoop(fuzz::loop(), [&] {
        guest = std::make_unique<Guest>();
        fuzz::runActions<kActionSize>(
            data, size, [&](auto action) { guest->act(action); }, kMaxActions);
        guest->end();
    });
    onLoop(fuzz::loop(), [] {}); // what was to go later has gone
    return 0;
}
