// SPDX-License-Identifier: GPL-3.0-or-later
// A part of this program as the host's end of a port.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "vmm/base/event_loop.h"
#include "vmm/base/fd_watch.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/console/byte_end.h"
#include "vmm/console/byte_queue.h"

namespace vmm::console {

/// Where the program reads what the guest sends and writes what it shall get. Any thread. Shared
/// with the port's end, which may go away before it: nothing comes or goes any more then.
class ProgramPort {
public:
    /// Bytes kept each way.
    static constexpr size_t kBuffer = size_t{64} << 10;

    static Result<std::shared_ptr<ProgramPort>> create();
    /// The port's end for a device, once.
    static Result<std::unique_ptr<ByteEnd>> makeEnd(EventLoop& loop,
                                                    std::shared_ptr<ProgramPort> port);

    /// Whether the guest sees somebody there; false at first.
    void setConnected(bool connected);
    /// Takes what fits of `bytes` for the guest and says how much.
    size_t write(std::span<const std::byte> bytes);
    /// Fills `to` with what the guest sent and says how much.
    size_t read(std::span<std::byte> to);
    /// Called on the loop's thread when write() or read() that came short may do more now; set
    /// before the end is made.
    void listen(std::function<void()> changed) { m_changed = std::move(changed); }

private:
    friend class ProgramEnd;
    explicit ProgramPort(EventFd news) : m_news(std::move(news)) {}

    EventFd m_news; ///< to the end
    std::function<void()> m_changed;
    std::atomic<bool> m_connected{false};
    Mutex m_mutex;
    ByteQueue m_toGuest GUARDED_BY(m_mutex){kBuffer};
    ByteQueue m_fromGuest GUARDED_BY(m_mutex){kBuffer};
};

} // namespace vmm::console
