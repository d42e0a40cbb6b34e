// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/appliance.h"

#include <cerrno>
#include <map>

#include <unistd.h>

#include "app/import/appliance_files.h"
#include "app/import/image_source.h"
#include "app/import/ovf.h"

namespace app::import {

namespace {

using vmm::Error;
using vmm::ErrorCode;
using Paths = std::vector<std::filesystem::path>;

/// Finished disks; removed again unless all of them are there in the end.
class Disks {
public:
    explicit Disks(const Appliance& appliance, const std::filesystem::path& folder)
    {
        for (size_t i = 0; i < appliance.disks.size(); ++i)
            m_paths.push_back(folder / ("disk" + std::to_string(i) + ".raw"));
    }
    Disks(const Disks&) = delete;
    Disks& operator=(const Disks&) = delete;
    ~Disks()
    {
        for (const std::filesystem::path& made : m_made)
            ::unlink(made.c_str());
    }

    const std::filesystem::path& path(size_t index) const { return m_paths[index]; }
    void made(size_t index) { m_made.push_back(m_paths[index]); }
    Paths keep()
    {
        m_made.clear();
        return m_paths;
    }

private:
    Paths m_paths;
    Paths m_made;
};

/// A disk the appliance describes without a file: empty.
vmm::Result<void> makeEmpty(const std::filesystem::path& path, uint64_t bytes)
{
    constexpr uint64_t kLongest = uint64_t{1} << 50;
    if (bytes == 0 || bytes > kLongest)
        return Error(ErrorCode::Invalid, "the size of a disk makes no sense");
    NewFile file = TRY(NewFile::create(path));
    if (::ftruncate(file.fd(), static_cast<off_t>(bytes)) != 0)
        return writeError(path, errno, 0);
    return file.keep();
}

vmm::Result<void> convertDisk(const std::filesystem::path& file, const std::string& name,
                              const std::filesystem::path& target, Part part)
{
    const ImageSource source = TRY(ImageSource::open(file, name));
    return convertPart(file, name, source.header.format, target, part);
}

vmm::Result<void> takeDisks(ApplianceFiles& files, const Appliance& appliance,
                            const std::filesystem::path& folder, Disks& disks, Part part)
{
    std::map<std::string, uint64_t> wanted;
    uint64_t total = 0;
    for (size_t i = 0; i < appliance.disks.size(); ++i) {
        const Appliance::Disk& disk = appliance.disks[i];
        if (disk.file.empty()) {
            TRY(makeEmpty(disks.path(i), disk.capacityBytes));
            disks.made(i);
        } else if (wanted.emplace(disk.file, TRY(files.bytesOf(disk.file))).second) {
            total += wanted[disk.file];
        }
    }
    TRY(checkRoom(folder, total));
    return files.visit(wanted, folder, part,
                       [&](const std::string& name, const std::filesystem::path& file,
                           Part each) -> vmm::Result<void> {
                           for (size_t i = 0; i < appliance.disks.size(); ++i) {
                               if (appliance.disks[i].file != name)
                                   continue;
                               TRY(convertDisk(file, shownName(name), disks.path(i), each));
                               disks.made(i);
                           }
                           return {};
                       });
}

} // namespace

vmm::Result<Appliance> readAppliance(const std::filesystem::path& file)
{
    const ApplianceFiles files = TRY(ApplianceFiles::open(file));
    auto appliance = parseOvf(files.description());
    if (!appliance)
        return std::move(appliance).error().within(files.name());
    for (const Appliance::Disk& disk : appliance->disks)
        if (!disk.file.empty())
            TRY(files.bytesOf(disk.file));
    if (appliance->name.empty())
        appliance->name = file.stem().string();
    return appliance;
}

vmm::Result<Paths> unpackAppliance(const std::filesystem::path& file, const Appliance& appliance,
                                   const std::filesystem::path& folder, library::Job& job)
{
    ApplianceFiles files = TRY(ApplianceFiles::open(file));
    Disks disks(appliance, folder);
    Part part(job);
    TRY(takeDisks(files, appliance, folder, disks, part));
    TRY(part.step(1, 1));
    return disks.keep();
}

} // namespace app::import
