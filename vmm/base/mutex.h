// SPDX-License-Identifier: GPL-3.0-or-later
// Mutex and MutexLock that clang's -Wthread-safety understands; std::lock_guard raises false
// alarms.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define VITRINE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define VITRINE_THREAD_ATTRIBUTE(x)
#endif
#define GUARDED_BY(mutex) VITRINE_THREAD_ATTRIBUTE(guarded_by(mutex))
#define REQUIRES(...) VITRINE_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) VITRINE_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace vmm {

/// A plain mutex. Fields it guards carry GUARDED_BY, functions that need it held REQUIRES.
class VITRINE_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
public:
    void lock() VITRINE_THREAD_ATTRIBUTE(acquire_capability()) { m_mutex.lock(); }
    void unlock() VITRINE_THREAD_ATTRIBUTE(release_capability()) { m_mutex.unlock(); }
    std::mutex& native() { return m_mutex; }

private:
    std::mutex m_mutex;
};

/// Holds a Mutex for a scope; may be released early with unlock(), to raise an interrupt after it.
class VITRINE_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
public:
    explicit MutexLock(Mutex& mutex) VITRINE_THREAD_ATTRIBUTE(acquire_capability(mutex))
        : m_lock(mutex.native())
    {}
    ~MutexLock() VITRINE_THREAD_ATTRIBUTE(release_capability()) {}
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    void unlock() VITRINE_THREAD_ATTRIBUTE(release_capability()) { m_lock.unlock(); }
    void lock() VITRINE_THREAD_ATTRIBUTE(acquire_capability()) { m_lock.lock(); }

    /// Waits on `condition` until `ready()`; the mutex is held when it returns.
    template <class Ready>
    void wait(std::condition_variable& condition, Ready ready)
    {
        condition.wait(m_lock, ready);
    }

    /// As wait(), for at most `timeout`; the value of `ready()` at the end.
    template <class Duration, class Ready>
    bool waitFor(std::condition_variable& condition, Duration timeout, Ready ready)
    {
        return condition.wait_for(m_lock, timeout, ready);
    }

private:
    std::unique_lock<std::mutex> m_lock;
};

} // namespace vmm
