// SPDX-License-Identifier: GPL-3.0-or-later
// A capture file, written by a thread of its own so that whoever captures never waits for a disk.
// pcap 2.4 with nanoseconds (draft-ietf-opsawg-pcap).
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <sys/uio.h>
#include <thread>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

namespace vmm::net {

/// How a capture goes.
struct CaptureStatus {
    std::string path;
    uint64_t frames = 0;                ///< captured
    uint64_t lost = 0;                  ///< because the disk was slower
    std::optional<std::string> problem; ///< why it ended by itself
};

/// Any thread. The destructor writes what was captured.
class PcapWriter {
public:
    /// Writes to `path`, a new file or an old one's new content; of each frame at most
    /// `snapLength` bytes.
    static Result<std::unique_ptr<PcapWriter>> create(const std::string& path, uint32_t snapLength);
    ~PcapWriter();

    /// A frame of `size` bytes that begins with `pieces`, now.
    void add(std::span<const iovec> pieces, size_t size);
    CaptureStatus status() const;
    /// Writes what was captured; how it went. Once.
    CaptureStatus finish();

private:
    PcapWriter(UniqueFd file, std::string path, uint32_t snapLength);
    void run();

    UniqueFd m_file;
    const uint32_t m_snapLength;
    mutable Mutex m_mutex;
    std::condition_variable m_changed;
    std::vector<std::byte> m_pending GUARDED_BY(m_mutex); ///< records not written
    CaptureStatus m_status GUARDED_BY(m_mutex);
    bool m_end GUARDED_BY(m_mutex) = false;
    std::thread m_thread;
};

} // namespace vmm::net
