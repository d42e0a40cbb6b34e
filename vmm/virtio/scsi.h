// SPDX-License-Identifier: GPL-3.0-or-later
// The SCSI host device with disks and CD-ROM drives. Virtio 1.2 section 5.6.
#pragma once

#include <array>
#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "vmm/block/storage_events.h"
#include "vmm/scsi/cdrom.h"
#include "vmm/scsi/disk.h"
#include "vmm/state/state.h"
#include "vmm/virtio/device.h"
#include "vmm/virtio/scsi_regs.h"

namespace vmm::virtio {

/// Guest state of the device. Left out: what targets there are, which the machine's description
/// says.
struct ScsiState {
    static constexpr state::Tag kTag{"virtio-scsi", 1, 1};
    struct Target {
        uint8_t number = 0;
        bool subscribed = false; ///< to notifications of media changes
        scsi::UnitState unit;
        template <class A>
        void visit(A& a)
        {
            a.field("number", number).field("subscribed", subscribed).field("unit", unit);
        }
    };
    /// A request that found no space or was cut short by the pause, to be done again.
    struct Held {
        uint16_t queue = 0;
        uint16_t head = 0;
        template <class A>
        void visit(A& a)
        {
            a.field("queue", queue).field("head", head);
        }
    };
    uint32_t senseSize = 0;
    uint32_t cdbSize = 0;
    bool eventsMissed = false;
    std::vector<Target> targets;
    std::vector<Held> held;
    template <class A>
    void visit(A& a)
    {
        a.field("sense-size", senseSize).field("cdb-size", cdbSize);
        a.field("events-missed", eventsMissed).field("targets", targets).field("held", held);
    }
};

/// What the board gives a SCSI host. Callbacks run on the loop, must not block, and outlive it.
struct ScsiOptions {
    std::string name;
    unsigned requestQueues = 1; ///< one a vCPU is best; at most kMaxRequestQueues
    /// Whom to tell of targets with WhenFull::Pause; may be null when there are none.
    block::StorageEvents* storage = nullptr;
    /// The guest moved the tray of this target.
    std::function<void(uint8_t target)> trayMoved = [](uint8_t) {};
};

/// The host: 256 targets with logical unit 0 each, whose backends are on the device's loop.
///
///   request queue ─► accept() ─► run(): the unit's steps ─► backend ─► ioDone() ─► run() ─►
///   finish()
///
/// Data of reads and writes moves between backend and guest memory in place. Task management
/// cancels what it is about on the backend and is answered when the last of it is over; what else
/// that cancelled is done again. Threads: as Device says; what the board asks for, on any thread:
/// it waits for a turn of the loop.
class Scsi final : public Device, public state::Participant {
public:
    static constexpr uint16_t kControlQueueSize = 64;
    static constexpr uint16_t kRequestQueueSize = 256;
    static constexpr unsigned kMaxRequestQueues = 64;
    static constexpr uint32_t kSenseSize = 96;
    static constexpr uint32_t kCdbSize = 32;
    /// What a driver may make of the two above.
    static constexpr uint32_t kMaxSizes = 4096;

    Scsi(EventLoop& loop, ScsiOptions options);
    ~Scsi() override;

    void readConfig(uint32_t offset, std::span<std::byte> to) override;
    void writeConfig(uint32_t offset, std::span<const std::byte> from) override;
    void start(const Activation& activation) override;
    bool handleQueue(unsigned index) override;
    void stop(StopReason reason, std::function<void()> stopped) override;
    void reset() override;

    std::string stateName() const override { return facts().name + " device"; }
    state::Record saveState() const override;
    Result<void> loadState(const state::Record& record) override;

    /// Puts a disk or drive in; a running guest is told. Busy when there is one.
    Result<void> attachDisk(uint8_t target, std::unique_ptr<scsi::Disk> disk,
                            block::WhenFull whenFull);
    Result<void> attachCdrom(uint8_t target, std::unique_ptr<scsi::Cdrom> cdrom);
    /// Takes it out: the guest finds no such target from now on, what is under way is cancelled,
    /// and when that is over the unit is destroyed and `gone` called (on the loop). NotFound when
    /// there is none.
    Result<void> detach(uint8_t target, std::function<void()> gone);
    /// The disk has `bytes` from now on, or as many as its file; as BlockBackend::resize().
    Result<void> resize(uint8_t target, std::optional<uint64_t> bytes);
    /// Puts a medium in and closes the tray; one that is in there is taken out first, as by Force.
    Result<void> insertMedium(uint8_t target, std::unique_ptr<block::BlockBackend> medium);
    /// Opens the tray and takes the medium out; Busy when the guest has locked it and `mode` is
    /// Ask.
    Result<void> ejectMedium(uint8_t target, scsi::EjectMode mode);
    /// The medium in the closed tray, else empty.
    std::string mediumPath(uint8_t target) const;

private:
    struct Request;
    struct Tmf;
    class Target;
    /// A lun field, taken apart.
    struct Address {
        enum class Kind : uint8_t { Invalid, WellKnown, Unit };
        Kind kind = Kind::Invalid;
        uint8_t target = 0;
        uint16_t lun = 0;
    };
    static Address parseLun(const ScsiLun& lun);
    static ScsiLun lunOf(uint8_t target);
    Target* find(uint8_t target) const { return m_targets[target].get(); }

