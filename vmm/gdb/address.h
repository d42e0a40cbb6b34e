// SPDX-License-Identifier: GPL-3.0-or-later
// Where the debugger's door is: a port of the loopback interface, or a unix socket.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "vmm/base/result.h"

namespace vmm::gdb {

/// A place to listen at. Exactly one of the two is set.
struct Address {
    uint16_t port = 0;
    std::string path;
};

/// "tcp::PORT", "tcp:127.0.0.1:PORT" or "unix:PATH". Whoever reaches the door owns the guest, so
/// other hosts' addresses are refused; the error is a sentence.
Result<Address> parseAddress(std::string_view text);

} // namespace vmm::gdb
