// SPDX-License-Identifier: GPL-3.0-or-later
// A file, or standard input and output, as the host's end of a port: what may make its user wait.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "vmm/base/event_loop.h"
#include "vmm/base/fd_watch.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/console/byte_end.h"
#include "vmm/console/byte_queue.h"

namespace vmm::console {

/// Files cannot be waited for, and the terminal of standard input belongs to others too, who want
/// it blocking: so two threads of its own wait, and a bounded buffer lies between each and the
/// loop. Always connected.
class FileEnd final : public ByteEnd {
public:
    /// Bytes kept while the file or the terminal is slow.
    static constexpr size_t kBuffer = size_t{64} << 10;

    /// Writes to a new file at `path`, or to what is there already when that is a pipe or a device.
    /// Nothing ever comes from it.
    static Result<std::unique_ptr<FileEnd>> create(EventLoop& loop, const std::string& path);
    static Result<std::unique_ptr<FileEnd>> createStdio(EventLoop& loop);
    /// What was taken and fits without waiting is written out first.
    ~FileEnd() override;

    bool connected() const override { return true; }
    size_t write(std::span<const std::byte> bytes) override;
    size_t read(std::span<std::byte> to) override;
    void finish(std::span<const std::byte> bytes) override;
    uint64_t dropped() const override { return m_dropped.load(std::memory_order_relaxed); }

private:
    FileEnd(EventFd quit, EventFd news) : m_quit(std::move(quit)), m_news(std::move(news)) {}
    static Result<std::unique_ptr<FileEnd>> create(EventLoop& loop, UniqueFd output,
                                                   UniqueFd input);
    void writeLoop();
    void readLoop();
    /// Writes all of `bytes`, unless the end comes while the other side does not take them.
    void writeOut(std::span<const std::byte> bytes);
    /// Waits until `fd` is ready for `events` or the end comes; true when it is ready.
    bool waitFor(int fd, short events) const;

    EventFd m_quit; ///< readable from destruction on
    EventFd m_news; ///< the threads' word to the loop
    UniqueFd m_output;
    UniqueFd m_input;
    std::atomic<uint64_t> m_dropped{0};
    Mutex m_mutex;
    std::condition_variable m_wakeWriter;
    std::condition_variable m_wakeReader;
    ByteQueue m_out GUARDED_BY(m_mutex){kBuffer};
    ByteQueue m_in GUARDED_BY(m_mutex){kBuffer};
    std::vector<std::byte> m_last GUARDED_BY(m_mutex); ///< behind m_out
    bool m_wantsRoom GUARDED_BY(m_mutex) = false;      ///< a write() came short
    bool m_wantsBytes GUARDED_BY(m_mutex) = true;      ///< a read() came back with nothing
    bool m_ending GUARDED_BY(m_mutex) = false;
    FdWatch m_watch;
    std::thread m_writer;
    std::thread m_reader;
};

} // namespace vmm::console
