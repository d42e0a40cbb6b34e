// SPDX-License-Identifier: GPL-3.0-or-later
// The socket device: streams between guest and host. Virtio 1.2 section 5.10.
//
// The host's side are Unix sockets, as Firecracker began it: the guest connects to port P of CID 2
// and whoever listens at PATH_P gets it; a program of the host connects to PATH, says
// "CONNECT P\n", and after "OK hostport\n" talks to whoever listens on port P in the guest.
#pragma once

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "vmm/base/fd_watch.h"
#include "vmm/base/unique_fd.h"
#include "vmm/console/unix_socket.h"
#include "vmm/state/state.h"
#include "vmm/virtio/device.h"
#include "vmm/virtio/vsock_connection.h"
#include "vmm/virtio/vsock_regs.h"

namespace vmm::virtio {

/// State of a socket device. Streams end with the process that had them: a restored guest is told
/// so (VIRTIO_VSOCK_EVENT_TRANSPORT_RESET).
struct VsockState {
    static constexpr state::Tag kTag{"virtio-vsock", 1, 1};
    uint64_t guestCid = 0;
    template <class A>
    void visit(A& a)
    {
        a.field("guestCid", guestCid);
    }
};

/// Stream sockets without the host's kernel. Threads as Device says; host programs come in on its
/// loop.
class Vsock final : public Device, public state::Participant {
public:
    static constexpr uint16_t kQueueSize = 128;
    /// Each may keep VsockConnection::kBuffer bytes for a slow host program.
    static constexpr size_t kMaxConnections = 256;
    /// Host programs that have not yet said where they want to.
    static constexpr size_t kMaxCallers = 32;
    /// Answers that wait for the driver's buffers; then nothing more is taken from it.
    static constexpr size_t kMaxResets = 256;

    /// Listens at `path`. Invalid: a `cid` below 3, or a path too long for "_port" behind it.
    static Result<std::unique_ptr<Vsock>> create(EventLoop& loop, std::string name, uint64_t cid,
                                                 const std::string& path);
    ~Vsock() override;

    void readConfig(uint32_t offset, std::span<std::byte> to) override;
    void writeConfig(uint32_t, std::span<const std::byte>) override {}
    void start(const Activation& activation) override;
    bool handleQueue(unsigned index) override;
    void stop(StopReason reason, std::function<void()> stopped) override;
    void reset() override;

    std::string stateName() const override { return facts().name + " device"; }
    state::Record saveState() const override;
    Result<void> loadState(const state::Record& record) override;

private:
    /// A RST for a stream that is no longer, or never was.
    struct Reset {
        uint64_t sourceCid = VMADDR_CID_HOST;
        VsockKey key;
        uint16_t type = VIRTIO_VSOCK_TYPE_STREAM;
    };
    /// A host program that has connected and not finished its CONNECT line.
    struct Caller {
        UniqueFd socket;
        FdWatch watch;
        std::string line;
    };
    enum class Round : uint8_t { Done, More };

    Vsock(EventLoop& loop, std::string name, uint64_t cid, EventFd wake);
    void close();

    void call(UniqueFd socket);
    void callerReady(std::list<Caller>::iterator caller);
    void connectGuest(std::list<Caller>::iterator caller);
    VsockConnection* add(VsockKey key, UniqueFd socket, VsockConnection::Phase phase);
    void socketReady(VsockConnection& connection);
    void schedule(VsockConnection& connection);
    void remove(VsockConnection& connection);
    void removeWithReset(VsockConnection& connection);
    void letLinger(VsockConnection& connection);

    Queue* queue(unsigned index) const
    {
        return index < m_queues.size() && !m_broken ? m_queues[index] : nullptr;
    }
    bool popped(Queue& queue);
    void fail(const Error& reason);
    void publish(unsigned index);
    Round askForMore(Queue& queue) const;
    void work();
    Round takeOutput();
    uint64_t handlePacket();
    void handleUnknown(const VsockHeader& header, VsockKey key);
    bool handleKnown(const VsockHeader& header, VsockConnection& connection, ChainCursor& body);
    Round fillInput();
    uint32_t nextPacket();
    Round sendEvent();

    const uint64_t m_cid;
    DeviceHost* m_host = nullptr; ///< while it runs
    std::vector<Queue*> m_queues;
    bool m_broken = false; ///< the driver must reset it: nothing is taken from it any more
    bool m_eventOwed = false;
    bool m_outputWaits = false; ///< for room in m_resets
    uint32_t m_nextPort = 1U << 30;
    DescriptorChain m_chain;
    std::map<VsockKey, std::unique_ptr<VsockConnection>> m_connections;
    std::list<std::unique_ptr<VsockConnection>> m_lingering;
    std::deque<VsockConnection*> m_ready; ///< with something to say, one turn each
    std::deque<Reset> m_resets;
    std::list<Caller> m_callers;
    EventFd m_wake; ///< to the loop: more to do when others had their turn
    FdWatch m_watch;
    std::unique_ptr<vmm::console::UnixListener> m_listener;
};

} // namespace vmm::virtio
