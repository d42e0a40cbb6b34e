// SPDX-License-Identifier: GPL-3.0-or-later
// Encodings of the table loader's commands.
#include "vmm/firmware/loader_script.h"

namespace vmm::firmware {

namespace {

enum class Command : uint32_t { Allocate = 1, AddPointer = 2, AddChecksum = 3, WritePointer = 4 };

} // namespace

void LoaderScript::allocate(std::string_view file, uint32_t alignment, LoaderZone zone)
{
    m_commands.u32(static_cast<uint32_t>(Command::Allocate)).text(file, kFileNameSize);
    m_commands.u32(alignment).u8(static_cast<uint8_t>(zone)).align(kCommandSize);
}

void LoaderScript::addPointer(std::string_view file, std::string_view target, uint32_t offset,
                              uint8_t width)
{
    m_commands.u32(static_cast<uint32_t>(Command::AddPointer)).text(file, kFileNameSize);
    m_commands.text(target, kFileNameSize).u32(offset).u8(width).align(kCommandSize);
}

void LoaderScript::addChecksum(std::string_view file, uint32_t offset, uint32_t start,
                               uint32_t length)
{
    m_commands.u32(static_cast<uint32_t>(Command::AddChecksum)).text(file, kFileNameSize);
    m_commands.u32(offset).u32(start).u32(length).align(kCommandSize);
}

void LoaderScript::writePointer(std::string_view file, uint32_t offset, std::string_view source,
                                uint32_t sourceOffset, uint8_t width)
{
    m_commands.u32(static_cast<uint32_t>(Command::WritePointer)).text(file, kFileNameSize);
    m_commands.text(source, kFileNameSize).u32(offset).u32(sourceOffset).u8(width);
    m_commands.align(kCommandSize);
}

Bytes LoaderScript::take(size_t size)
{
    CHECK(m_commands.size() <= size);
    m_commands.zeros(size - m_commands.size());
    return m_commands.take();
}

} // namespace vmm::firmware