    // scsi_requests.cpp
    bool handleRequests(unsigned index);
    bool accept(unsigned index, std::unique_ptr<Request> fresh);
    bool parse(Request& request, Address& address);
    void begin(Request& request, const Address& address);
    scsi::Step wellKnown(const scsi::Cdb& cdb) const;
    void run(Request& request, scsi::Step step);
    void sendData(Request& request, const scsi::Step& step);
    void startMedia(Request& request, scsi::Step step);
    bool mapMedia(Request& request, scsi::Step& step);
    bool mapHost(Request& request, scsi::Step& step);
    void ioDone(Request& request, const block::IoResult& result);
    void waitForSpace(const std::string& sentence);
    void finish(Request& request, uint8_t response, const std::optional<scsi::Sense>& sense = {});
    void recycle(Request& request);
    std::unique_ptr<Request> freshRequest();
    void submitBatches();
    void pollBackends();
    void publish();
    void broken(const Error& error);
    void settle();

    // scsi_control.cpp
    bool handleControl();
    bool control(const DescriptorChain& chain);
    bool manage(const DescriptorChain& chain, ChainCursor cursor);
    uint8_t manageTarget(const ScsiTmf& function, Tmf& tmf);
    uint8_t query(const ScsiTmf& function, const Target& target) const;
    bool notification(const DescriptorChain& chain, ChainCursor cursor, bool subscribe);
    template <class Matches>
    void cancelRequests(Target& target, uint8_t response, Tmf* tmf, Matches matches);
    void cancelAll(Target& target);
    void answer(uint16_t head, std::span<const memory::GuestSlice> writable,
                std::span<const std::byte> bytes);
    void waitedFor(Tmf& tmf);
    bool handleEvents();
    void sendEvent(uint32_t event, uint8_t target, uint32_t reason);
    void sendEvent(ScsiEvent event);
    Result<bool> putEvent(const ScsiEvent& event);

    // scsi_targets.cpp
    template <class Work>
    auto onLoop(Work work) const;
    Result<void> attach(uint8_t number, std::unique_ptr<Target> target);
    Result<scsi::Cdrom*> cdromAt(uint8_t number) const;
    void mediumChanged(uint8_t number);
    void retire(std::unique_ptr<block::BlockBackend> backend);
    Result<void> load(const ScsiState& state);
    void releaseIdle();

    const ScsiOptions m_options;
    std::atomic<uint32_t> m_senseSize{kSenseSize}; // the driver may write them at any time
    std::atomic<uint32_t> m_cdbSize{kCdbSize};

    DeviceHost* m_host = nullptr; // while the queues may be touched
    uint64_t m_features = 0;
    std::vector<Queue*> m_queues;
    bool m_taking = false; // between start() and stop()
    bool m_paused = false; // a driver is there, but stopped
    StopReason m_stopReason = StopReason::Pause;
    std::function<void()> m_stopped;
    std::vector<bool> m_pushed; // queues with something to publish

    std::vector<std::vector<std::unique_ptr<Request>>> m_requests; // by queue and head
    std::vector<std::unique_ptr<Request>> m_free;
    std::list<Tmf> m_tmfs; // waiting for what they cancelled
    DescriptorChain m_controlChain;
    std::vector<memory::GuestSlice> m_slices;
    unsigned m_inFlight = 0;
    uint64_t m_hostBytes = 0; // buffers of requests in flight
    bool m_fullTold = false;
    bool m_eventsMissed = false;
    std::vector<ScsiState::Held> m_again;

    std::vector<std::unique_ptr<block::BlockBackend>> m_retired; // media taken out while read
    std::vector<std::unique_ptr<Target>> m_leaving;              // detached, requests in flight
    std::array<std::unique_ptr<Target>, 256> m_targets;
};

} // namespace vmm::virtio
