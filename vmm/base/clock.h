// SPDX-License-Identifier: GPL-3.0-or-later
// Time as devices see it. Devices never ask the host: they are handed these, tests hand them fakes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace vmm {

/// Guest time in nanoseconds since the machine was made; stands still while the machine is paused.
class Clock {
public:
    virtual ~Clock() = default;
    /// Any thread, lock-free.
    virtual uint64_t nowNs() const = 0;
};

/// The host's wall clock, for the RTC. Any thread.
class WallClock {
public:
    virtual ~WallClock() = default;
    /// Nanoseconds since 1970-01-01 00:00 UTC.
    virtual int64_t utcNs() const = 0;
};

/// A one-shot timer on a Clock. arm/disarm from any thread; the callback runs on the timer
/// service's thread, without any lock held. When the destructor returns the callback does not run
/// any more; destroy it without holding a lock the callback takes.
class Timer {
public:
    virtual ~Timer() = default;
    /// Calls back once at guest time `deadlineNs` (at once when that is past); replaces an earlier
    /// arming.
    virtual void arm(uint64_t deadlineNs) = 0;
    virtual void disarm() = 0;
};

/// A Clock that makes timers. createTimer from any thread.
class TimerService : public Clock {
public:
    virtual std::unique_ptr<Timer> createTimer(std::function<void()> callback) = 0;
};

} // namespace vmm
