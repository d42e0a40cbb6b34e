// SPDX-License-Identifier: GPL-3.0-or-later
// The host's end of a serial or debug port: standard input and output, a pseudo-terminal, or a
// file.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/console/byte_stream.h"
#include "vmm/spec/machine_spec.h"

namespace vmm::machine {

/// Takes what the guest sends without ever blocking its vCPU (what the other end does not take in
/// time is dropped and counted), and brings what is typed to a ByteReceiver. Two threads of its
/// own, the only ones that wait for a slow file or terminal.
class SerialBackend final : public console::ByteSink {
public:
    /// Bytes kept while the other end is slow.
    static constexpr size_t kBuffer = size_t{1} << 20;

    /// `kind` is not None; `path` is for File.
    static Result<std::unique_ptr<SerialBackend>> create(spec::SerialKind kind,
                                                         const std::string& path);
    /// What was sent and fits without waiting is written out first.
    ~SerialBackend() override;

    /// Where input goes, on the reader's thread; once, before the machine runs. Call disconnect()
    /// before the receiver goes away.
    void connect(console::ByteReceiver& receiver);
    void disconnect();
    void writeBytes(std::span<const std::byte> bytes) override;
    /// Name of the pseudo-terminal; empty for the other kinds.
    const std::string& ptyName() const { return m_ptyName; }
    uint64_t dropped() const { return m_dropped.load(std::memory_order_relaxed); }

private:
    explicit SerialBackend(EventFd quit) : m_quit(std::move(quit)) {}
    Result<void> openPty();
    void readLoop(console::ByteReceiver& receiver);
    void writeLoop();
    /// Writes all of `bytes`, unless the end comes while the other end does not take them.
    void writeOut(std::span<const std::byte> bytes);
    /// Waits until `fd` is ready for `events` or the end comes; true when it is ready.
    bool waitFor(int fd, short events) const;

    EventFd m_quit; // readable from disconnect() or destruction on
    UniqueFd m_output;
    UniqueFd m_input;
    UniqueFd m_ptyPeer; // keeps the terminal alive while nobody has it open
    std::string m_ptyName;
    std::atomic<uint64_t> m_dropped{0};
    Mutex m_mutex;
    std::condition_variable m_wake;
    std::vector<std::byte> m_pending GUARDED_BY(m_mutex);
    bool m_ending GUARDED_BY(m_mutex) = false;
    std::thread m_writer;
    std::thread m_reader;
};

} // namespace vmm::machine
