// SPDX-License-Identifier: GPL-3.0-or-later
// A few AML terms, as many as our generated table needs. ACPI 6.4 sections 20.2 and 6.4.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "vmm/firmware/byte_writer.h"

namespace vmm::firmware::aml {

/// `parts` one after the other.
Bytes join(std::initializer_list<Bytes> parts);

/// A path of four-character names: "PCI0", "_SB_.PCI0", with a leading backslash for the root.
Bytes path(std::string_view text);
Bytes integer(uint64_t value);
/// A number in its 32-bit form, for the loader to change.
Bytes dword(uint32_t value);
Bytes text(std::string_view value);
/// At most 255 elements.
Bytes package(const std::vector<Bytes>& elements);
Bytes buffer(const Bytes& content);

/// Name, Scope and Device definitions (ACPI 6.4 section 20.2.5).
Bytes name(std::string_view where, const Bytes& value);
Bytes scope(std::string_view where, const Bytes& body);
Bytes device(std::string_view where, const Bytes& body);
/// A method without arguments.
Bytes method(std::string_view where, const Bytes& body);
Bytes ifThen(const Bytes& predicate, const Bytes& body);
Bytes returns(const Bytes& value);
Bytes notify(std::string_view device, const Bytes& value);

/// Who decodes a range: the device itself, or what lies behind a bridge.
enum class ResourceUse : uint8_t { Producer = 0, Consumer = 1 };
enum class MemoryCaching : uint8_t { Uncached = 0, Cached = 1 };

/// A resource template (ACPI 6.4 section 6.4): ranges in the order they are added. `last` is the
/// last address of a range.
class ResourceTemplate {
public:
    ResourceTemplate& busNumbers(uint16_t first, uint16_t last);
    /// I/O ports forwarded by a bridge.
    ResourceTemplate& ioWindow(uint16_t first, uint16_t last);
    /// I/O ports of the device itself.
    ResourceTemplate& ioPorts(uint16_t first, uint8_t count);
    ResourceTemplate& memoryWindow32(uint32_t first, uint32_t last, MemoryCaching caching);
    ResourceTemplate& memory64(uint64_t first, uint64_t last, ResourceUse use);
    /// As a buffer with the end tag.
    Bytes take();

private:
    ByteWriter m_bytes;
};

} // namespace vmm::firmware::aml
