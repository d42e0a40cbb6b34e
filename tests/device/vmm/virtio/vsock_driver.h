// SPDX-License-Identifier: GPL-3.0-or-later
// A driver of the socket device, for tests: packets as they are, and a small honest stack of
// streams that echo.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <vector>

#include "tests/device/vmm/virtio/virtio_rig.h"
#include "vmm/console/unix_socket.h"
#include "vmm/virtio/vsock.h"

namespace tests {

/// One packet.
struct VsockPacket {
    vmm::virtio::VsockHeader header;
    std::string body;
};

/// A socket device at `path` and its queues.
struct VsockRig {
    static constexpr uint64_t kCid = 42;
    static constexpr uint16_t kSize = 32;
    static constexpr uint32_t kBuffer = 4096 + 44;
    static constexpr uint64_t kOutputData = VirtioRig::kData + 0x10'0000;
    static constexpr uint64_t kEventData = VirtioRig::kData + 0x20'0000;

    explicit VsockRig(std::string at)
        : path(std::move(at)), virtio([this](vmm::EventLoop& loop) {
              return std::move(*vmm::virtio::Vsock::create(loop, "vsock", kCid, path));
          })
    {
        for (unsigned i = 0; i < 3; ++i)
            queues.emplace_back(*virtio.board.memory, VirtioRig::kRings + 0x2000 * i, kSize);
        for (uint16_t i = 0; i < kSize; ++i)
            freeOutput.push_back(i);
    }
    vmm::virtio::Vsock& device()
    {
        return static_cast<vmm::virtio::Vsock&>(virtio.function->device());
    }
    void start(uint16_t inputBuffers = kSize)
    {
        using namespace vmm::virtio;
        CHECK(virtio.driver->negotiate(VIRTIO_F_VERSION_1 | VIRTIO_VSOCK_F_STREAM));
        for (uint16_t i = 0; i < 3; ++i)
            virtio.driver->setQueue(i, queues[i].layout());
        virtio.driver->go();
        for (uint16_t i = 0; i < inputBuffers; ++i)
            offerInput(i);
        virtio.settle();
    }
    void offerInput(uint16_t index, uint32_t length = kBuffer)
    {
        queues[0].offer({{VirtioRig::kData + uint64_t{index} * 0x2000, length, true}}, index);
        virtio.driver->notify(0);
    }
    bool needsReset()
    {
        return VirtioRig::eventually(
            [&] { return (virtio.driver->status() & vmm::virtio::DEVICE_NEEDS_RESET) != 0; });
    }

    /// False: the driver's queue is full.
    bool trySend(const VsockPacket& packet)
    {
        while (const auto used = queues[1].collect())
            freeOutput.push_back(static_cast<uint16_t>(used->id));
        if (freeOutput.empty())
            return false;
        const uint16_t index = freeOutput.front();
        freeOutput.pop_front();
        const uint64_t address = kOutputData + uint64_t{index} * 0x2000;
        auto& memory = *virtio.board.memory;
        CHECK(memory.copyIn(vmm::memory::GuestPhys(address),
                            std::as_bytes(std::span(&packet.header, 1))));
        CHECK(memory.copyIn(vmm::memory::GuestPhys(address + 44),
                            std::as_bytes(std::span(packet.body))));
        queues[1].offer({{address, static_cast<uint32_t>(44 + packet.body.size()), false}}, index);
        virtio.driver->notify(1);
        return true;
    }
    void send(const VsockPacket& packet)
    {
        CHECK(VirtioRig::eventually([&] { return trySend(packet); }));
    }
    /// A packet of guest port `guest` for port `host`, with room for a lot.
    static VsockPacket packet(uint16_t operation, uint32_t guest, uint32_t host,
                              std::string body = {}, uint32_t flags = 0)
    {
        using namespace vmm::virtio;
        VsockPacket made;
        made.header.sourceCid = kCid;
        made.header.destinationCid = VMADDR_CID_HOST;
        made.header.sourcePort = guest;
        made.header.destinationPort = host;
        made.header.length = static_cast<uint32_t>(body.size());
        made.header.type = VIRTIO_VSOCK_TYPE_STREAM;
        made.header.operation = operation;
        made.header.flags = flags;
        made.header.bufferSize = 1U << 20;
        made.body = std::move(body);
        return made;
    }
    /// The next packet that came, if one did.
    std::optional<VsockPacket> tryReceive()
    {
        const auto used = queues[0].collect();
        if (!used)
            return std::nullopt;
        const auto index = static_cast<uint16_t>(used->id);
        const uint64_t address = VirtioRig::kData + uint64_t{index} * 0x2000;
        auto& memory = *virtio.board.memory;
        VsockPacket packet;
        packet.header = *memory.read<vmm::virtio::VsockHeader>(vmm::memory::GuestPhys(address));
        CHECK(used->length == 44 + packet.header.length);
        packet.body.resize(packet.header.length);
        CHECK(memory.copyOut(vmm::memory::GuestPhys(address + 44),
                             std::as_writable_bytes(std::span(packet.body))));
        offerInput(index);
        return packet;
    }
    std::optional<VsockPacket> receive()
    {
        std::optional<VsockPacket> packet;
        VirtioRig::eventually([&] { return (packet = tryReceive()).has_value(); });
        return packet;
    }
    /// The operation of the next packet; 0: none came.
    uint16_t receiveOperation()
    {
        const auto packet = receive();
        return packet ? packet->header.operation : uint16_t{0};
    }
    /// Whether nothing has come when all that was sent has been dealt with.
    bool nothingCame()
    {
        virtio.settle();
        return !tryReceive();
    }
    /// A stream the guest opened to a listener of the host, and the host's end of it.
    vmm::UniqueFd connectHost(int listener, uint32_t guest, uint32_t host)
    {
        send(packet(vmm::virtio::VIRTIO_VSOCK_OP_REQUEST, guest, host));
        CHECK(receiveOperation() == vmm::virtio::VIRTIO_VSOCK_OP_RESPONSE);
        vmm::UniqueFd accepted(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        CHECK(accepted.valid());
        return accepted;
    }
    /// Listens where the guest finds port `port`.
    vmm::UniqueFd listenAt(uint32_t port) const
    {
        vmm::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const std::string at = path + "_" + std::to_string(port);
        ::unlink(at.c_str());
        sockaddr_storage address{};
        address.ss_family = AF_UNIX;
        std::copy(at.begin(), at.end(), reinterpret_cast<char*>(&address) + sizeof(sa_family_t));
        CHECK(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address),
                     static_cast<socklen_t>(sizeof(sa_family_t) + at.size() + 1)) == 0);
        CHECK(::listen(fd.get(), 1024) == 0);
        return fd;
    }
    /// A host program that has said `line`.
    vmm::UniqueFd call(std::string_view line) const
    {
        auto fd = std::move(*vmm::console::connectUnix(path));
        CHECK(::write(fd.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()));
        return fd;
    }

