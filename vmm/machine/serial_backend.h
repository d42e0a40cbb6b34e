// SPDX-License-Identifier: GPL-3.0-or-later
// The host's end of a serial or debug port: standard input and output, a pseudo-terminal, or a
// file.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "vmm/base/event_loop.h"
#include "vmm/base/fd_watch.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/console/byte_end.h"
#include "vmm/console/byte_queue.h"
#include "vmm/console/byte_stream.h"
#include "vmm/spec/machine_spec.h"

namespace vmm::machine {

/// Makes a ByteEnd fit a port that cannot wait and cannot ask: takes what the guest sends without
/// ever blocking its vCPU (what the other end does not take in time is dropped and counted), and
/// brings what is typed to a ByteReceiver. On a loop of its own.
class SerialBackend final : public console::ByteSink {
public:
    /// Bytes kept while the other end is slow, or nobody is there.
    static constexpr size_t kBuffer = size_t{1} << 20;

    /// `kind` is not None; `path` is for File.
    static Result<std::unique_ptr<SerialBackend>> create(spec::SerialKind kind,
                                                         const std::string& path);
    /// What was sent and fits without waiting is written out first.
    ~SerialBackend() override;

    /// Where input goes, on the loop's thread; once, before the machine runs. Call disconnect()
    /// before the receiver goes away.
    void connect(console::ByteReceiver& receiver);
    void disconnect();
    void writeBytes(std::span<const std::byte> bytes) override;
    /// Name of the pseudo-terminal; empty for the other kinds.
    std::string ptyName() const { return m_end->path(); }
    uint64_t dropped() const
    {
        return m_dropped.load(std::memory_order_relaxed) + m_end->dropped();
    }

private:
    SerialBackend(EventFd wake, UniqueFd retry) : m_wake(std::move(wake)), m_retry(std::move(retry))
    {}
    Result<void> watch();
    void pump();
    void output();
    void input();

    EventFd m_wake;   ///< bytes wait for the loop
    UniqueFd m_retry; ///< timer: the receiver had no space, and says nothing when it has
    std::atomic<uint64_t> m_dropped{0};
    Mutex m_mutex;
    console::ByteQueue m_pending GUARDED_BY(m_mutex){kBuffer};
    console::ByteQueue m_typed{256}; ///< on the loop, as all that follows
    std::vector<std::byte> m_piece;
    console::ByteReceiver* m_receiver = nullptr;
    std::unique_ptr<EventLoop> m_loop;
    std::unique_ptr<console::ByteEnd> m_end;
    FdWatch m_wakeWatch;
    FdWatch m_retryWatch;
};

} // namespace vmm::machine
