// SPDX-License-Identifier: GPL-3.0-or-later
// Search path and checks of the SeaBIOS images. Option ROM header: PCI Firmware 3.0 section 5.2.
#include "vmm/firmware/seabios.h"

#include <bit>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "vmm/firmware/read_file.h"

namespace vmm::firmware {

namespace {

constexpr const char* kBiosName = "bios-256k.bin";
constexpr const char* kVgaBiosName = "vgabios-stdvga.bin";
constexpr uint64_t kMinBios = uint64_t{64} << 10;
constexpr uint64_t kMaxBios = uint64_t{16} << 20;
constexpr uint64_t kMaxVgaBios = uint64_t{256} << 10;

bool isThere(const std::filesystem::path& path)
{
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
}

Result<std::string> findImage(const std::string& name, const std::vector<std::string>& folders)
{
    for (const std::string& folder : folders) {
        const auto path = std::filesystem::path(folder) / name;
        if (isThere(path))
            return path.string();
    }
    return Error(ErrorCode::NotFound,
                 fmt::format("{} not found; it is part of the package \"seabios\" (searched {})",
                             name, fmt::join(folders, ", ")));
}

Result<Bytes> readBios(const std::string& path)
{
    Bytes image = TRY(readFile(path, kMaxBios));
    if (image.size() < kMinBios || !std::has_single_bit(image.size()))
        return Error(ErrorCode::Invalid,
                     fmt::format("{}: not a BIOS image, {} bytes are not a power of two from "
                                 "64 KiB to 16 MiB",
                                 path, image.size()));
    return image;
}

Result<Bytes> readVgaBios(const std::string& path)
{
    Bytes image = TRY(readFile(path, kMaxVgaBios));
    if (image.size() < 512 || image[0] != std::byte{0x55} || image[1] != std::byte{0xaa})
        return Error(ErrorCode::Invalid, fmt::format("{}: not an option ROM", path));
    return image;
}

} // namespace

std::vector<std::string> firmwareFolders()
{
    std::vector<std::string> folders;
    if (const char* variable = std::getenv("VITRINE_FIRMWARE_PATH")) {
        std::string_view rest(variable);
        while (!rest.empty()) {
            const size_t end = std::min(rest.find(':'), rest.size());
            if (end > 0)
                folders.emplace_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    for (const char* folder :
         {"/app/share/seabios", "/usr/share/seabios", "/usr/local/share/seabios", "/usr/share/qemu",
          "/usr/local/share/qemu", "/usr/share/qemu-kvm", "/usr/share/seavgabios"})
        folders.emplace_back(folder);
    return folders;
}

Result<SeaBios> loadSeaBios(const std::string& path, const std::vector<std::string>& folders)
{
    std::vector<std::string> search = folders;
    SeaBios images;
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        search = {path};
    } else if (!path.empty()) {
        images.biosPath = path;
        search.insert(search.begin(),
                      std::filesystem::absolute(path, ignored).parent_path().string());
    }
    if (images.biosPath.empty())
        images.biosPath = TRY(findImage(kBiosName, search));
    images.bios = TRY(readBios(images.biosPath));
    images.vgaBiosPath = TRY(findImage(kVgaBiosName, search));
    images.vgaBios = TRY(readVgaBios(images.vgaBiosPath));
    return images;
}

} // namespace vmm::firmware
