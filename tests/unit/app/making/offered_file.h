// SPDX-License-Identifier: GPL-3.0-or-later
// Files as people drop them, small.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <QTemporaryDir>

#include "app/making/draft.h"

namespace tests {

constexpr uint64_t kGibibyte = uint64_t{1} << 30;
const app::making::HostMeans kMeans{8 * kGibibyte, 4, 100 * kGibibyte};

/// A file of 64 KiB of zeros with `words` at `offset`.
inline std::filesystem::path offeredFile(const QTemporaryDir& folder, const char* name,
                                         std::string_view words = {}, size_t offset = 0)
{
    std::string content(65536, '\0');
    content.replace(offset, words.size(), words);
    const auto path = std::filesystem::path(folder.path().toStdString()) / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

/// With the first volume descriptor of ECMA-119.
inline std::filesystem::path offeredDisc(const QTemporaryDir& folder, const char* name)
{
    return offeredFile(folder, name, "\1CD001", 32768);
}

} // namespace tests
