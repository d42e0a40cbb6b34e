// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/appliance_files.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "app/import/archive_reader.h"
#include "app/import/ovf.h"
#include "app/import/sparse_writer.h"

namespace app::import {

namespace {

using vmm::Error;
using vmm::ErrorCode;

constexpr size_t kMaxEntries = 1000;
constexpr size_t kBlock = size_t{256} * 1024;
// Of the work on one file of an archive; converting it is the rest.
constexpr double kUnpackShare = 0.3;

std::string_view withoutDot(std::string_view name)
{
    while (name.starts_with("./"))
        name.remove_prefix(2);
    return name;
}

bool endsWith(std::string_view name, std::string_view suffix)
{
    return name.size() > suffix.size() &&
           std::equal(suffix.rbegin(), suffix.rend(), name.rbegin(), [](char a, char b) {
               return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
           });
}

vmm::Result<std::string> readText(ArchiveReader& reader, size_t most, const std::string& name)
{
    std::string text(most + 1, '\0');
    size_t have = 0;
    while (have < text.size()) {
        const size_t count =
            TRY(reader.read(std::as_writable_bytes(std::span(text).subspan(have))));
        if (count == 0)
            break;
        have += count;
    }
    if (have > most)
        return Error(ErrorCode::Invalid, name + " is damaged: its description is too long");
    text.resize(have);
    return text;
}

vmm::Result<std::string> readWhole(const OpenFile& file, size_t most, const std::string& name)
{
    if (file.bytes > most)
        return Error(ErrorCode::Invalid, name + " is too long for what it is");
    std::string text(file.bytes, '\0');
    text.resize(TRY(readAt(file, 0, std::as_writable_bytes(std::span(text)), name)));
    return text;
}

bool isTar(const OpenFile& file, const std::string& name)
{
    std::array<std::byte, 262> start{};
    const auto count = readAt(file, 0, start, name);
    return count && *count == start.size() && std::memcmp(&start[257], "ustar", 5) == 0;
}

uint64_t sumOfLengths(const std::map<std::string, uint64_t>& files)
{
    uint64_t total = 0;
    for (const auto& [name, bytes] : files)
        total += bytes;
    return total;
}

/// Which slice of the whole each file gets.
class Slices {
public:
    Slices(Part whole, uint64_t total) : m_whole(whole), m_total(std::max<uint64_t>(total, 1)) {}

