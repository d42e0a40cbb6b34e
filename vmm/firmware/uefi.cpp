// SPDX-License-Identifier: GPL-3.0-or-later
// Search path and checks of UEFI images. UEFI Platform Initialization 1.7 volume 3 section 3.2.1
// (firmware volume header).
#include "vmm/firmware/uefi.h"

#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "vmm/firmware/pflash.h"
#include "vmm/firmware/read_file.h"

namespace vmm::firmware {

namespace {

namespace fs = std::filesystem;
constexpr const char* kCodeName = "OVMF_CODE_4M.fd";
constexpr uint64_t kMaxImage = uint64_t{8} << 20; // SeaBIOS and PCI need the rest of the 16 MiB
constexpr std::string_view kCode = "CODE";

/// The name of the variable store that belongs to the code in `path`; empty when it is no such
/// file.
std::string storeFor(const std::string& path)
{
    const fs::path file(path);
    std::string name = file.filename().string();
    const size_t at = name.rfind(kCode);
    if (at == std::string::npos)
        return {};
    // Builds with and without secure boot share the empty store.
    name.replace(at, kCode.size(), "VARS");
    if (const size_t secure = name.find(".secboot"); secure != std::string::npos)
        name.erase(secure, std::strlen(".secboot"));
    return (file.parent_path() / name).string();
}

/// Whole blocks, with the signature of a firmware volume in the first one.
Result<Bytes> readVolume(const std::string& path)
{
    constexpr size_t kSignature = 40;
    Bytes image = TRY(readFile(path, kMaxImage));
    if (image.empty() || image.size() % Pflash::kBlockSize != 0 ||
        std::memcmp(&image[kSignature], "_FVH", 4) != 0)
        return Error(ErrorCode::Invalid, fmt::format("{}: not a UEFI firmware image", path));
    return image;
}

Result<std::string> findCode(const std::vector<std::string>& folders)
{
    for (const std::string& folder : folders) {
        const fs::path path = fs::path(folder) / kCodeName;
        std::error_code ignored;
        if (fs::exists(path, ignored))
            return path.string();
    }
    return Error(ErrorCode::NotFound,
                 fmt::format("{} not found; it is part of the package \"ovmf\" (searched {})",
                             kCodeName, fmt::join(folders, ", ")));
}

Result<BootFirmware> loadUefi(const std::string& code)
{
    BootFirmware firmware;
    firmware.images.biosPath = code;
    firmware.images.bios = TRY(readVolume(code));
    firmware.variables = TRY(readVolume(storeFor(code)));
    // OVMF drives the display adapter itself; the option ROM is for systems that want VGA text.
    if (auto seaBios = loadSeaBios({})) {
        firmware.images.vgaBiosPath = seaBios->vgaBiosPath;
        firmware.images.vgaBios = std::move(seaBios->vgaBios);
    }
    return firmware;
}

} // namespace

std::vector<std::string> uefiFolders()
{
    std::vector<std::string> folders = firmwareFolders();
    for (const char* folder : {"/app/share/OVMF", "/usr/share/OVMF", "/usr/local/share/OVMF",
                               "/usr/share/edk2/ovmf", "/usr/share/edk2-ovmf/x64"})
        folders.emplace_back(folder);
    return folders;
}

Result<BootFirmware> loadFirmware(const std::string& path, const std::vector<std::string>& folders)
{
    if (path == kUefiName)
        return loadUefi(TRY(findCode(folders)));
    if (!storeFor(path).empty())
        return loadUefi(path);
    return BootFirmware{TRY(loadSeaBios(path)), {}};
}

} // namespace vmm::firmware
