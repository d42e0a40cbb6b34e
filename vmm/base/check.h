// SPDX-License-Identifier: GPL-3.0-or-later
// CHECK(): our own bugs abort with their place. Never used on anything a guest, a file or a peer
// sent.
#pragma once

namespace vmm {

/// Prints "file:line: CHECK failed: expression" to stderr and aborts. Any thread.
[[noreturn]] void checkFailed(const char* expression, const char* file, int line) noexcept;

} // namespace vmm

#define CHECK(condition)                                                                           \
    (static_cast<bool>(condition) ? static_cast<void>(0)                                           \
                                  : ::vmm::checkFailed(#condition, __FILE__, __LINE__))
