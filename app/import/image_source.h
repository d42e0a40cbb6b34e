// SPDX-License-Identifier: GPL-3.0-or-later
// A disk image opened for reading, and what is known of it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/import/disk_image.h"
#include "app/import/files.h"
#include "app/import/image_header.h"
#include "app/import/part.h"
#include "app/import/qemu_img.h"

namespace app::import {

/// An image, its descriptor kept open so that it stays the file that was looked at.
struct ImageSource {
    std::filesystem::path path;
    std::string name; ///< for sentences
    OpenFile file;
    Packing packing = Packing::None;
    ImageHeader header;
    std::vector<std::filesystem::path> pieces; ///< of a VMDK, absolute
    std::string problem;                       ///< as ImageFacts::problem

    /// Reads the headers, of what is packed as well. `name`: what sentences call it.
    static vmm::Result<ImageSource> open(const std::filesystem::path& path, std::string name);

    /// For qemu-img; not of a packed file.
    QemuImage forQemu() const;
};

/// convertImage() as a part of larger work. `name`: what sentences call the file.
vmm::Result<void> convertPart(const std::filesystem::path& file, const std::string& name,
                              const std::string& format, const std::filesystem::path& target,
                              Part part);

} // namespace app::import
