// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/virtio/net_filter.h"

#include <algorithm>
#include <cstring>
#include <fmt/core.h>

namespace vmm::virtio {

namespace {

constexpr uint16_t kVlanTag = 0x8100; // IEEE 802.1Q, where an EtherType stands otherwise
constexpr size_t kTypeAt = 12;
constexpr size_t kTagAt = 14;

uint16_t bigEndian(std::span<const std::byte> bytes, size_t at)
{
    return static_cast<uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                 std::to_integer<unsigned>(bytes[at + 1]));
}

} // namespace

bool NetFilter::Table::has(const net::MacAddress& address) const
{
    return overflown || std::find(addresses.begin(), addresses.end(), address) != addresses.end();
}

bool NetFilter::accepts(std::span<const std::byte> start, bool byVlan) const
{
    if (promiscuous)
        return true;
    if (start.size() < kTagAt)
        return false;
    if (byVlan && bigEndian(start, kTypeAt) == kVlanTag) {
        if (start.size() < kLookedAt)
            return false;
        const unsigned vlan = bigEndian(start, kTagAt) % kVlans; // priority and DEI stand above
        if ((vlans[vlan / 8] >> vlan % 8 & 1) == 0)
            return false;
    }
    net::MacAddress to{};
    std::memcpy(to.data(), start.data(), to.size());
    if (std::all_of(to.begin(), to.end(), [](uint8_t byte) { return byte == 0xff; }))
        return !noBroadcast;
    if ((to[0] & 1) != 0)
        return !noMulticast && (allMulticast || multicast.has(to));
    return !noUnicast && (allUnicast || to == own || unicast.has(to));
}

void NetFilter::setVlan(uint16_t vlan, bool on)
{
    uint8_t& byte = vlans.at(vlan / 8);
    const auto bit = static_cast<uint8_t>(1U << vlan % 8);
    byte = static_cast<uint8_t>(on ? byte | bit : byte & ~bit);
}

Result<void> NetFilter::check() const
{
    for (const Table& table : {unicast, multicast}) {
        if (table.addresses.size() > kMostAddresses)
            return Error(ErrorCode::Invalid,
                         fmt::format("a filter of {} addresses", table.addresses.size()));
    }
    return {};
}

} // namespace vmm::virtio
