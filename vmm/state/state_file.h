// SPDX-License-Identifier: GPL-3.0-or-later
// The file a machine is saved in: magic, version, sections with length and CRC. RAM pages that are
// zero are not stored. All numbers little-endian.
//
//   header   8 bytes "VITRINE\x1a", u32 format version, u32 zero
//   section  u32 kind, u32 CRC-32 (zlib) of the payload, u64 length, payload
//     record   u32 length of the participant's name, name, CBOR record (state.h)
//     ram      u64 offset in RAM, 1 to 256 pages
//     end      u64 number of sections before it; nothing follows
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/state/state.h"

namespace vmm::state {

/// A participant's record in a file.
struct NamedRecord {
    std::string participant;
    Record record;
};

/// Writes a state file under a temporary name next to `path`; finish() makes it durable and visible
/// in one step, anything less leaves an older file at `path` untouched and no temporary behind. One
/// thread.
class FileWriter {
public:
    static Result<FileWriter> create(const std::string& path);
    FileWriter(FileWriter&& other) noexcept;
    ~FileWriter();

    Result<void> writeRecord(const std::string& participant, const Record& record);
    /// `pages`: a multiple of 4096 bytes, at most kMaxRun.
    Result<void> writeRam(uint64_t offset, std::span<const std::byte> pages);
    /// fsync, rename, fsync of the folder.
    Result<void> finish();

    static constexpr size_t kMaxRun = size_t{1} << 20;

private:
    FileWriter(std::string path, std::string temporary, UniqueFd fd)
        : m_path(std::move(path)), m_temporary(std::move(temporary)), m_fd(std::move(fd))
    {}
    Result<void> writeSection(uint32_t kind, std::span<const std::byte> head,
                              std::span<const std::byte> body);
    Result<void> writeAll(std::span<const std::byte> bytes);

    std::string m_path;
    std::string m_temporary; // empty once renamed or moved from
    UniqueFd m_fd;
    uint64_t m_sections = 0;
};

/// Where RAM pages go while a file is read; an Error ends the reading.
using RamSink = std::function<Result<void>(uint64_t offset, std::span<const std::byte> pages)>;
using RecordSink = std::function<Result<void>(NamedRecord)>;

/// Reads a whole state file: every record and RAM run in file order, each CRC checked before it is
/// handed over, and the end section. Hostile input gives an Error naming the file. The sinks have
/// seen part of the file then. One thread.
Result<void> readFile(const std::string& path, const RecordSink& record, const RamSink& ram);

} // namespace vmm::state
