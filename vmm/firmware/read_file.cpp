// SPDX-License-Identifier: GPL-3.0-or-later
// Whole-file reading with a size limit.
#include "vmm/firmware/read_file.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/unique_fd.h"

namespace vmm::firmware {

Result<Bytes> readFile(const std::string& path, uint64_t limit)
{
    // O_NONBLOCK: opening a FIFO by mistake must not hang.
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!file.valid() || ::fstat(file.get(), &status) != 0)
        return Error::fromErrno(path, errno);
    if (!S_ISREG(status.st_mode))
        return Error(ErrorCode::Invalid, fmt::format("{}: not a regular file", path));
    if (static_cast<uint64_t>(status.st_size) > limit)
        return Error(ErrorCode::Invalid, fmt::format("{}: larger than {} MiB", path, limit >> 20));
    Bytes bytes(static_cast<size_t>(status.st_size));
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t part = ::read(file.get(), bytes.data() + done, bytes.size() - done);
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return Error::fromErrno(path, errno);
        if (part == 0)
            return Error(ErrorCode::Io, fmt::format("{}: became shorter while reading", path));
        done += static_cast<size_t>(part);
    }
    return bytes;
}

} // namespace vmm::firmware
