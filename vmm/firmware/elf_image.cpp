// SPDX-License-Identifier: GPL-3.0-or-later
// ELF headers, program headers and notes of a hostile file.
#include "vmm/firmware/elf_image.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "vmm/base/bits.h"

namespace vmm::firmware {

namespace {

constexpr size_t kIdentSize = 16;
constexpr uint8_t kClass32 = 1;
constexpr uint8_t kClass64 = 2;
constexpr uint8_t kLittleEndian = 1;
constexpr uint16_t kMachine386 = 3;
constexpr uint16_t kMachineX86_64 = 62;
constexpr uint32_t kTypeLoad = 1;
constexpr uint32_t kTypeNote = 4;
constexpr size_t kMaxProgramHeaders = 128;

using Image = std::span<const std::byte>;

/// Offsets of the fields we read, which differ between the classes.
struct Layout {
    size_t headerSize, entry, phoff, phentsize, phnum;            // of the ELF header
    size_t entrySize, offset, vaddr, paddr, filesz, memsz, align; // of a program header
    size_t wordSize;
};
constexpr Layout kLayout32{52, 24, 28, 42, 44, 32, 4, 8, 12, 16, 20, 28, 4};
constexpr Layout kLayout64{64, 24, 32, 54, 56, 56, 8, 16, 24, 32, 40, 48, 8};

Error bad(const char* what)
{
    return Error(ErrorCode::Invalid, what);
}

uint64_t word(const Layout& layout, Image at, size_t offset)
{
    return layout.wordSize == 8 ? loadLe<uint64_t>(&at[offset]) : loadLe<uint32_t>(&at[offset]);
}

/// [offset, offset + size) of the image, when it is inside.
Result<Image> part(Image image, uint64_t offset, uint64_t size)
{
    if (offset > image.size() || size > image.size() - offset)
        return bad("a part lies outside the file");
    return image.subspan(static_cast<size_t>(offset), static_cast<size_t>(size));
}

Result<const Layout*> identify(Image image)
{
    if (image.size() < kIdentSize || std::memcmp(image.data(), "\177ELF", 4) != 0)
        return bad("not an ELF file");
    const auto fileClass = std::to_integer<uint8_t>(image[4]);
    if (fileClass != kClass32 && fileClass != kClass64)
        return bad("neither a 32-bit nor a 64-bit ELF file");
    const Layout* layout = fileClass == kClass32 ? &kLayout32 : &kLayout64;
    if (image.size() < layout->headerSize)
        return bad("the ELF header is cut off");
    const auto machine = loadLe<uint16_t>(&image[18]);
    if (std::to_integer<uint8_t>(image[5]) != kLittleEndian ||
        (machine != kMachine386 && machine != kMachineX86_64))
        return bad("not made for x86");
    return layout;
}

Result<ElfSegment> readSegment(const Layout& layout, Image image, Image header)
{
    ElfSegment segment;
    segment.bytes =
        TRY(part(image, word(layout, header, layout.offset), word(layout, header, layout.filesz)));
    segment.address = word(layout, header, layout.paddr);
    segment.virtualAddress = word(layout, header, layout.vaddr);
    segment.memorySize = word(layout, header, layout.memsz);
    segment.alignment = word(layout, header, layout.align);
    return segment;
}

/// One note at the front of `rest`, which is moved past it.
struct Note {
    uint32_t type = 0;
    Image owner;
    Image value;
};
Result<Note> takeNote(Image& rest, uint64_t alignment)
{
    constexpr size_t kHeader = 12;
    const Image header = TRY(part(rest, 0, kHeader));
    const auto ownerSize = loadLe<uint32_t>(&header[0]);
    const auto valueSize = loadLe<uint32_t>(&header[4]);
    Note note;
    note.type = loadLe<uint32_t>(&header[8]);
    note.owner = TRY(part(rest, kHeader, ownerSize));
    const uint64_t valueAt = alignUp(kHeader + uint64_t{ownerSize}, alignment);
    note.value = TRY(part(rest, valueAt, valueSize));
    const uint64_t next = alignUp(valueAt + valueSize, alignment);
    rest = rest.subspan(static_cast<size_t>(std::min<uint64_t>(next, rest.size())));
    return note;
}

bool isOwner(Image owner, std::string_view name)
{
    return owner.size() == name.size() + 1 &&
           std::memcmp(owner.data(), name.data(), name.size()) == 0 && owner.back() == std::byte{0};
}

} // namespace

Result<ElfImage> parseElf(Image image)
{
    const Layout& layout = *TRY(identify(image));
    const uint64_t table = word(layout, image, layout.phoff);
    const size_t count = loadLe<uint16_t>(&image[layout.phnum]);
    if (loadLe<uint16_t>(&image[layout.phentsize]) != layout.entrySize ||
        count > kMaxProgramHeaders)
        return bad("the program headers have an unknown form");
    const Image headers = TRY(part(image, table, count * layout.entrySize));
    ElfImage elf;
    elf.wide = layout.wordSize == 8;
    elf.entry = word(layout, image, layout.entry);
    for (size_t i = 0; i < count; ++i) {
        const Image header = headers.subspan(i * layout.entrySize, layout.entrySize);
        const auto type = loadLe<uint32_t>(&header[0]);
        if (type != kTypeLoad && type != kTypeNote)
            continue;
        ElfSegment segment = TRY(readSegment(layout, image, header));
        if (type == kTypeNote)
            elf.notes.push_back(segment);
        else if (segment.memorySize < segment.bytes.size())
            return bad("a segment is larger in the file than in memory");
        else if (segment.memorySize > 0)
            elf.loads.push_back(segment);
    }
    return elf;
}

Result<uint64_t> physicalEntry(const ElfImage& elf)
{
    for (const ElfSegment& segment : elf.loads)
        if (elf.entry >= segment.address && elf.entry - segment.address < segment.memorySize)
            return elf.entry;
    for (const ElfSegment& segment : elf.loads)
        if (elf.entry >= segment.virtualAddress &&
            elf.entry - segment.virtualAddress < segment.memorySize)
            return segment.address + (elf.entry - segment.virtualAddress);
    return bad("the entry point lies outside the loaded segments");
}

Result<uint64_t> findElfNote(const ElfImage& elf, std::string_view owner, uint32_t type)
{
    for (const ElfSegment& segment : elf.notes) {
        Image rest = segment.bytes;
        while (!rest.empty()) {
            const auto note = takeNote(rest, segment.alignment == 8 ? 8 : 4);
            if (!note)
                break; // what follows cannot be found; other segments may be whole
            if (note->type != type || !isOwner(note->owner, owner))
                continue;
            if (note->value.size() == 4)
                return uint64_t{loadLe<uint32_t>(note->value.data())};
            if (note->value.size() == 8)
                return loadLe<uint64_t>(note->value.data());
        }
    }
    return Error(ErrorCode::NotFound, "the note is missing");
}

} // namespace vmm::firmware
