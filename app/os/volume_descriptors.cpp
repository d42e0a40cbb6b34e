// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/os/volume_descriptors.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/base/bits.h"
#include "vmm/base/unique_fd.h"

namespace app::os {

namespace {

constexpr size_t kSector = 2048;
constexpr off_t kFirst = 16; // the system area is 16 sectors (section 6.2.1)
constexpr int kMost = 64;    // real discs have three or four
using Sector = std::array<uint8_t, kSector>;

enum Type : uint8_t { Boot = 0, Primary = 1, Terminator = 255 }; // section 8.1.1

vmm::Error noImage(const std::filesystem::path& file)
{
    return vmm::Error(vmm::ErrorCode::Invalid, file.string() + ": this is no disc image");
}

vmm::Result<vmm::UniqueFd> openRegular(const std::filesystem::path& file)
{
    // Not blocking: a pipe of that name would make open() wait.
    vmm::UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid())
        return vmm::Error::fromErrno(file.string(), errno);
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0)
        return vmm::Error::fromErrno(file.string(), errno);
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
        return noImage(file);
    return fd;
}

std::string field(const Sector& sector, size_t offset, size_t length)
{
    std::string text(reinterpret_cast<const char*>(sector.data()) + offset, length);
    text.erase(std::min(text.find('\0'), text.size()));
    for (char& letter : text)
        if (letter < 0x20 || letter > 0x7e)
            letter = '_';
    const size_t first = text.find_first_not_of(' ');
    if (first == std::string::npos)
        return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// Section 8.4.
void readPrimary(const Sector& sector, VolumeDescriptors& volume)
{
    volume.system = field(sector, 8, 32);
    volume.volume = field(sector, 40, 32);
    volume.publisher = field(sector, 318, 128);
    volume.application = field(sector, 574, 128);
    volume.volumeBytes = uint64_t{vmm::loadLe<uint32_t>(sector.data() + 80)} *
                         vmm::loadLe<uint16_t>(sector.data() + 128);
}

bool isBootRecord(const Sector& sector)
{
    constexpr std::string_view kElTorito = "EL TORITO SPECIFICATION";
    return std::memcmp(sector.data() + 7, kElTorito.data(), kElTorito.size()) == 0;
}

} // namespace

vmm::Result<VolumeDescriptors> readVolumeDescriptors(const std::filesystem::path& file)
{
    const vmm::UniqueFd fd = TRY(openRegular(file));
    VolumeDescriptors volume;
    bool primary = false;
    Sector sector{};
    for (int i = 0; i < kMost; ++i) {
        const ssize_t got =
            ::pread(fd.get(), sector.data(), kSector, (kFirst + i) * static_cast<off_t>(kSector));
        if (got < 0)
            return vmm::Error::fromErrno(file.string(), errno);
        if (static_cast<size_t>(got) < kSector || std::memcmp(sector.data() + 1, "CD001", 5) != 0 ||
            sector[0] == Terminator)
            break;
        if (sector[0] == Primary && !primary) {
            readPrimary(sector, volume);
            primary = true;
        }
        volume.bootable = volume.bootable || (sector[0] == Boot && isBootRecord(sector));
    }
    if (!primary)
        return noImage(file);
    return volume;
}

} // namespace app::os
