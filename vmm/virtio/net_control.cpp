// SPDX-License-Identifier: GPL-3.0-or-later
// The control queue. Virtio 1.2 section 5.1.6.5.
#include "vmm/virtio/net.h"

#include "vmm/virtio/net_regs.h"

namespace vmm::virtio {

namespace {

/// A table of addresses: a count, and as many. False: it is shorter than it says.
bool readTable(ChainCursor& data, NetFilter::Table& table)
{
    uint32_t entries = 0;
    if (!data.read(entries) || data.left() / sizeof(net::MacAddress) < entries)
        return false;
    table.overflown = entries > NetFilter::kMostAddresses;
    if (table.overflown)
        return data.skip(uint64_t{entries} * sizeof(net::MacAddress));
    table.addresses.resize(entries);
    for (net::MacAddress& address : table.addresses) {
        if (!data.read(address))
            return false;
    }
    return true;
}

} // namespace

bool Net::serveControl()
{
    for (unsigned served = 0; served < kControlSize && !m_failed; ++served) {
        const auto popped = m_controlQueue->pop(m_controlChain);
        if (!popped) {
            fail(popped.error());
            return false;
        }
        if (!*popped)
            break;
        ChainCursor answer(m_controlChain.writable());
        if (answer.left() == 0) {
            fail(Error(ErrorCode::Invalid, "a control command without room for its answer"));
            return false;
        }
        answer.write(control(m_controlChain.readable()));
        m_controlQueue->push(m_controlChain.head(), 1);
    }
    if (m_controlQueue->publish())
        m_host->interruptQueue(m_controlIndex);
    return m_controlQueue->enableNotification();
}

/// What the driver gets as its answer.
uint8_t Net::control(std::span<const memory::GuestSlice> request)
{
    ChainCursor data(request);
    NetControl head;
    if (!data.read(head))
        return VIRTIO_NET_ERR;
    switch (head.commandClass) {
    case VIRTIO_NET_CTRL_RX:
        return controlReceive(head.command, data);
    case VIRTIO_NET_CTRL_MAC:
        return controlMac(head.command, data);
    case VIRTIO_NET_CTRL_VLAN:
        return controlVlan(head.command, data);
    case VIRTIO_NET_CTRL_ANNOUNCE:
        return head.command == VIRTIO_NET_CTRL_ANNOUNCE_ACK ? acknowledgeAnnounce()
                                                            : VIRTIO_NET_ERR;
    case VIRTIO_NET_CTRL_MQ:
        return head.command == VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET ? controlPairs(data)
                                                               : VIRTIO_NET_ERR;
    case VIRTIO_NET_CTRL_GUEST_OFFLOADS:
        return head.command == VIRTIO_NET_CTRL_GUEST_OFFLOADS_SET ? controlOffloads(data)
                                                                  : VIRTIO_NET_ERR;
    default:
        return VIRTIO_NET_ERR;
    }
}

/// Section 5.1.6.5.1.
uint8_t Net::controlReceive(uint8_t command, ChainCursor& data)
{
    const bool extra = command > VIRTIO_NET_CTRL_RX_ALLMULTI;
    uint8_t on = 0;
    if (!negotiated(extra ? VIRTIO_NET_F_CTRL_RX_EXTRA : VIRTIO_NET_F_CTRL_RX) || !data.read(on))
        return VIRTIO_NET_ERR;
    switch (command) {
    case VIRTIO_NET_CTRL_RX_PROMISC:
        m_filter.promiscuous = on != 0;
        return VIRTIO_NET_OK;
    case VIRTIO_NET_CTRL_RX_ALLMULTI:
        m_filter.allMulticast = on != 0;
        return VIRTIO_NET_OK;
    case VIRTIO_NET_CTRL_RX_ALLUNI:
        m_filter.allUnicast = on != 0;
        return VIRTIO_NET_OK;
    case VIRTIO_NET_CTRL_RX_NOMULTI:
        m_filter.noMulticast = on != 0;
        return VIRTIO_NET_OK;
    case VIRTIO_NET_CTRL_RX_NOUNI:
        m_filter.noUnicast = on != 0;
        return VIRTIO_NET_OK;
    case VIRTIO_NET_CTRL_RX_NOBCAST:
        m_filter.noBroadcast = on != 0;
        return VIRTIO_NET_OK;
    default:
        return VIRTIO_NET_ERR;
    }
}

/// Section 5.1.6.5.2.
uint8_t Net::controlMac(uint8_t command, ChainCursor& data)
{
    if (command == VIRTIO_NET_CTRL_MAC_ADDR_SET) {
        net::MacAddress mac{};
        if (!negotiated(VIRTIO_NET_F_CTRL_MAC_ADDR) || !data.read(mac))
            return VIRTIO_NET_ERR;
        setMac(mac);
        return VIRTIO_NET_OK;
    }
    NetFilter::Table unicast;
    NetFilter::Table multicast;
    if (command != VIRTIO_NET_CTRL_MAC_TABLE_SET || !negotiated(VIRTIO_NET_F_CTRL_RX) ||
        !readTable(data, unicast) || !readTable(data, multicast))
        return VIRTIO_NET_ERR;
    m_filter.unicast = std::move(unicast);
    m_filter.multicast = std::move(multicast);
    return VIRTIO_NET_OK;
}

/// Section 5.1.6.5.3.
uint8_t Net::controlVlan(uint8_t command, ChainCursor& data)
{
    uint16_t vlan = 0;
    if (!negotiated(VIRTIO_NET_F_CTRL_VLAN) || command > VIRTIO_NET_CTRL_VLAN_DEL ||
        !data.read(vlan) || vlan >= NetFilter::kVlans)
        return VIRTIO_NET_ERR;
    m_filter.setVlan(vlan, command == VIRTIO_NET_CTRL_VLAN_ADD);
    return VIRTIO_NET_OK;
}

/// Section 5.1.6.5.4: the driver has told the switches.
uint8_t Net::acknowledgeAnnounce()
{
    if (!negotiated(VIRTIO_NET_F_GUEST_ANNOUNCE))
        return VIRTIO_NET_ERR;
    MutexLock lock(m_mutex);
    m_announce = false;
    return VIRTIO_NET_OK;
}

/// Section 5.1.6.5.5.
uint8_t Net::controlPairs(ChainCursor& data)
{
    uint16_t pairs = 0;
    if (!negotiated(VIRTIO_NET_F_MQ) || !data.read(pairs) || pairs == 0 || pairs > m_pairs.size())
        return VIRTIO_NET_ERR;
    const unsigned before = std::exchange(m_pairsUsed, pairs);
    if (!startBackend()) {
        m_pairsUsed = before;
        return VIRTIO_NET_ERR;
    }
    for (unsigned i = before; i < pairs; ++i)
        transmitSoon(i); // what the driver put there too early
    return VIRTIO_NET_OK;
}

/// Section 5.1.6.5.6.
uint8_t Net::controlOffloads(ChainCursor& data)
{
    uint64_t offloads = 0;
    if (!negotiated(VIRTIO_NET_F_CTRL_GUEST_OFFLOADS) || !data.read(offloads) ||
        (offloads & ~(m_features & kGuestOffloads)) != 0)
        return VIRTIO_NET_ERR;
    const auto before = std::exchange(m_offloads, offloads);
    if (startBackend())
        return VIRTIO_NET_OK;
    m_offloads = before;
    return VIRTIO_NET_ERR;
}

} // namespace vmm::virtio
