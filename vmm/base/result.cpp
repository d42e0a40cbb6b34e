// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/base/result.h"

#include <cerrno>
#include <cstring>

namespace vmm {

namespace {

ErrorCode codeForErrno(int number)
{
    switch (number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return ErrorCode::NotFound;
    case EACCES:
    case EPERM:
    case EROFS:
        return ErrorCode::Permission;
    case ENOMEM:
    case ENOSPC:
    case EMFILE:
    case ENFILE:
        return ErrorCode::Exhausted;
    case EBUSY:
    case EAGAIN:
        return ErrorCode::Busy;
    case EINVAL:
        return ErrorCode::Invalid;
    case ENOSYS:
    case EOPNOTSUPP:
        return ErrorCode::Unsupported;
    default:
        return ErrorCode::Io;
    }
}

} // namespace

Error Error::fromErrno(std::string_view what, int number)
{
    char buffer[128];
    std::string sentence(what);
    sentence += ": ";
    sentence += ::strerror_r(number, buffer, sizeof buffer);
    return {codeForErrno(number), std::move(sentence)};
}

Error Error::within(std::string_view context) &&
{
    std::string sentence(context);
    sentence += ": ";
    sentence += m_sentence;
    return {m_code, std::move(sentence)};
}

} // namespace vmm
