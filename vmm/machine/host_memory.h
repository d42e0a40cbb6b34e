// SPDX-License-Identifier: GPL-3.0-or-later
// The computer's memory as the kernel tells of it: /proc/meminfo, pressure stall information.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "vmm/base/event_loop.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/machine/memory_policy.h"

namespace vmm::machine {

/// Where the policy's facts about the host come from. The loop's thread.
class HostMemorySource {
public:
    virtual ~HostMemorySource() = default;
    virtual HostMemory read() = 0;
};

/// MemTotal and MemAvailable, in bytes, out of the text of /proc/meminfo; nothing without both.
std::optional<HostMemory> parseMemInfo(std::string_view text);
/// "some avg10", in percent, out of the text of /proc/pressure/memory; 0 without it.
double parseStall(std::string_view text);

/// The real one (Linux Documentation/accounting/psi.rst). Where the kernel permits a trigger
/// (privileged, or since Linux 6.4), it calls when tasks waited for memory for 200 ms of two
/// seconds; elsewhere read() sees the stall in numbers.
class ProcMemory final : public HostMemorySource {
public:
    /// `alarm` runs on `loop`'s thread, which outlives this. `folder` is /proc but for tests.
    /// Errors: no /proc/meminfo.
    static Result<std::unique_ptr<ProcMemory>> create(EventLoop& loop, std::function<void()> alarm,
                                                      const std::string& folder = "/proc");
    ~ProcMemory() override;

    HostMemory read() override;
    bool hasTrigger() const { return m_trigger.valid(); }

private:
    ProcMemory(EventLoop& loop, std::function<void()> alarm)
        : m_loop(loop), m_alarm(std::move(alarm))
    {}
    void openTrigger(const std::string& path);
    void triggered();

    EventLoop& m_loop;
    const std::function<void()> m_alarm;
    UniqueFd m_memInfo;
    UniqueFd m_pressure; ///< invalid: this kernel tells nothing
    UniqueFd m_trigger;
    UniqueFd m_poll; ///< makes a trigger's "urgent data" readable for the loop
    bool m_alarmed = false;
};

} // namespace vmm::machine
