// SPDX-License-Identifier: GPL-3.0-or-later
// The console device: a terminal, and named ports for bytes. Virtio 1.2 section 5.3.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/fd_watch.h"
#include "vmm/base/mutex.h"
#include "vmm/base/unique_fd.h"
#include "vmm/console/byte_end.h"
#include "vmm/console/byte_queue.h"
#include "vmm/state/state.h"
#include "vmm/virtio/console_regs.h"
#include "vmm/virtio/device.h"

namespace vmm::virtio {

/// One port, as whoever builds the machine describes it.
struct ConsolePort {
    /// Linux shows it as /dev/virtio-ports/NAME; a console may go without.
    std::string name;
    /// A terminal: Linux makes it /dev/hvcN. What it says while nobody is connected is lost, as on
    /// a serial line; other ports keep it until somebody is.
    bool console = false;
    /// Made with the device's loop.
    std::unique_ptr<vmm::console::ByteEnd> end;
};

/// Guest state of a console; whoever is on a port's other side is not in it.
struct ConsoleState {
    static constexpr state::Tag kTag{"virtio-console", 1, 1};
    struct Port {
        bool present = false;
        std::string name;
        bool console = false;
        bool announced = false; ///< the driver was told that there is such a port
        bool ready = false;     ///< and has it
        bool guestOpen = false; ///< somebody in the guest has it open
        bool hostOpen = false;  ///< what the driver was told last
        uint8_t owed = 0;       ///< messages the driver has still to get, a bit each
        uint64_t taken = 0;     ///< bytes of the oldest request that are through
        uint16_t columns = 0;   ///< 0: not known
        uint16_t rows = 0;
        template <class A>
        void visit(A& a)
        {
            a.field("present", present).field("name", name).field("console", console);
            a.field("announced", announced).field("ready", ready).field("guestOpen", guestOpen);
            a.field("hostOpen", hostOpen).field("owed", owed).field("taken", taken);
            a.field("columns", columns).field("rows", rows);
        }
    };
    bool driverReady = false;
    std::vector<Port> ports;
    template <class A>
    void visit(A& a)
    {
        a.field("driverReady", driverReady).field("ports", ports);
    }
};

/// A console with up to kMaxPorts ports. Nothing a port carries is dropped: what its end does not
/// take stays in the driver's queue, what the driver has no room for stays outside.
///
/// Threads as Device says; ports' ends on the loop too. Ports are added, removed and resized from
/// any thread.
class Console final : public Device, public state::Participant {
public:
    static constexpr unsigned kMaxPorts = 8;
    static constexpr uint16_t kQueueSize = 128;
    static constexpr size_t kMaxName = 64;

    /// The first console becomes port 0, the one a driver without VIRTIO_CONSOLE_F_MULTIPORT knows.
    static Result<std::unique_ptr<Console>> create(EventLoop& loop, std::string name,
                                                   std::vector<ConsolePort> ports);
    ~Console() override;

    /// Adds a port while the guest runs, or before, and says which it is. Busy: its name is taken;
    /// Exhausted: no port is left.
    Result<unsigned> addPort(ConsolePort port);
    /// NotFound: there is no such port.
    Result<void> removePort(unsigned port);
    /// The terminal at a console's end has this size now.
    void resize(unsigned port, uint16_t columns, uint16_t rows);
    /// Bytes of consoles that nobody was connected to, and of emergency output.
    uint64_t dropped() const { return m_dropped.load(std::memory_order_relaxed); }

    void readConfig(uint32_t offset, std::span<std::byte> to) override;
    void writeConfig(uint32_t offset, std::span<const std::byte> from) override;
    void start(const Activation& activation) override;
    bool handleQueue(unsigned index) override;
    void stop(StopReason reason, std::function<void()> stopped) override;
    void reset() override;

    std::string stateName() const override { return facts().name + " device"; }
    state::Record saveState() const override;
    Result<void> loadState(const state::Record& record) override;

private:
    /// Messages owed to the driver. They are flags, not a list: a driver that takes none costs
    /// nothing.
    enum Owed : uint8_t {
        kRemove = 1,
        kAdd = 2,
        kConsole = 4,
        kSize = 8,
        kName = 16,
        kOpen = 32,
        kAll = 63
    };
    struct Port {
        ConsoleState::Port state;
        std::unique_ptr<vmm::console::ByteEnd> end; ///< null: there is no such port
    };
    /// How a round of work ended.
    enum class Round : uint8_t { Done, More };

    Console(EventLoop& loop, std::string name, EventFd wake);
    Result<void> checkPort(const ConsolePort& port) const;
    Result<unsigned> place(ConsolePort port);
    void remove(Port& port);

    bool multiport() const { return (m_features & VIRTIO_CONSOLE_F_MULTIPORT) != 0; }
    Queue* queue(unsigned index) const
    {
        return index < m_queues.size() && !m_broken ? m_queues[index] : nullptr;
    }
    bool popped(Queue& queue);
    void fail(const Error& reason);
    void publish(unsigned index);
    Round askForMore(Queue& queue) const;
    void endChanged(unsigned port);
    void noteConnection(unsigned port);
    void woken();
    void emergencyOutput();

    Round output(unsigned port);
    bool outputRequest(unsigned port, uint64_t& budget);
    Round input(unsigned port);
    Round takeControl();
    void handleControl(const ConsoleControl& message);
    Round sendOwed();
    bool sendMessage(unsigned port, Owed what);

    DeviceHost* m_host = nullptr; ///< while it runs
    uint64_t m_features = 0;
    std::vector<Queue*> m_queues;
    bool m_broken = false; ///< the driver must reset it: nothing is taken from it any more
    bool m_driverReady = false;
    std::array<Port, kMaxPorts> m_ports;
    DescriptorChain m_chain;
    std::vector<std::byte> m_buffer;
    uint32_t m_more = 0; ///< ports that had their share of the loop and want another
    std::atomic<uint64_t> m_dropped{0};

    mutable Mutex m_mutex;
    ConsoleConfig m_config GUARDED_BY(m_mutex);
    vmm::console::ByteQueue m_emergency GUARDED_BY(m_mutex);
    EventFd m_wake; ///< to the loop: emergency output, or m_more
    FdWatch m_watch;
};

} // namespace vmm::virtio
