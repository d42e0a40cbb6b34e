// SPDX-License-Identifier: GPL-3.0-or-later
// Works on a library without end until it is killed, or checks what such a death left behind.
//   library_worker work ROOT OTHER SEED    library_worker check ROOT OTHER
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <unistd.h>

#include "app/library/library.h"

using namespace app::library;
namespace fs = std::filesystem;
using vmm::Result;

namespace {

constexpr size_t kDiskBytes = size_t{1} << 20;
constexpr size_t kKept = 3; // machines that are never deleted: their notes say "kept N"

struct Place {
    fs::path root;
    fs::path other; ///< on another file system where there is one
    fs::path home() const { return root / "machines"; }
    fs::path exported(unsigned number) const
    {
        return root / ("export" + std::to_string(number) + ".vitrine.tar.zst");
    }
};

Result<Library> openLibrary(const Place& place)
{
    Library library = TRY(Library::open(place.home(), place.root / "library.toml"));
    TRY(library.addFolder(place.other));
    return library;
}

/// The first half of every disk: bytes that say where they belong; the rest is a hole.
std::string diskContent()
{
    std::string content;
    for (unsigned i = 0; content.size() < kDiskBytes / 2; ++i)
        content += std::to_string(i * 2654435761u) + " ";
    content.resize(kDiskBytes / 2);
    return content;
}

Result<MachineEntry> makeMachine(const Library& library, const Place& place,
                                 const std::string& notes)
{
    const fs::path source = place.root / "source.raw";
    std::ofstream(source, std::ios::binary | std::ios::trunc) << diskContent();
    MachineConfig config;
    config.hardware.name = "Machine";
    config.notes = notes;
    config.hardware.drives = {{vmm::spec::DriveKind::Disk, "", vmm::spec::DriveBus::VirtioBlk}};
    Job job;
    return library.create(config, {{kDiskBytes, source, notes.empty()}}, job);
}

// --- working

struct Worker {
    Place place;
    Library library;
    std::mt19937 random;

