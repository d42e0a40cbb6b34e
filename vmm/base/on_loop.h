// SPDX-License-Identifier: GPL-3.0-or-later
// Doing something on a loop's thread and waiting for it.
#pragma once

#include <future>

#include "vmm/base/event_loop.h"

namespace vmm {

/// Runs `function` on the loop's thread, after what was posted before, and returns when it is done;
/// at once when called there. Any other thread, which holds no lock that the loop's may want.
template <class Function>
void onLoop(EventLoop& loop, Function function)
{
    if (loop.onThread())
        return function();
    std::promise<void> done;
    loop.post([&] {
        function();
        done.set_value();
    });
    done.get_future().wait();
}

} // namespace vmm
