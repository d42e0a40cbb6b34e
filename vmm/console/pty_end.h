// SPDX-License-Identifier: GPL-3.0-or-later
// A pseudo-terminal as the host's end of a port. pty(7).
#pragma once

#include <memory>

#include "vmm/base/fd_watch.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/console/byte_end.h"

namespace vmm::console {

/// The master of a new pseudo-terminal in raw mode. Connected while somebody has it open; it may be
/// closed and opened again and again.
class PtyEnd final : public ByteEnd {
public:
    static Result<std::unique_ptr<PtyEnd>> create(EventLoop& loop);

    bool connected() const override { return m_connected; }
    size_t write(std::span<const std::byte> bytes) override;
    size_t read(std::span<std::byte> to) override;
    std::string path() const override { return m_name; }

private:
    PtyEnd() = default;
    Result<void> open();
    void ready();
    void opened();
    void failed(int error, unsigned wanted);

    std::string m_name;
    UniqueFd m_master;
    UniqueFd m_opens; ///< inotify: somebody opened the terminal, which the master does not tell
    bool m_connected = false;
    FdWatch m_watch;
    FdWatch m_openWatch;
};

} // namespace vmm::console
