// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/block/image_probe.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "vmm/base/bits.h"

namespace vmm::block {

namespace {

constexpr size_t kDescriptorSize = 2048;
constexpr uint64_t kFirstDescriptor = 16; // ECMA-119 section 6.2.1: after the system area
constexpr unsigned kMaxDescriptors = 64;  // real discs have at most a handful
constexpr uint8_t kBootRecord = 0;
constexpr uint8_t kPrimary = 1;
constexpr uint8_t kTerminator = 255;
constexpr std::string_view kElToritoId = "EL TORITO SPECIFICATION";

using Sector = std::array<std::byte, kDescriptorSize>;

bool hasText(std::span<const std::byte> bytes, size_t offset, std::string_view text)
{
    return offset + text.size() <= bytes.size() &&
           std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

/// Reads a whole piece, or says no when the file is shorter.
Result<bool> readWhole(const ByteReader& read, uint64_t size, uint64_t offset,
                       std::span<std::byte> to)
{
    if (offset > size || to.size() > size - offset)
        return false;
    return TRY(read(offset, to)) == to.size();
}

std::string printable(std::span<const std::byte> bytes)
{
    std::string text;
    for (const std::byte byte : bytes) {
        const auto character = static_cast<char>(byte);
        text += character >= 0x20 && character < 0x7f ? character : '?';
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '?'))
        text.pop_back();
    return text;
}

/// ECMA-119 section 8.4: the fields of a primary volume descriptor we report.
void readPrimary(const Sector& sector, ImageFacts& facts)
{
    facts.iso9660 = true;
    facts.volumeId = printable(std::span(sector).subspan(40, 32));
    const uint64_t blocks = loadLe<uint32_t>(sector.data() + 80);
    const uint64_t blockSize = loadLe<uint16_t>(sector.data() + 128);
    facts.volumeBytes = blocks * blockSize;
}

/// Volume descriptors of ISO 9660 and the volume recognition sequence of UDF lie in the same
/// sectors.
Result<void> readDescriptors(const ByteReader& read, uint64_t size, ImageFacts& facts)
{
    bool isoEnded = false;
    for (unsigned i = 0; i < kMaxDescriptors; ++i) {
        Sector sector;
        if (!TRY(readWhole(read, size, (kFirstDescriptor + i) * kDescriptorSize, sector)))
            return {};
        const auto type = static_cast<uint8_t>(sector[0]);
        if (hasText(sector, 1, "CD001") && !isoEnded) {
            if (type == kPrimary && !facts.iso9660)
                readPrimary(sector, facts);
            else if (type == kBootRecord && hasText(sector, 7, kElToritoId))
                facts.elTorito = true;
            isoEnded = type == kTerminator;
        } else if (hasText(sector, 1, "NSR02") || hasText(sector, 1, "NSR03")) {
            facts.udf = true; // ECMA-167 part 3 section 9.1
        } else if (!hasText(sector, 1, "BEA01") && !hasText(sector, 1, "BOOT2") &&
                   !hasText(sector, 1, "CDW02")) {
            return {}; // includes TEA01, the end of the sequence
        }
    }
    return {};
}

/// Formats that start with a signature. Only used to refuse, never to choose how to read.
ImageKind foreignKind(std::span<const std::byte> start)
{
    if (hasText(start, 0, "QFI\xfb"))
        return ImageKind::Qcow2;
    if (hasText(start, 0, "KDMV") || hasText(start, 0, "COWD") ||
        hasText(start, 0, "# Disk DescriptorFile"))
        return ImageKind::Vmdk;
    if (start.size() >= 68 && loadLe<uint32_t>(start.data() + 64) == 0xbeda107f)
        return ImageKind::Vdi;
    if (hasText(start, 0, "vhdxfile"))
        return ImageKind::Vhdx;
    if (hasText(start, 0, "conectix"))
        return ImageKind::Vhd;
    return ImageKind::Raw;
}

} // namespace

Result<ImageFacts> probeImage(const ByteReader& read, uint64_t size)
{
    ImageFacts facts;
    std::array<std::byte, 512> start{};
    const size_t have =
        TRY(read(0, std::span(start).first(std::min<uint64_t>(size, start.size()))));
    facts.kind = foreignKind(std::span(start).first(std::min(have, start.size())));
    TRY(readDescriptors(read, size, facts));
    if (facts.iso9660 || facts.udf) {
        facts.kind = ImageKind::Optical;
        facts.hybrid = start[510] == std::byte{0x55} && start[511] == std::byte{0xaa};
        return facts;
    }
    facts.elTorito = false;
    if (facts.kind == ImageKind::Raw && size >= start.size()) {
        // A fixed-size VHD has its signature only in the last sector.
        std::array<std::byte, 512> end{};
        if (TRY(readWhole(read, size, size - end.size(), end)) && hasText(end, 0, "conectix"))
            facts.kind = ImageKind::Vhd;
    }
    return facts;
}

std::string_view foreignFormatName(ImageKind kind)
{
    switch (kind) {
    case ImageKind::Qcow2:
        return "qcow2";
    case ImageKind::Vmdk:
        return "VMDK";
    case ImageKind::Vdi:
        return "VDI";
    case ImageKind::Vhd:
        return "VHD";
    case ImageKind::Vhdx:
        return "VHDX";
    case ImageKind::Raw:
    case ImageKind::Optical:
        break;
    }
    return {};
}

} // namespace vmm::block
