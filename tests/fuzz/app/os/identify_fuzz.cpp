// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: what a disc image is. The input is the image from its first volume descriptor on
// (sector 16); before it are zeros.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <unistd.h>

#include "app/os/iso_reader.h"
#include "app/os/os_database.h"
#include "vmm/base/check.h"
#include "vmm/base/unique_fd.h"

namespace {

constexpr off_t kSystemArea = 16 * 2048;
constexpr size_t kMostRead = 4096;

/// An unnamed file that has a path all the same.
std::string pathOf(const vmm::UniqueFd& file)
{
    return "/proc/self/fd/" + std::to_string(file.get());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    static const auto database = app::os::OsDatabase::load();
    const vmm::UniqueFd file(::memfd_create("image", MFD_CLOEXEC));
    CHECK(file.valid());
    CHECK(::pwrite(file.get(), data, size, kSystemArea) == static_cast<ssize_t>(size));
    const auto text = app::os::readSmallIsoFile(pathOf(file), ".treeinfo", kMostRead);
    CHECK(!text || text->size() <= kMostRead);
    if (!database)
        return 0;
    const auto facts = (*database)->identify(pathOf(file));
    if (!facts)
        return 0;
    CHECK(!facts->name.empty());
    for (const char letter : facts->name)
        CHECK(letter >= 0x20 && letter < 0x7f);
    CHECK(facts->osId.empty() == facts->osName.empty());
    CHECK(facts->osId.empty() || (*database)->find(facts->osId));
    return 0;
}
