// SPDX-License-Identifier: GPL-3.0-or-later
// The text inside or in place of a VMDK: Virtual Disk Format 5.0, "The Disk Descriptor File".
#include <algorithm>

#include "app/import/image_header.h"

namespace app::import {

namespace {

constexpr size_t kMaxExtents = 1024; // 2 TB in pieces of 2 GB

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlank = " \t\v\f\r";
    const size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool startsWithWord(std::string_view line, std::string_view word)
{
    return line.starts_with(word) && line.size() > word.size() &&
           (line[word.size()] == ' ' || line[word.size()] == '\t');
}

/// RW 4192256 SPARSE "disk-s001.vmdk" [offset]
void readExtent(std::string_view line, ImageHeader& header)
{
    const size_t open = line.find('"');
    const size_t close = line.rfind('"');
    if (open == std::string_view::npos || close == open)
        return; // a ZERO extent has no file
    if (header.extents.size() < kMaxExtents)
        header.extents.emplace_back(line.substr(open + 1, close - open - 1));
    else
        header.problem = "is made of too many pieces";
}

void readSetting(std::string_view line, ImageHeader& header)
{
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos)
        return;
    const std::string_view key = trimmed(line.substr(0, equals));
    const std::string_view value = trimmed(line.substr(equals + 1));
    if (key == "parentCID" && value != "ffffffff" && value != "FFFFFFFF")
        header.hasBackingFile = true;
    if (key == "parentFileNameHint")
        header.hasBackingFile = true;
}

} // namespace

void readVmdkDescription(std::string_view text, ImageHeader& header)
{
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (startsWithWord(line, "RW") || startsWithWord(line, "RDONLY") ||
            startsWithWord(line, "NOACCESS"))
            readExtent(line, header);
        else
            readSetting(line, header);
    }
}

} // namespace app::import
