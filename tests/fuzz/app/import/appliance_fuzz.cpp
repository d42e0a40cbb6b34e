// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: the archive of an appliance, its manifest and its files' names. What comes out of it
// lies in the folder it was meant for and is gone afterwards.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "app/import/appliance_files.h"
#include "vmm/base/check.h"
#include "vmm/base/unique_fd.h"

namespace {

namespace fs = std::filesystem;
using app::import::ApplianceFiles;
using app::import::Part;

void visit(ApplianceFiles& files, const fs::path& folder)
{
    std::map<std::string, uint64_t> wanted;
    for (const char* name : {"one.vmdk", "two.vmdk"})
        if (const auto bytes = files.bytesOf(name))
            wanted.emplace(name, *bytes);
    CHECK(!files.bytesOf("../one.vmdk").has_value());
    app::library::Job job;
    const auto take = [&](const std::string& name, const fs::path& file,
                          Part /*part*/) -> vmm::Result<void> {
        CHECK(wanted.contains(name) && file.parent_path() == folder);
        return {};
    };
    (void)files.visit(wanted, folder, Part(job), take);
    CHECK(fs::is_empty(folder));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    std::string folder = (fs::temp_directory_path() / "appliance-fuzz-XXXXXX").string();
    CHECK(::mkdtemp(folder.data()) != nullptr);
    const vmm::UniqueFd memory(::memfd_create("appliance", MFD_CLOEXEC));
    CHECK(memory.valid() && ::write(memory.get(), data, size) == static_cast<ssize_t>(size));
    // Opened by name, as a person's file: no folder of the host is beside it.
    const fs::path file = "/proc/self/fd/" + std::to_string(memory.get());
    if (auto files = ApplianceFiles::open(file))
        visit(*files, folder);
    fs::remove(folder);
    return 0;
}
