// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/virtio/net.h"

#include <algorithm>
#include <fmt/core.h>

#include "vmm/virtio/net_header.h"
#include "vmm/virtio/net_regs.h"

namespace vmm::virtio {

namespace {

uint64_t bitIf(bool condition, uint64_t feature)
{
    return condition ? feature : 0;
}

uint64_t featuresOf(const net::NetBackend& backend)
{
    const net::Offloads take = backend.canTake();
    const net::Offloads give = backend.canGive();
    return VIRTIO_NET_F_MTU | VIRTIO_NET_F_MAC | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS |
           VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_VLAN |
           VIRTIO_NET_F_CTRL_RX_EXTRA | VIRTIO_NET_F_GUEST_ANNOUNCE | VIRTIO_NET_F_CTRL_MAC_ADDR |
           bitIf(backend.pairs() > 1, VIRTIO_NET_F_MQ) | bitIf(take.checksum, VIRTIO_NET_F_CSUM) |
           bitIf(take.checksum && take.tso4, VIRTIO_NET_F_HOST_TSO4) |
           bitIf(take.checksum && take.tso6, VIRTIO_NET_F_HOST_TSO6) |
           bitIf(take.checksum && take.udp, VIRTIO_NET_F_HOST_UFO) |
           bitIf(give.checksum, VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) |
           bitIf(give.checksum && give.tso4, VIRTIO_NET_F_GUEST_TSO4) |
           bitIf(give.checksum && give.tso6, VIRTIO_NET_F_GUEST_TSO6) |
           bitIf(give.checksum && give.udp, VIRTIO_NET_F_GUEST_UFO);
}

/// Receive and transmit queue of each pair, then the control queue (section 5.1.2).
std::vector<uint16_t> queueSizesOf(const net::NetBackend& backend)
{
    std::vector<uint16_t> sizes;
    for (unsigned i = 0; i < backend.pairs(); ++i)
        sizes.insert(sizes.end(), {Net::kReceiveSize, Net::kTransmitSize});
    sizes.push_back(Net::kControlSize);
    return sizes;
}

} // namespace

net::MacAddress defaultMac(std::string_view machine, unsigned card)
{
    uint32_t hash = 2166136261U; // FNV-1a
    const auto mix = [&hash](unsigned byte) { hash = (hash ^ byte) * 16777619U; };
    for (const char letter : machine)
        mix(static_cast<unsigned char>(letter));
    mix(0);
    mix(card);
    hash ^= hash >> 24; // three bytes of it, with something of the fourth
    return {0x52,
            0x54,
            0x00,
            static_cast<uint8_t>(hash >> 16),
            static_cast<uint8_t>(hash >> 8),
            static_cast<uint8_t>(hash)};
}

Net::Net(EventLoop& loop, Options options, net::NetBackend& backend)
    : Device(loop, {.name = std::move(options.name),
                    .type = DeviceType::Net,
                    .features = featuresOf(backend),
                    .queueSizes = queueSizesOf(backend),
                    .configSize = sizeof(NetConfig)}),
      m_backend(backend),
      m_permanentMac(options.mac),
      m_mac(options.mac),
      m_linkUp(options.linkUp),
      m_pairs(backend.pairs())
{
    m_filter.own = options.mac;
}

// --- configuration ---

void Net::readConfig(uint32_t offset, std::span<std::byte> to)
{
    NetConfig config;
    config.maxVirtqueuePairs = static_cast<uint16_t>(m_pairs.size());
    config.mtu = m_backend.mtu();
    {
        MutexLock lock(m_mutex);
        config.mac = m_mac;
        const bool up = m_linkUp && m_backend.carrier();
        config.status = static_cast<uint16_t>((up ? VIRTIO_NET_S_LINK_UP : 0) |
                                              (m_announce ? VIRTIO_NET_S_ANNOUNCE : 0));
    }
    const auto bytes = std::as_bytes(std::span(&config, 1)).subspan(offset, to.size());
    std::copy(bytes.begin(), bytes.end(), to.begin());
}

void Net::setLink(bool up)
{
    {
        MutexLock lock(m_mutex);
        if (m_linkUp == up)
            return;
        m_linkUp = up;
    }
    loop().post([this] {
        m_untold = m_host == nullptr;
        if (m_host != nullptr)
            m_host->configChanged();
    });
}

bool Net::linkUp() const
{
    MutexLock lock(m_mutex);
    return m_linkUp && m_backend.carrier();
}

net::MacAddress Net::mac() const
{
    MutexLock lock(m_mutex);
    return m_mac;
}

void Net::setMac(const net::MacAddress& mac)
{
    m_filter.own = mac;
    MutexLock lock(m_mutex);
    m_mac = mac;
}

// --- what was agreed ---

/// What frames of the guest may leave undone.
net::Offloads Net::granted() const
{
    const bool checksum = negotiated(VIRTIO_NET_F_CSUM);
    return {checksum, checksum && negotiated(VIRTIO_NET_F_HOST_TSO4),
            checksum && negotiated(VIRTIO_NET_F_HOST_TSO6),
            checksum && negotiated(VIRTIO_NET_F_HOST_UFO)};
}

/// What frames for the guest may leave undone.
net::Offloads Net::taken() const
{
    const uint64_t bits = m_offloads.value_or(0);
    const bool checksum = (bits & VIRTIO_NET_F_GUEST_CSUM) != 0;
    return {checksum, checksum && (bits & VIRTIO_NET_F_GUEST_TSO4) != 0,
            checksum && (bits & VIRTIO_NET_F_GUEST_TSO6) != 0,
            checksum && (bits & VIRTIO_NET_F_GUEST_UFO) != 0};
}

/// Bytes of the largest frame the guest may get.
size_t Net::largestGiven() const
{
    const net::Offloads offloads = taken();
    return offloads.tso4 || offloads.tso6 || offloads.udp ? kLargestFrame
                                                          : m_backend.mtu() + kLinkHeader;
}

// --- life ---

void Net::start(const Activation& activation)
{
    m_host = &activation.host;
    m_features = activation.features;
    m_failed = false;
    if (!m_offloads)
        m_offloads = m_features & kGuestOffloads;
    for (size_t i = 0; i < m_pairs.size(); ++i) {
        if (Queue* queue = activation.queues[2 * i])
            m_pairs[i].receive.start(*queue, negotiated(VIRTIO_NET_F_MRG_RXBUF));
        if (Queue* queue = activation.queues[2 * i + 1])
            m_pairs[i].transmit.start(*queue);
    }
    // Without MQ it comes right behind the first pair (section 5.1.2).
    m_controlIndex = negotiated(VIRTIO_NET_F_MQ) ? 2 * static_cast<unsigned>(m_pairs.size()) : 2;
    const bool hasControl = negotiated(VIRTIO_NET_F_CTRL_VQ);
    m_controlQueue = hasControl ? activation.queues[m_controlIndex] : nullptr;
    startBackend();
    const bool restored = std::exchange(m_restored, false);
    if (restored && hasControl && negotiated(VIRTIO_NET_F_GUEST_ANNOUNCE)) {
        MutexLock lock(m_mutex);
        m_announce = true;
    }
    if (std::exchange(m_untold, false) || restored)
        m_host->configChanged();
}

/// Also when what is taken, or the pairs in use, changed.
bool Net::startBackend()
{
    const auto started = m_backend.start(*this, taken(), m_pairsUsed);
    if (!started)
        m_log.warn(fmt::format("{}: {}", facts().name, started.error().sentence()));
    return started.has_value();
}

void Net::stop(StopReason, std::function<void()> stopped)
{
    m_backend.stop();
    for (Pair& pair : m_pairs) {
        pair.receive.stop();
        pair.transmit.stop();
        pair.starved = pair.keptBytes != 0; // goes on with it when it runs again
    }
    m_controlQueue = nullptr;
    m_host = nullptr;
    stopped();
}

void Net::reset()
{
    m_filter = {};
    m_offloads.reset();
    m_pairsUsed = 1;
    m_restored = false;
    m_untold = false;
    for (Pair& pair : m_pairs) {
        pair.starved = false;
        pair.keptBytes = 0;
    }
    setMac(m_permanentMac);
    MutexLock lock(m_mutex);
    m_announce = false;
}

void Net::fail(const Error& error)
{
    m_failed = true;
    m_host->needsReset(error);
}

bool Net::handleQueue(unsigned index)
{
    if (m_controlQueue != nullptr && index == m_controlIndex)
        return serveControl();
    const unsigned pair = index / 2;
    if (pair >= m_pairsUsed || m_failed)
        return false;
    if (index % 2 != 0)
        return transmit(pair);
    roomAgain(pair);
    return false;
}

// --- state ---

state::Record Net::saveState() const
{
    NetState state;
    state.filter = m_filter;
    state.pairs = static_cast<uint16_t>(m_pairsUsed);
    state.offloadsKnown = m_offloads.has_value();
    state.offloads = m_offloads.value_or(0);
    MutexLock lock(m_mutex);
    state.linkUp = m_linkUp;
    state.announce = m_announce;
    return state::save(state);
}

Result<void> Net::loadState(const state::Record& record)
{
    const auto state = TRY(state::load<NetState>(record));
    TRY(state.filter.check());
    if (state.pairs == 0 || state.pairs > m_pairs.size())
        return Error(ErrorCode::Invalid, fmt::format("{} pairs of queues", state.pairs));
    if ((state.offloads & ~(facts().features & kGuestOffloads)) != 0)
        return Error(ErrorCode::Invalid,
                     fmt::format("offloads {:#x} that this network has not", state.offloads));
    m_filter = state.filter;
    m_pairsUsed = state.pairs;
    m_offloads.reset();
    if (state.offloadsKnown)
        m_offloads = state.offloads;
    m_restored = state.offloadsKnown;
    setMac(state.filter.own);
    MutexLock lock(m_mutex);
    m_linkUp = state.linkUp;
    m_announce = state.announce;
    return {};
}

} // namespace vmm::virtio
