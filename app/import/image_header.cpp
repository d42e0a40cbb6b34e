// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/image_header.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "vmm/base/bits.h"

namespace app::import {

namespace {

using Bytes = std::span<const std::byte>;
using vmm::loadBe;
using vmm::loadLe;

bool hasText(Bytes bytes, size_t offset, std::string_view text)
{
    return offset + text.size() <= bytes.size() &&
           std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

template <class T>
T le(Bytes bytes, size_t offset)
{
    return offset + sizeof(T) <= bytes.size() ? loadLe<T>(bytes.data() + offset) : T{0};
}

template <class T>
T be(Bytes bytes, size_t offset)
{
    return offset + sizeof(T) <= bytes.size() ? loadBe<T>(bytes.data() + offset) : T{0};
}

constexpr uint64_t kSector = 512;

uint64_t sectorsToBytes(uint64_t sectors)
{
    return sectors <= UINT64_MAX / kSector ? sectors * kSector : 0;
}

// qcow2.rst, "Header"; version 1 is the older format of that name, with the same first fields.
void readQcow(Bytes start, ImageHeader& header)
{
    constexpr uint64_t kExternalData = uint64_t{1} << 2; // incompatible_features
    const uint32_t version = be<uint32_t>(start, 4);
    header.format = version == 1 ? "qcow" : "qcow2";
    header.hasBackingFile = be<uint64_t>(start, 8) != 0;
    header.virtualBytes = be<uint64_t>(start, 24);
    header.encrypted = be<uint32_t>(start, version == 1 ? 36 : 32) != 0;
    header.hasDataFile = version >= 3 && (be<uint64_t>(start, 72) & kExternalData) != 0;
}

// Virtual Disk Format 5.0, "Hosted Sparse Extent Header".
void readSparseVmdk(Bytes start, ImageHeader& header)
{
    header.format = "vmdk";
    const uint64_t sectors = le<uint64_t>(start, 12);
    header.virtualBytes = sectorsToBytes(sectors);
    const uint64_t offset = sectorsToBytes(le<uint64_t>(start, 28));
    const uint64_t length = sectorsToBytes(le<uint64_t>(start, 36));
    if (offset != 0 && offset < start.size()) {
        const Bytes text = start.subspan(offset, std::min<uint64_t>(length, start.size() - offset));
        readVmdkDescription({reinterpret_cast<const char*>(text.data()), text.size()}, header);
    }
    // Without a capacity the file is nothing but a wrapper around its description.
    header.describesOtherFiles = sectors == 0;
}

void readVdi(Bytes start, ImageHeader& header)
{
    constexpr uint32_t kDifferencing = 4;
    header.format = "vdi";
    header.hasBackingFile = le<uint32_t>(start, 0x4c) == kDifferencing;
    header.virtualBytes = le<uint64_t>(start, 0x170);
}

// VHD 1.0, "Hard Disk Footer Format".
void readVhd(Bytes footer, ImageHeader& header)
{
    constexpr uint32_t kDifferencing = 4;
    header.format = "vpc";
    header.virtualBytes = be<uint64_t>(footer, 48);
    header.hasBackingFile = be<uint32_t>(footer, 60) == kDifferencing;
}

// qed_spec.rst, "Header".
void readQed(Bytes start, ImageHeader& header)
{
    header.format = "qed";
    header.hasBackingFile = (le<uint64_t>(start, 16) & 1) != 0;
    header.virtualBytes = le<uint64_t>(start, 48);
}

void readDescriptionFile(Bytes start, ImageHeader& header)
{
    header.format = "vmdk";
    readVmdkDescription({reinterpret_cast<const char*>(start.data()), start.size()}, header);
    header.describesOtherFiles = true;
}

/// Formats of which nothing but the name has to be known.
struct Signature {
    std::string_view text;
    std::string_view format;
};
constexpr std::array kPlainFormats = {
    Signature{"vhdxfile", "vhdx"},
    Signature{"COWD", "vmdk"}, // ESX Server Sparse Extent
    Signature{"WithoutFreeSpace", "parallels"},
    Signature{"WithouFreSpacExt", "parallels"},
    Signature{"Bochs Virtual HD Image", "bochs"},
    Signature{"#!/bin/sh\n#V2.0 Format\nmodprobe cloop", "cloop"},
};

struct Other {
    size_t offset;
    std::string_view text;
    std::string_view problem;
};
constexpr std::string_view kArchive = "is an archive: unpack it and open the disk image inside";
constexpr std::array kOthers = {
    Other{0, {"PK\3\4", 4}, kArchive},
    Other{0, {"7z\xbc\xaf\x27\x1c", 6}, kArchive},
    Other{0, {"Rar!\x1a\x07", 6}, kArchive},
    Other{257, {"ustar", 5}, kArchive},
    Other{0, {"%PDF-", 5}, "is a document, not a disk"},
    Other{0,
          {"\x7f"
           "ELF",
           4},
          "is a program, not a disk"},
};

bool readForeign(Bytes start, ImageHeader& header)
{
    if (hasText(start, 0, "QFI\xfb"))
        readQcow(start, header);
    else if (hasText(start, 0, "KDMV"))
        readSparseVmdk(start, header);
    else if (hasText(start, 0, "# Disk DescriptorFile"))
        readDescriptionFile(start, header);
    else if (le<uint32_t>(start, 0x40) == 0xbeda107f)
        readVdi(start, header);
    else if (hasText(start, 0, "conectix"))
        readVhd(start, header);
    else if (hasText(start, 0, {"QED\0", 4}))
        readQed(start, header);
    else
        return false;
    return true;
}

} // namespace

Packing packingOf(Bytes start)
{
    if (hasText(start, 0, "\x1f\x8b\x08"))
        return Packing::Gzip;
    if (hasText(start, 0,
                {"\xfd"
                 "7zXZ\0",
                 6}))
        return Packing::Xz;
    if (hasText(start, 0, "\x28\xb5\x2f\xfd"))
        return Packing::Zstd;
    if (hasText(start, 0, "BZh") && hasText(start, 4, "1AY&SY"))
        return Packing::Bzip2;
    return Packing::None;
}

ImageHeader readImageHeader(Bytes start, Bytes end)
{
    ImageHeader header;
    if (readForeign(start, header))
        return header;
    for (const Signature& plain : kPlainFormats) {
        if (hasText(start, 0, plain.text)) {
            header.format = plain.format;
            return header;
        }
    }
    for (const Other& other : kOthers)
        if (hasText(start, other.offset, other.text))
            header.problem = other.problem;
    // Only now what stands at the end: inside a disk's last sector anything may be.
    if (hasText(end, 0, "conectix"))
        readVhd(end, header);
    else if (hasText(end, 0, "koly"))
        header.format = "dmg";
    return header;
}

} // namespace app::import
