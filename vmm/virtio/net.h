// SPDX-License-Identifier: GPL-3.0-or-later
// The network card. Virtio 1.2 section 5.1.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/net/net_backend.h"
#include "vmm/state/state.h"
#include "vmm/virtio/device.h"
#include "vmm/virtio/net_filter.h"
#include "vmm/virtio/net_queues.h"

namespace vmm::virtio {

/// The card's address where nobody chose one: 52:54:00 and three bytes of a hash of the machine's
/// name and which of its cards it is. Locally administered: the same every time, rarely twice.
net::MacAddress defaultMac(std::string_view machine, unsigned card);

/// Everything the driver set, or sees, beside the rings. Not in it: what the network holds, be it
/// in the kernel's queue or a frame that waits here for buffers; a restored machine has another
/// queue, and what was in the old one is lost as networks may lose frames.
struct NetState {
    static constexpr state::Tag kTag{"virtio-net", 1, 1};
    NetFilter filter;
    bool linkUp = true;
    bool announce = false;      ///< VIRTIO_NET_S_ANNOUNCE
    uint16_t pairs = 1;         ///< of queues, in use
    bool offloadsKnown = false; ///< the driver has begun
    uint64_t offloads = 0;      ///< what it takes: feature bits, as section 5.1.6.5.6 has them
    template <class A>
    void visit(A& a)
    {
        a.field("filter", filter).field("linkUp", linkUp).field("announce", announce);
        a.field("pairs", pairs).field("offloadsKnown", offloadsKnown).field("offloads", offloads);
    }
};

/// Carries frames between the driver's queues and a backend, straight from and to guest memory.
///
///   driver -- tx ring --> transmit() ------------------------> NetBackend::send()
///   driver <-- rx ring -- deliver() or readable() <- filter -- NetBackend
///
/// What a burst brought is shown to the driver at once, with one interrupt. A full network leaves
/// frames in the ring, a driver without buffers leaves them in the network. Threads as Device says;
/// the backend lives on the same loop.
class Net final : public Device, public state::Participant, private net::FrameReceiver {
public:
    static constexpr uint16_t kReceiveSize = 1024;
    static constexpr uint16_t kTransmitSize = 256;
    static constexpr uint16_t kControlSize = 64;

    struct Options {
        std::string name; ///< "net0"
        net::MacAddress mac{};
        bool linkUp = true;
    };
    /// `backend` lives on `loop` and outlives the card.
    Net(EventLoop& loop, Options options, net::NetBackend& backend);

    /// Plugs the cable in or out: the driver is told, and while it is out frames are lost both
    /// ways. The machine's control thread.
    void setLink(bool up);
    /// Not plugged out, and plugged into something. Any thread.
    bool linkUp() const;
    net::MacAddress mac() const;

    void readConfig(uint32_t offset, std::span<std::byte> to) override;
    /// Nothing in it is writable for a modern driver.
    void writeConfig(uint32_t, std::span<const std::byte>) override {}
    void start(const Activation& activation) override;
    bool handleQueue(unsigned index) override;
    void stop(StopReason reason, std::function<void()> stopped) override;
    void reset() override;

    std::string stateName() const override { return facts().name + " device"; }
    state::Record saveState() const override;
    Result<void> loadState(const state::Record& record) override;

private:
    /// One pair of queues.
    struct Pair {
        NetReceiveQueue receive;
        NetTransmitQueue transmit;
        bool starved = false;      ///< frames wait for buffers
        bool transmitSoon = false; ///< posted, at most once
        // A frame that was taken out of the kernel before there was a place for it. Stays over a
        // pause, as the kernel's own queue does.
        std::vector<std::byte> kept;
        net::FrameHeader keptHeader;
        size_t keptBytes = 0; ///< 0: none
    };
    /// What became of a frame on its way to the driver.
    enum class Given : uint8_t { Yes, NoRoom };

    bool deliver(const net::FrameHeader& header, std::span<const std::byte> frame) override;
    void delivered() override;
    bool readable(unsigned pair) override;
    void writable(unsigned pair) override;

    bool negotiated(uint64_t feature) const { return (m_features & feature) != 0; }
    net::Offloads granted() const;
    net::Offloads taken() const;
    size_t largestGiven() const;
    bool wanted(net::FrameHeader& header, std::span<const std::byte> start, size_t bytes);
    void fail(const Error& error);
    bool startBackend();

    Given give(Pair& pair, const net::FrameHeader& header, std::span<const std::byte> frame);
    bool receiveOne(unsigned index, Given& given);
    bool receiveInPlace(unsigned index);
    bool receiveAside(unsigned index, Given& given);
    bool drain(unsigned index);
    void roomAgain(unsigned index);
    void show(unsigned index);
    bool transmit(unsigned index);
    bool send(unsigned index);
    void transmitSoon(unsigned index);

    // net_control.cpp
    bool serveControl();
    uint8_t control(std::span<const memory::GuestSlice> request);
    uint8_t controlReceive(uint8_t command, ChainCursor& data);
    uint8_t controlMac(uint8_t command, ChainCursor& data);
    uint8_t controlVlan(uint8_t command, ChainCursor& data);
    uint8_t controlPairs(ChainCursor& data);
    uint8_t controlOffloads(ChainCursor& data);
    uint8_t acknowledgeAnnounce();
    void setMac(const net::MacAddress& mac);

    net::NetBackend& m_backend;
    const net::MacAddress m_permanentMac;
    GuestLog m_log{"vmm.virtio.net"};

    mutable Mutex m_mutex; ///< what configuration accesses see
    net::MacAddress m_mac GUARDED_BY(m_mutex);
    bool m_linkUp GUARDED_BY(m_mutex);
    bool m_announce GUARDED_BY(m_mutex) = false;

    // The loop's thread; while the device stands still, whoever stopped it.
    DeviceHost* m_host = nullptr; ///< while it runs
    uint64_t m_features = 0;
    std::vector<Pair> m_pairs;
    unsigned m_pairsUsed = 1;
    Queue* m_controlQueue = nullptr;
    unsigned m_controlIndex = 0;
    DescriptorChain m_controlChain;
    NetFilter m_filter;
    std::optional<uint64_t> m_offloads; ///< none until the driver began
    bool m_failed = false;              ///< the driver broke the rules
    bool m_untold = false;              ///< the link changed while the device stood still
    bool m_restored = false;            ///< the switches may think that it is elsewhere
};

} // namespace vmm::virtio
