// SPDX-License-Identifier: GPL-3.0-or-later
// Interfaces of the kernel's, in a network of the test's own.
#pragma once

#include <cstring>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "vmm/base/unique_fd.h"

namespace vmm::test {

constexpr uint16_t kTestType = 0x88b5; // IEEE 802 local experimental

/// A descriptor of the interface `name`, made when there is none; nothing where that may not be.
inline UniqueFd openTap(const char* name, int flags)
{
    UniqueFd fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = static_cast<short>(flags);
    if (fd.valid() && ::ioctl(fd.get(), TUNSETIFF, &request) != 0)
        fd.reset();
    return fd;
}

inline bool setUp(const char* name)
{
    const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    return ::ioctl(socket.get(), SIOCSIFFLAGS, &request) == 0;
}

/// Sees what the interface gets and puts frames into it.
inline UniqueFd packetSocket(const char* name, uint16_t type = kTestType)
{
    UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(type)));
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(type);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(name));
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        fd.reset();
    return fd;
}

inline std::vector<UniqueFd> one(UniqueFd fd)
{
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(fd));
    return fds;
}

} // namespace vmm::test