    std::string path;
    VirtioRig virtio;
    std::vector<VirtqueueDriver> queues;
    std::deque<uint16_t> freeOutput;
};

/// An honest guest: accepts on every port, keeps what comes, and sends what it is told to, within
/// its credit.
class VsockGuest {
public:
    struct Stream {
        std::string received;
        std::string toSend;
        bool open = false;
        bool reset = false;
        uint32_t shutdownFlags = 0; ///< of the host
        uint32_t sent = 0;
        uint32_t hostBuffer = 0;
        uint32_t hostForwarded = 0;
        uint32_t told = 0; ///< received, as the host knows
    };
    explicit VsockGuest(VsockRig& rig) : m_rig(rig) {}

    std::map<vmm::virtio::VsockKey, Stream> streams;
    bool echoes = false;

    void connect(uint32_t guest, uint32_t host)
    {
        auto& stream = streams[{host, guest}];
        m_control.push_back(packet({host, guest}, stream, vmm::virtio::VIRTIO_VSOCK_OP_REQUEST));
    }
    /// Takes what came and sends what goes.
    void step()
    {
        while (auto packet = m_rig.tryReceive())
            take(*packet);
        while (!m_control.empty() && m_rig.trySend(m_control.front()))
            m_control.pop_front();
        for (auto& [key, stream] : streams)
            flush(key, stream);
    }

private:
    static constexpr uint32_t kRoom = 64U << 10;

    static VsockPacket packet(vmm::virtio::VsockKey key, Stream& stream, uint16_t operation,
                              std::string body = {})
    {
        auto made = VsockRig::packet(operation, key.guestPort, key.hostPort, std::move(body));
        made.header.bufferSize = kRoom;
        made.header.forwarded = stream.told = static_cast<uint32_t>(stream.received.size());
        return made;
    }
    void take(const VsockPacket& packet)
    {
        using namespace vmm::virtio;
        const VsockKey key{packet.header.sourcePort, packet.header.destinationPort};
        Stream& stream = streams[key];
        stream.hostBuffer = packet.header.bufferSize;
        stream.hostForwarded = packet.header.forwarded;
        switch (packet.header.operation) {
        case VIRTIO_VSOCK_OP_REQUEST:
            stream.open = true;
            m_control.push_back(VsockGuest::packet(key, stream, VIRTIO_VSOCK_OP_RESPONSE));
            break;
        case VIRTIO_VSOCK_OP_RESPONSE:
            stream.open = true;
            break;
        case VIRTIO_VSOCK_OP_RST:
            stream.reset = true;
            break;
        case VIRTIO_VSOCK_OP_SHUTDOWN:
            stream.shutdownFlags |= packet.header.flags;
            break;
        case VIRTIO_VSOCK_OP_RW:
            CHECK(static_cast<uint32_t>(stream.received.size()) - stream.told +
                      packet.body.size() <=
                  kRoom); // the device keeps to our credit
            stream.received += packet.body;
            if (echoes)
                stream.toSend += packet.body;
            break;
        default:
            break;
        }
        const auto untold = static_cast<uint32_t>(stream.received.size()) - stream.told;
        if (packet.header.operation == VIRTIO_VSOCK_OP_CREDIT_REQUEST || untold > kRoom / 2)
            m_control.push_back(VsockGuest::packet(key, stream, VIRTIO_VSOCK_OP_CREDIT_UPDATE));
    }
    void flush(vmm::virtio::VsockKey key, Stream& stream)
    {
        const uint32_t credit = stream.hostBuffer - (stream.sent - stream.hostForwarded);
        const size_t count = std::min<size_t>({stream.toSend.size(), credit, 4096});
        if (!stream.open || stream.reset || count == 0)
            return;
        if (!m_rig.trySend(packet(key, stream, vmm::virtio::VIRTIO_VSOCK_OP_RW,
                                  stream.toSend.substr(0, count))))
            return;
        stream.sent += static_cast<uint32_t>(count);
        stream.toSend.erase(0, count);
    }

    VsockRig& m_rig;
    std::deque<VsockPacket> m_control;
};

} // namespace tests