    unsigned below(unsigned count) { return static_cast<unsigned>(random() % count); }
    MachineEntry any(const std::vector<MachineEntry>& all)
    {
        return all[below(static_cast<unsigned>(all.size()))];
    }
};

/// Errors are part of the game (a name that is taken); what counts is what is on the disk.
void workOnce(Worker& worker)
{
    constexpr size_t kMany = 8;
    const std::vector<MachineEntry> all = worker.library.machines();
    const MachineEntry machine = worker.any(all);
    const std::string& id = machine.config.id;
    Job job;
    switch (all.size() > kMany ? 4 : worker.below(8)) {
    case 0:
        (void)makeMachine(worker.library, worker.place, "");
        break;
    case 1:
        if (auto bundle = Bundle::open(machine.bundle))
            (void)bundle->change([&](MachineConfig& config) -> Result<void> {
                config.hardware.cpus = 1 + worker.below(8);
                config.hardware.nics.resize(1 + worker.below(3));
                return {};
            });
        break;
    case 2:
        if (const auto clone = worker.library.clone(id, "", job))
            if (auto bundle = Bundle::open(clone->bundle))
                (void)bundle->change([](MachineConfig& config) -> Result<void> {
                    config.notes.clear();
                    return {};
                });
        break;
    case 3:
        (void)worker.library.rename(id, "Name " + std::to_string(worker.below(100)));
        break;
    case 4:
        if (machine.config.notes.empty())
            if (const auto deleted = worker.library.remove(id); deleted && worker.below(2) == 0)
                (void)worker.library.restore(*deleted);
        break;
    case 5:
        (void)worker.library.exportTo(id, worker.place.exported(worker.below(2)), job);
        break;
    case 6:
        (void)worker.library.importFrom(worker.place.exported(worker.below(2)), job);
        break;
    default:
        (void)worker.library.moveTo(
            id, worker.below(2) == 0 ? worker.place.other : worker.place.home(), job);
    }
}

int work(const Place& place, unsigned seed)
{
    auto library = openLibrary(place);
    if (!library) {
        std::fprintf(stderr, "%s\n", library.error().sentence().c_str());
        return 1;
    }
    const auto all = library->machines();
    for (size_t i = 0; i < kKept; ++i) {
        const std::string notes = "kept " + std::to_string(i);
        const bool there = std::any_of(all.begin(), all.end(), [&](const MachineEntry& entry) {
            return entry.config.notes == notes;
        });
        if (!there && fs::exists(place.root / "begun"))
            return 1; // it was there once
        if (!there && !makeMachine(*library, place, notes))
            return 1;
    }
    std::ofstream(place.root / "begun");
    std::puts("working");
    std::fflush(stdout);
    Worker worker{place, *std::move(library), std::mt19937(seed)};
    for (;;)
        workOnce(worker);
}

// --- checking

int problems = 0;

void complain(const std::string& what)
{
    ++problems;
    std::fprintf(stderr, "%s\n", what.c_str());
}

void checkDisk(const fs::path& bundle)
{
    std::ifstream in(bundle / "disk0.raw", std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    if (content != diskContent() + std::string(kDiskBytes / 2, '\0'))
        complain(bundle.string() + ": its disk is not whole");
}

void checkMachines(const Library& library)
{
    std::map<std::string, int> kept;
    std::set<std::string> names;
    for (const MachineEntry& entry : library.machines()) {
        if (!entry.problem.empty())
            complain(entry.problem);
        if (entry.running)
            complain(entry.bundle.string() + ": held by nobody, and yet held");
        if (!names.insert(entry.config.name()).second)
            complain(entry.config.name() + ": twice");
        checkDisk(entry.bundle);
        ++kept[entry.config.notes];
    }
    for (size_t i = 0; i < kKept; ++i)
        if (kept["kept " + std::to_string(i)] < 1)
            complain("kept " + std::to_string(i) + " is gone");
}

/// What is in the folders besides machines: nothing that a dead program left half.
void checkLeftovers(const fs::path& folder)
{
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.path().extension() != Bundle::kSuffix)
            complain(entry.path().string() + ": left behind");
}

void checkTrash(const Place& place)
{
    for (const fs::path& files :
         {place.root / "data/Trash/files",
          place.other.parent_path() / (".Trash-" + std::to_string(::geteuid())) / "files"}) {
        std::error_code failed;
        for (const auto& entry : fs::directory_iterator(files, failed)) {
            if (entry.path().extension() != Bundle::kSuffix)
                continue;
            if (const auto bundle = Bundle::open(entry.path()); !bundle)
                complain(bundle.error().sentence());
            else
                checkDisk(entry.path());
        }
        fs::remove_all(files.parent_path(), failed); // or it grows with each death
    }
}

int check(const Place& place)
{
    const auto library = openLibrary(place);
    if (!library) {
        complain(library.error().sentence());
        return 1;
    }
    checkMachines(*library);
    checkLeftovers(place.home());
    checkLeftovers(place.other);
    checkTrash(place);
    for (const unsigned number : {0u, 1u}) {
        Job job;
        if (!fs::exists(place.exported(number)))
            continue;
        const auto imported = library->importFrom(place.exported(number), job);
        if (!imported) {
            complain(imported.error().sentence());
            continue;
        }
        checkDisk(imported->bundle);
        fs::remove_all(imported->bundle);
    }
    return problems == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv)
{
    const std::vector<std::string> arguments(argv, argv + argc);
    if (argc == 5 && arguments[1] == "work")
        return work({arguments[2], arguments[3]}, static_cast<unsigned>(std::stoul(arguments[4])));
    if (argc == 4 && arguments[1] == "check")
        return check({arguments[2], arguments[3]});
    std::fprintf(stderr, "library_worker work|check ROOT OTHER [SEED]\n");
    return 2;
}
