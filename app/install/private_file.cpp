// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/install/private_file.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace app::install {

namespace {

vmm::Result<void> syncFolder(const std::filesystem::path& folder)
{
    const vmm::UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid() || ::fsync(fd.get()) != 0)
        return vmm::Error::fromErrno(folder.string(), errno);
    return {};
}

} // namespace

vmm::Result<PrivateFile> PrivateFile::create(const std::filesystem::path& file)
{
    std::filesystem::path part = file;
    part += ".part";
    ::unlink(part.c_str()); // of a program that died; O_EXCL then refuses whatever else is there
    vmm::UniqueFd fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                            S_IRUSR | S_IWUSR));
    if (!fd.valid())
        return vmm::Error::fromErrno(part.string(), errno);
    return PrivateFile(file, std::move(part), std::move(fd));
}

PrivateFile::~PrivateFile()
{
    if (m_fd.valid())
        ::unlink(m_part.c_str());
}

vmm::Result<void> PrivateFile::write(std::span<const char> bytes)
{
    while (!bytes.empty()) {
        const ssize_t done = ::write(m_fd.get(), bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return vmm::Error::fromErrno(m_file.string(), errno);
        bytes = bytes.subspan(static_cast<size_t>(done));
    }
    return {};
}

vmm::Result<void> PrivateFile::finish()
{
    if (::fsync(m_fd.get()) != 0 || ::rename(m_part.c_str(), m_file.c_str()) != 0)
        return vmm::Error::fromErrno(m_file.string(), errno);
    m_fd.reset();
    return syncFolder(m_file.parent_path());
}

} // namespace app::install
