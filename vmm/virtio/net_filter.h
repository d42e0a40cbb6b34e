// SPDX-License-Identifier: GPL-3.0-or-later
// Which frames a network card takes from its network. Virtio 1.2 sections 5.1.6.5.1 to 5.1.6.5.3.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/net/net_backend.h"

namespace vmm::virtio {

/// The receive filter, and its saved form. Thread: its owner's.
struct NetFilter {
    /// Addresses of one kind that are kept; of a longer table every address is taken.
    static constexpr size_t kMostAddresses = 64;
    /// Of a frame, accepts() looks at no more than these bytes: addresses and a VLAN tag.
    static constexpr size_t kLookedAt = 18;
    static constexpr uint16_t kVlans = 4096;

    /// Addresses the driver wants besides the card's own.
    struct Table {
        std::vector<net::MacAddress> addresses;
        bool overflown = false; ///< there were more: all are taken
        bool has(const net::MacAddress& address) const;
        template <class A>
        void visit(A& a)
        {
            a.field("addresses", addresses).field("overflown", overflown);
        }
    };

    net::MacAddress own{};
    /// DEVIATION: section 5.1.6.5.1 names no start. Promiscuous, as drivers without a control queue
    /// (firmware) and those of other hypervisors expect it.
    bool promiscuous = true;
    bool allMulticast = false;
    bool allUnicast = false;
    bool noMulticast = false;
    bool noUnicast = false;
    bool noBroadcast = false;
    Table unicast;
    Table multicast;
    std::array<uint8_t, kVlans / 8> vlans{}; ///< a bit each

    /// Would the driver have a frame that begins with `start`? `byVlan`: VLAN filtering was
    /// negotiated.
    bool accepts(std::span<const std::byte> start, bool byVlan) const;
    void setVlan(uint16_t vlan, bool on);
    /// Invalid: more addresses than any driver could have set.
    Result<void> check() const;

    template <class A>
    void visit(A& a)
    {
        a.field("own", own).field("promiscuous", promiscuous).field("allMulticast", allMulticast);
        a.field("allUnicast", allUnicast).field("noMulticast", noMulticast);
        a.field("noUnicast", noUnicast).field("noBroadcast", noBroadcast);
        a.field("unicast", unicast).field("multicast", multicast).field("vlans", vlans);
    }
};

} // namespace vmm::virtio
