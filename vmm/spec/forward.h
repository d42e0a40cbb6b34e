// SPDX-License-Identifier: GPL-3.0-or-later
// A port of the host whose connections or datagrams a guest gets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vmm/base/result.h"

namespace vmm::spec {

/// One forward. Addresses are written as numbers; both are of one family.
struct Forward {
    enum class Protocol : uint8_t { Tcp, Udp };

    Protocol protocol = Protocol::Tcp;
    std::string hostAddress = "127.0.0.1";
    uint16_t hostPort = 0;    ///< 0: the host chooses one
    std::string guestAddress; ///< empty: the guest's, as it got it from the NAT
    uint16_t guestPort = 0;

    bool operator==(const Forward&) const = default;
    bool v6() const { return hostAddress.find(':') != std::string::npos; }

    /// "tcp:127.0.0.1:2222-10.0.2.15:22", of which the protocol (tcp) and the addresses may be
    /// left out, or "2222:22". IPv6 addresses stand in brackets: "tcp:[::1]:8080-:80".
    static Result<Forward> parse(std::string_view text);
    /// As parse() takes it, nothing left out but an unknown guest's address.
    std::string text() const;
    /// "port 2222 on 127.0.0.1", for sentences.
    std::string hostText() const;
};

/// Error unless addresses and ports are such.
Result<void> checkForward(const Forward& forward);

} // namespace vmm::spec
