// SPDX-License-Identifier: GPL-3.0-or-later
// Unix stream sockets at a path: listening for the user who started us, and connecting. unix(7).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>

#include "vmm/base/fd_watch.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"

namespace vmm::console {

/// A connected, non-blocking socket to whoever listens at `path`; does not wait: a listener with a
/// full queue is Busy.
Result<UniqueFd> connectUnix(const std::string& path);

/// Listens at a path that only its owner may connect to. A socket that nobody listens to any more
/// is replaced; anything else that is there stays, and is an Error. Removes the path in the end.
/// Thread: the loop's; made and destroyed anywhere.
class UnixListener {
public:
    /// What sun_path holds, less the 0 at its end.
    static constexpr size_t kMaxPath = 107;

    /// Calls `accepted` on the loop's thread with each client, non-blocking.
    static Result<std::unique_ptr<UnixListener>> create(EventLoop& loop, std::string path,
                                                        std::function<void(UniqueFd)> accepted);
    ~UnixListener();
    const std::string& path() const { return m_path; }

private:
    explicit UnixListener(std::string path) : m_path(std::move(path)) {}
    Result<void> bind();
    Result<void> clearPath();
    void accept(const std::function<void(UniqueFd)>& accepted);

    std::string m_path;
    dev_t m_device = 0; ///< of the socket in the file system: to remove no other
    ino_t m_inode = 0;
    UniqueFd m_socket;
    UniqueFd m_spare; ///< given up for a moment to refuse clients when descriptors have run out
    FdWatch m_watch;
};

} // namespace vmm::console
