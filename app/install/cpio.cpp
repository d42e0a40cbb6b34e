// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/install/cpio.h"

#include <array>
#include <cstdio>

namespace app::install {

namespace {

constexpr size_t kAlignment = 4;    // of names and contents
constexpr size_t kBlock = 512;      // of the whole
constexpr unsigned kMode = 0100600; // a regular file of root's

void pad(std::string& archive, size_t alignment)
{
    archive.resize((archive.size() + alignment - 1) / alignment * alignment, '\0');
}

void addMember(std::string& archive, size_t number, const std::string& name, unsigned mode,
               const std::string& content)
{
    std::array<char, 111> header{};
    // magic, ino, mode, uid, gid, nlink, mtime, filesize, maj, min, rmaj, rmin, namesize, chksum
    std::snprintf(header.data(), header.size(),
                  "070701%08zx%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", number, mode, 0U,
                  0U, 1U, 0U, content.size(), 0U, 0U, 0U, 0U, name.size() + 1, 0U);
    archive += header.data();
    archive += name;
    archive += '\0';
    pad(archive, kAlignment);
    archive += content;
    pad(archive, kAlignment);
}

} // namespace

std::string cpioArchive(const std::vector<os::ScriptFile>& files)
{
    std::string archive;
    size_t number = 0;
    for (const os::ScriptFile& file : files)
        addMember(archive, ++number, file.name, kMode, file.content);
    addMember(archive, 0, "TRAILER!!!", 0, {});
    pad(archive, kBlock);
    return archive;
}

} // namespace app::install
