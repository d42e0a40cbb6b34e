// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/files.h"

#include <array>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace app::import {

namespace {

using vmm::Error;
using vmm::ErrorCode;

uint64_t freeBytes(const std::filesystem::path& folder)
{
    struct statvfs facts = {};
    if (::statvfs(folder.c_str(), &facts) != 0)
        return UINT64_MAX; // the write will tell
    return uint64_t{facts.f_bavail} * facts.f_frsize;
}

Error noRoom(const std::filesystem::path& folder, uint64_t needed, uint64_t left)
{
    std::string sentence = "there is not enough room on " + folder.string() + ": ";
    if (needed != 0)
        sentence += sizeInWords(needed) + " needed, ";
    return {ErrorCode::Exhausted, sentence + sizeInWords(left) + " free"};
}

std::filesystem::path folderOf(const std::filesystem::path& file)
{
    return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

} // namespace

std::string shownName(const std::filesystem::path& file)
{
    std::string name = file.filename().string();
    for (char& character : name)
        if (static_cast<unsigned char>(character) < 0x20 || character == 0x7f)
            character = '?';
    return name;
}

vmm::Result<OpenFile> openRegular(const std::filesystem::path& file, bool ownNameOnly)
{
    // Not blocking: a pipe would wait for somebody to write.
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (ownNameOnly ? O_NOFOLLOW : 0);
    OpenFile open{vmm::UniqueFd(::open(file.c_str(), flags)), 0};
    if (!open.fd.valid() && errno == ELOOP)
        return Error(ErrorCode::Invalid, shownName(file) + " is a link to somewhere else");
    if (!open.fd.valid())
        return Error::fromErrno(shownName(file) + " cannot be opened", errno);
    struct stat facts = {};
    if (::fstat(open.fd.get(), &facts) != 0)
        return Error::fromErrno(shownName(file), errno);
    if (!S_ISREG(facts.st_mode))
        return Error(ErrorCode::Invalid, shownName(file) + " is not a file");
    open.bytes = static_cast<uint64_t>(facts.st_size);
    return open;
}

vmm::Result<size_t> readAt(const OpenFile& file, uint64_t offset, std::span<std::byte> to,
                           const std::string& name)
{
    size_t have = 0;
    while (have < to.size()) {
        const ssize_t count = ::pread(file.fd.get(), to.data() + have, to.size() - have,
                                      static_cast<off_t>(offset + have));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return Error::fromErrno(name + " cannot be read", errno);
        if (count == 0)
            break;
        have += static_cast<size_t>(count);
    }
    return have;
}

vmm::Result<void> checkRoom(const std::filesystem::path& folder, uint64_t bytes)
{
    const uint64_t left = freeBytes(folder);
    if (left < bytes)
        return noRoom(folder, bytes, left);
    return {};
}

Error writeError(const std::filesystem::path& file, int number, uint64_t needed)
{
    const std::filesystem::path folder = folderOf(file);
    if (number == ENOSPC || number == EDQUOT)
        return noRoom(folder, needed, freeBytes(folder));
    if (number == EFBIG)
        return {ErrorCode::Exhausted, folder.string() + " cannot hold files as large as " +
                                          shownName(file) + ": choose another disk"};
    return Error::fromErrno(shownName(file) + " cannot be written", number);
}

vmm::Result<NewFile> NewFile::create(const std::filesystem::path& path)
{
    vmm::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                            S_IRUSR | S_IWUSR));
    if (!fd.valid() && errno == EEXIST)
        return Error(ErrorCode::Invalid, path.string() + " is there already");
    if (!fd.valid())
        return writeError(path, errno, 0);
    return NewFile(path, std::move(fd));
}

NewFile::~NewFile()
{
    if (m_fd.valid())
        ::unlink(m_path.c_str());
}

vmm::Result<void> NewFile::keep()
{
    if (::fsync(m_fd.get()) != 0)
        return writeError(m_path, errno, 0);
    const std::filesystem::path folder = folderOf(m_path);
    const vmm::UniqueFd parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent.valid() || ::fsync(parent.get()) != 0)
        return writeError(folder, errno, 0);
    m_fd.reset();
    return {};
}

std::string sizeInWords(uint64_t bytes)
{
    constexpr std::array kUnits = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
    auto amount = static_cast<double>(bytes);
    size_t unit = 0;
    while (amount >= 999.95 && unit + 1 < kUnits.size()) {
        amount /= 1000;
        ++unit;
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", amount,
                  kUnits[unit]);
    return text.data();
}

} // namespace app::import
