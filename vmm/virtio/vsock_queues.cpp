// SPDX-License-Identifier: GPL-3.0-or-later
// The socket device: packets in its queues. Virtio 1.2 section 5.10.6.
#include <fmt/core.h>

#include "vmm/virtio/vsock.h"

namespace vmm::virtio {

namespace {

constexpr uint64_t kRoundBytes = uint64_t{1} << 20; // of packets before others have their turn

} // namespace

/// Takes the next request of `queue` into m_chain.
bool Vsock::popped(Queue& queue)
{
    const auto popped = queue.pop(m_chain);
    if (!popped)
        fail(popped.error());
    return popped && *popped;
}

void Vsock::fail(const Error& reason)
{
    m_broken = true;
    m_host->needsReset(reason);
}

void Vsock::publish(unsigned index)
{
    if (m_queues[index]->publish())
        m_host->interruptQueue(index);
}

/// The driver is to notify of more; when some came already they have their turn later.
Vsock::Round Vsock::askForMore(Queue& queue) const
{
    return !m_broken && queue.enableNotification() ? Round::More : Round::Done;
}

bool Vsock::handleQueue(unsigned index)
{
    switch (index) {
    case kVsockInput:
        return fillInput() == Round::More;
    case kVsockOutput:
        return takeOutput() == Round::More;
    default:
        return sendEvent() == Round::More;
    }
}

/// What waits for its turn.
void Vsock::work()
{
    m_wake.drain();
    m_watch.arm(FdWatch::kReadable);
    if (fillInput() == Round::More)
        m_wake.signal();
    if (m_outputWaits && takeOutput() == Round::More)
        m_wake.signal();
}

// --- from the guest ---

/// Stops while answers pile up that the driver gives no buffers for: section 5.10.6.1.1 has the
/// driver take them first.
Vsock::Round Vsock::takeOutput()
{
    Queue* const queue = this->queue(kVsockOutput);
    if (queue == nullptr)
        return Round::Done;
    uint64_t bytes = 0;
    m_outputWaits = false;
    for (unsigned served = 0; served < kQueueSize && bytes < kRoundBytes; ++served) {
        m_outputWaits = m_resets.size() >= kMaxResets;
        if (m_outputWaits || !popped(*queue))
            break;
        bytes += handlePacket();
        if (m_broken)
            break;
        queue->push(m_chain.head(), 0);
    }
    publish(kVsockOutput);
    if (fillInput() == Round::More)
        m_wake.signal();
    if (m_outputWaits)
        return Round::Done;
    return askForMore(*queue);
}

/// The packet in m_chain; says how many bytes it had.
uint64_t Vsock::handlePacket()
{
    ChainCursor cursor(m_chain.readable());
    VsockHeader header;
    if (!cursor.read(header)) {
        fail(Error(ErrorCode::Invalid, "a packet without a header"));
        return 0;
    }
    if (header.sourceCid != m_cid)
        return 0; // not the guest's (section 5.10.6.4): dropped
    const VsockKey key{header.destinationPort, header.sourcePort};
    const auto found = m_connections.find(key);
    if (header.destinationCid != VMADDR_CID_HOST || header.type != VIRTIO_VSOCK_TYPE_STREAM) {
        if (header.operation != VIRTIO_VSOCK_OP_RST)
            m_resets.push_back({header.destinationCid, key, header.type});
    } else if (found == m_connections.end()) {
        handleUnknown(header, key);
    } else {
        VsockConnection& connection = *found->second;
        connection.noteCredit(header);
        if (header.operation == VIRTIO_VSOCK_OP_RST)
            remove(connection);
        else if (!handleKnown(header, connection, cursor))
            removeWithReset(connection);
        else if (connection.guestIsDone())
            letLinger(connection);
        else
            schedule(connection);
    }
    return header.length;
}

void Vsock::handleUnknown(const VsockHeader& header, VsockKey key)
{
    if (header.operation == VIRTIO_VSOCK_OP_RST)
        return;
    VsockConnection* connection = nullptr;
    if (header.operation == VIRTIO_VSOCK_OP_REQUEST) {
        auto socket = vmm::console::connectUnix(
            fmt::format("{}_{}", m_listener->path(), header.destinationPort));
        if (socket)
            connection = add(key, *std::move(socket), VsockConnection::Phase::Open);
    }
    if (connection == nullptr) {
        m_resets.push_back({.key = key});
        return;
    }
    connection->noteCredit(header);
    schedule(*connection);
}

/// False: the stream is to be reset.
bool Vsock::handleKnown(const VsockHeader& header, VsockConnection& connection, ChainCursor& body)
{
    switch (header.operation) {
    case VIRTIO_VSOCK_OP_RESPONSE:
        return connection.answered();
    case VIRTIO_VSOCK_OP_SHUTDOWN:
        return connection.shutDown(header.flags);
    case VIRTIO_VSOCK_OP_RW:
        return header.length <= body.left() && connection.receive(body, header.length);
    case VIRTIO_VSOCK_OP_CREDIT_UPDATE:
        return true;
    case VIRTIO_VSOCK_OP_CREDIT_REQUEST:
        connection.askCredit();
        return true;
    default: // a second request, or what is none
        return false;
    }
}

// --- to the guest ---

Vsock::Round Vsock::fillInput()
{
    Queue* const queue = this->queue(kVsockInput);
    if (queue == nullptr)
        return Round::Done;
    bool unused = false; // m_chain was popped, and nobody had something for it
    bool empty = false;
    unsigned served = 0;
    while (served < kQueueSize && !(m_resets.empty() && m_ready.empty())) {
        empty = !unused && !popped(*queue);
        if (empty)
            break;
        if (m_chain.writableSize() < sizeof(VsockHeader)) {
            fail(Error(ErrorCode::Invalid, "a buffer too small for a packet's header"));
            break;
        }
        const uint32_t written = nextPacket();
        unused = written == 0;
        if (unused)
            continue;
        queue->push(m_chain.head(), written);
        ++served;
    }
    if (unused)
        queue->unpop(1);
    publish(kVsockInput);
    if (m_outputWaits && m_resets.size() < kMaxResets)
        m_wake.signal();
    if (served == kQueueSize)
        return Round::More;
    return empty ? askForMore(*queue) : Round::Done;
}

/// Puts a packet into m_chain and says how long it is; 0: whose turn it was had nothing to say.
uint32_t Vsock::nextPacket()
{
    VsockHeader header;
    if (!m_resets.empty()) {
        const Reset reset = m_resets.front();
        m_resets.pop_front();
        header.sourceCid = reset.sourceCid;
        header.sourcePort = reset.key.hostPort;
        header.destinationPort = reset.key.guestPort;
        header.type = reset.type;
        header.operation = VIRTIO_VSOCK_OP_RST;
    } else {
        VsockConnection& connection = *m_ready.front();
        m_ready.pop_front();
        connection.queued = false;
        const auto packet = connection.nextPacket(m_chain);
        if (!packet)
            return 0;
        header = *packet;
        header.sourceCid = VMADDR_CID_HOST;
        schedule(connection); // behind the others
    }
    header.destinationCid = m_cid;
    ChainCursor cursor(m_chain.writable());
    cursor.write(header);
    return static_cast<uint32_t>(sizeof header + header.length);
}

Vsock::Round Vsock::sendEvent()
{
    Queue* const queue = this->queue(kVsockEvents);
    if (queue == nullptr || !m_eventOwed)
        return Round::Done;
    if (!popped(*queue))
        return askForMore(*queue);
    const VsockEvent event{VIRTIO_VSOCK_EVENT_TRANSPORT_RESET};
    ChainCursor cursor(m_chain.writable());
    if (!cursor.write(event)) {
        fail(Error(ErrorCode::Invalid, "a buffer too small for an event"));
        return Round::Done;
    }
    m_eventOwed = false;
    queue->push(m_chain.head(), sizeof event);
    publish(kVsockEvents);
    return Round::Done;
}

} // namespace vmm::virtio