    Part next(uint64_t bytes)
    {
        const double from = static_cast<double>(m_done) / static_cast<double>(m_total);
        m_done = std::min(m_done + bytes, m_total);
        return m_whole.slice(from, static_cast<double>(m_done) / static_cast<double>(m_total));
    }

private:
    Part m_whole;
    uint64_t m_total;
    uint64_t m_done = 0;
};

} // namespace

vmm::Result<ApplianceFiles> ApplianceFiles::open(const std::filesystem::path& file)
{
    ApplianceFiles files;
    files.m_path = file;
    files.m_name = shownName(file);
    files.m_file = TRY(openRegular(file));
    files.m_archive = isTar(files.m_file, files.m_name);
    if (files.m_archive)
        TRY(files.scanArchive());
    else
        TRY(files.readFolder());
    TRY(files.checkDescription());
    return files;
}

vmm::Result<void> ApplianceFiles::scanArchive()
{
    ArchiveReader reader = TRY(ArchiveReader::openTar(m_file.fd.get(), m_name));
    std::string manifest;
    for (size_t count = 0; const auto entry = TRY(reader.next()); ++count) {
        if (count == kMaxEntries)
            return Error(ErrorCode::Invalid, m_name + " holds too many files");
        const std::string name(withoutDot(entry->name));
        if (!entry->regular || !isPlainName(name))
            continue;
        m_lengths.emplace(name, entry->bytes);
        if (endsWith(name, ".ovf") && m_descriptionName.empty()) {
            m_descriptionName = name;
            m_description = TRY(readText(reader, kMaxOvfBytes, m_name));
        } else if (endsWith(name, ".mf") && manifest.empty()) {
            manifest = TRY(readText(reader, kMaxManifestBytes, m_name));
        }
    }
    if (m_descriptionName.empty())
        return Error(ErrorCode::Invalid, m_name + " holds no description of a machine (.ovf)");
    auto sums = parseManifest(manifest);
    if (!sums)
        return std::move(sums).error().within(m_name);
    m_manifest = *std::move(sums);
    return {};
}

vmm::Result<void> ApplianceFiles::readFolder()
{
    m_descriptionName = m_path.filename().string();
    m_description = TRY(readWhole(m_file, kMaxOvfBytes, m_name));
    std::filesystem::path beside = m_path;
    beside.replace_extension(".mf");
    auto file = openRegular(beside, true);
    if (!file && file.error().code() == ErrorCode::NotFound)
        return {};
    if (!file)
        return std::move(file).error();
    auto sums = parseManifest(TRY(readWhole(*file, kMaxManifestBytes, shownName(beside))));
    if (!sums)
        return std::move(sums).error().within(m_name);
    m_manifest = *std::move(sums);
    return {};
}

vmm::Result<void> ApplianceFiles::checkDescription()
{
    Summing summing(sumOf(m_descriptionName));
    summing.add(std::as_bytes(std::span(m_description)));
    if (!summing.matches())
        return wrongSum(m_descriptionName);
    return {};
}

const Checksum* ApplianceFiles::sumOf(const std::string& name) const
{
    const auto found = m_manifest.find(name);
    return found == m_manifest.end() ? nullptr : &found->second;
}

Error ApplianceFiles::wrongSum(const std::string& name) const
{
    return {ErrorCode::Invalid, m_name + " is damaged: " + shownName(name) +
                                    " is not what its manifest says; download or copy it again"};
}

vmm::Result<uint64_t> ApplianceFiles::bytesOf(const std::string& name) const
{
    const Error missing(ErrorCode::NotFound,
                        m_name + " is not complete: " + shownName(name) +
                            (m_archive ? " is missing in it" : " is missing beside it"));
    if (!isPlainName(name))
        return Error(ErrorCode::Invalid, m_name + " refers to a file in another place");
    if (m_archive) {
        const auto found = m_lengths.find(name);
        if (found == m_lengths.end())
            return missing;
        return found->second;
    }
    auto file = openRegular(m_path.parent_path() / name, true);
    if (!file && file.error().code() == ErrorCode::NotFound)
        return missing;
    if (!file)
        return std::move(file).error().within(m_name);
    return file->bytes;
}

vmm::Result<void> ApplianceFiles::visit(const std::map<std::string, uint64_t>& wanted,
                                        const std::filesystem::path& folder, Part part,
                                        const Take& take)
{
    return m_archive ? visitArchive(wanted, folder, part, take) : visitFolder(wanted, part, take);
}

vmm::Result<void> ApplianceFiles::visitArchive(std::map<std::string, uint64_t> wanted,
                                               const std::filesystem::path& folder, Part part,
                                               const Take& take)
{
    Slices slices(part, sumOfLengths(wanted));
    std::vector<std::byte> buffer(kBlock);
    ArchiveReader reader = TRY(ArchiveReader::openTar(m_file.fd.get(), m_name));
    while (!wanted.empty()) {
        const auto entry = TRY(reader.next());
        if (!entry)
            return Error(ErrorCode::Invalid, m_name + " has changed while it was read");
        const std::string name(withoutDot(entry->name));
        if (!entry->regular || wanted.erase(name) == 0)
            continue;
        const Part slice = slices.next(entry->bytes);
        Part unpacking = slice.slice(0.0, kUnpackShare);
        const NewFile file = TRY(NewFile::create(folder / ".unpacked"));
        SparseWriter writer(file.fd(), file.path());
        Summing summing(sumOf(name));
        while (const size_t count = TRY(reader.read(buffer))) {
            summing.add(std::span(buffer).first(count));
            TRY(writer.append(std::span(buffer).first(count)));
            TRY(unpacking.step(writer.bytes(), entry->bytes));
        }
        TRY(writer.finish());
        if (!summing.matches())
            return wrongSum(name);
        TRY(take(name, file.path(), slice.slice(kUnpackShare, 1.0)));
    }
    return {};
}

vmm::Result<void> ApplianceFiles::visitFolder(const std::map<std::string, uint64_t>& wanted,
                                              Part part, const Take& take)
{
    Slices slices(part, sumOfLengths(wanted));
    std::vector<std::byte> buffer(kBlock);
    for (const auto& [name, bytes] : wanted) {
        const Part slice = slices.next(bytes);
        Part summed = slice.slice(0.0, kUnpackShare);
        const std::filesystem::path path = m_path.parent_path() / name;
        const OpenFile file = TRY(openRegular(path, true));
        const Checksum* const sum = sumOf(name);
        Summing summing(sum);
        for (uint64_t at = 0; sum != nullptr && at < file.bytes;) {
            const size_t count = TRY(readAt(file, at, buffer, shownName(name)));
            if (count == 0)
                break;
            summing.add(std::span(buffer).first(count));
            at += count;
            TRY(summed.step(at, file.bytes));
        }
        if (!summing.matches())
            return wrongSum(name);
        TRY(take(name, path, slice.slice(kUnpackShare, 1.0)));
    }
    return {};
}

} // namespace app::import
