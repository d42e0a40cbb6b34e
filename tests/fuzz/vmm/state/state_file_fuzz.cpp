// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzzes the reader of saved machines. Every other input gets its section checksums put right
// first, so that what lies behind them is reached.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>
#include <zlib.h>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"
#include "vmm/base/unique_fd.h"
#include "vmm/state/state_file.h"

using namespace vmm;

namespace {

constexpr size_t kHeader = 16;
constexpr size_t kSectionHead = 16;

/// Walks the sections as their lengths say and writes the checksum each should have.
void mendChecksums(std::vector<uint8_t>& file)
{
    for (size_t at = kHeader; at <= file.size() && file.size() - at >= kSectionHead;) {
        const auto length = loadLe<uint64_t>(&file[at + 8]);
        const size_t payload = at + kSectionHead;
        if (length > file.size() - payload)
            return;
        const uLong sum = length == 0 ? 0 : ::crc32_z(0, &file[payload], length);
        storeLe<uint32_t>(&file[at + 4], static_cast<uint32_t>(sum));
        at = payload + length;
    }
}

UniqueFd fileOf(const std::vector<uint8_t>& bytes)
{
    UniqueFd fd(::memfd_create("state-file-fuzz", MFD_CLOEXEC));
    CHECK(fd.valid());
    CHECK(::write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    return fd;
}

} // namespace

/// The first byte says whether checksums are mended; the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size == 0)
        return 0;
    std::vector<uint8_t> bytes(data + 1, data + size);
    if (data[0] % 2 == 0)
        mendChecksums(bytes);
    const UniqueFd fd = fileOf(bytes);
    size_t seen = 0;
    const auto record = [&](const state::NamedRecord& named) -> Result<void> {
        seen += state::encode(named.record).size();
        return {};
    };
    const auto ram = [&](uint64_t offset, std::span<const std::byte> pages) -> Result<void> {
        CHECK(offset % 4096 == 0 && !pages.empty() && pages.size() % 4096 == 0);
        CHECK(pages.size() <= state::FileWriter::kMaxRun);
        seen += pages.size();
        return {};
    };
    const auto result = state::readFile("/proc/self/fd/" + std::to_string(fd.get()), record, ram);
    if (!result)
        CHECK(result.error().sentence().find('\n') == std::string::npos);
    return 0;
}
