// SPDX-License-Identifier: GPL-3.0-or-later
// Being told once when a descriptor is ready, and again only when asked for: for those who read and
// write until nothing more goes.
#pragma once

#include <functional>
#include <memory>

#include "vmm/base/event_loop.h"
#include "vmm/base/result.h"

namespace vmm {

/// Watches one descriptor, which is the caller's and stays open as long as the watch. Silent after
/// each call, even about a hang-up, until armed again. Thread: the loop's; made and destroyed
/// anywhere.
class FdWatch {
public:
    static constexpr unsigned kReadable = 1;
    static constexpr unsigned kWritable = 2;

    FdWatch();
    /// Starts silent. `ready` may destroy the watch.
    static Result<FdWatch> create(EventLoop& loop, int fd, std::function<void()> ready);
    FdWatch(FdWatch&& other) noexcept;
    FdWatch& operator=(FdWatch&& other) noexcept;
    /// After it `ready` does not run any more (on the loop's thread: not again).
    ~FdWatch();

    /// Calls `ready` once, when `fd` is ready for one of `events`, hung up or failed.
    void arm(unsigned events);
    /// As arm(), for these events and those it is armed for.
    void add(unsigned events);
    bool valid() const { return m_inner != nullptr; }

private:
    struct Inner;
    std::unique_ptr<Inner> m_inner;
};

} // namespace vmm
