// SPDX-License-Identifier: GPL-3.0-or-later
// AML encodings. ACPI 6.4 sections 20.2 (terms) and 6.4 (resource descriptors).
#include "vmm/firmware/aml.h"

#include "vmm/base/check.h"

namespace vmm::firmware::aml {

namespace {

constexpr uint8_t kNameOp = 0x08;
constexpr uint8_t kBytePrefix = 0x0a;
constexpr uint8_t kWordPrefix = 0x0b;
constexpr uint8_t kDWordPrefix = 0x0c;
constexpr uint8_t kStringPrefix = 0x0d;
constexpr uint8_t kQWordPrefix = 0x0e;
constexpr uint8_t kScopeOp = 0x10;
constexpr uint8_t kBufferOp = 0x11;
constexpr uint8_t kPackageOp = 0x12;
constexpr uint8_t kMethodOp = 0x14;
constexpr uint8_t kDualNamePrefix = 0x2e;
constexpr uint8_t kMultiNamePrefix = 0x2f;
constexpr uint8_t kExtendedPrefix = 0x5b;
constexpr uint8_t kDeviceOp = 0x82;
constexpr uint8_t kNotifyOp = 0x86;
constexpr uint8_t kIfOp = 0xa0;
constexpr uint8_t kReturnOp = 0xa4;
constexpr size_t kNameLength = 4;

// Resource descriptors (section 6.4.2 and 6.4.3).
constexpr uint8_t kIoDescriptor = 0x47;
constexpr uint8_t kEndTag = 0x79;
constexpr uint8_t kDWordSpace = 0x87;
constexpr uint8_t kWordSpace = 0x88;
constexpr uint8_t kQWordSpace = 0x8a;
constexpr uint8_t kTypeMemory = 0;
constexpr uint8_t kTypeIo = 1;
constexpr uint8_t kTypeBus = 2;
constexpr uint8_t kFixedEnds = 0x0c; // minimum and maximum fixed, positive decode
constexpr uint8_t kIoEntireRange = 0x03;
constexpr uint8_t kMemoryReadWrite = 0x01;
constexpr unsigned kMemoryCachingShift = 1;

/// PkgLength counts itself (section 20.2.4); `body` follows it.
Bytes withLength(const Bytes& body)
{
    ByteWriter out;
    if (body.size() + 1 < 64) {
        out.u8(body.size() + 1);
    } else {
        size_t extra = 1;
        while ((body.size() + 1 + extra) >> (4 + 8 * extra) != 0)
            ++extra;
        CHECK(extra <= 3);
        const size_t length = body.size() + 1 + extra;
        out.u8(extra << 6 | (length & 0x0f));
        for (size_t i = 0; i < extra; ++i)
            out.u8(length >> (4 + 8 * i) & 0xff);
    }
    return out.bytes(body).take();
}

Bytes packaged(uint8_t op, const Bytes& body)
{
    return ByteWriter().u8(op).bytes(withLength(body)).take();
}

} // namespace

Bytes join(std::initializer_list<Bytes> parts)
{
    ByteWriter out;
    for (const Bytes& part : parts)
        out.bytes(part);
    return out.take();
}

Bytes path(std::string_view text)
{
    ByteWriter out;
    if (text.starts_with('\\')) {
        out.text("\\", 1);
        text.remove_prefix(1);
    }
    CHECK(text.size() % (kNameLength + 1) == kNameLength);
    const size_t names = (text.size() + 1) / (kNameLength + 1);
    if (names == 2)
        out.u8(kDualNamePrefix);
    else if (names > 2)
        out.u8(kMultiNamePrefix).u8(names);
    for (size_t i = 0; i < names; ++i)
        out.text(text.substr(i * (kNameLength + 1), kNameLength), kNameLength);
    return out.take();
}

Bytes integer(uint64_t value)
{
    ByteWriter out;
    if (value <= 1)
        out.u8(value); // ZeroOp, OneOp
    else if (value <= UINT8_MAX)
        out.u8(kBytePrefix).u8(value);
    else if (value <= UINT16_MAX)
        out.u8(kWordPrefix).u16(value);
    else if (value <= UINT32_MAX)
        out.u8(kDWordPrefix).u32(value);
    else
        out.u8(kQWordPrefix).u64(value);
    return out.take();
}

Bytes dword(uint32_t value)
{
    return ByteWriter().u8(kDWordPrefix).u32(value).take();
}

Bytes text(std::string_view value)
{
    return ByteWriter().u8(kStringPrefix).textWithNul(value).take();
}

Bytes package(const std::vector<Bytes>& elements)
{
    CHECK(elements.size() <= UINT8_MAX);
    ByteWriter body;
    body.u8(elements.size());
    for (const Bytes& element : elements)
        body.bytes(element);
    return packaged(kPackageOp, body.view());
}

Bytes buffer(const Bytes& content)
{
    return packaged(kBufferOp, join({integer(content.size()), content}));
}

Bytes name(std::string_view where, const Bytes& value)
{
    return ByteWriter().u8(kNameOp).bytes(path(where)).bytes(value).take();
}

Bytes scope(std::string_view where, const Bytes& body)
{
    return packaged(kScopeOp, join({path(where), body}));
}

Bytes device(std::string_view where, const Bytes& body)
{
    return join(
        {ByteWriter().u8(kExtendedPrefix).take(), packaged(kDeviceOp, join({path(where), body}))});
}

Bytes method(std::string_view where, const Bytes& body)
{
    return packaged(kMethodOp, join({path(where), ByteWriter().u8(0).take(), body}));
}

Bytes ifThen(const Bytes& predicate, const Bytes& body)
{
    return packaged(kIfOp, join({predicate, body}));
}

Bytes returns(const Bytes& value)
{
    return ByteWriter().u8(kReturnOp).bytes(value).take();
}

Bytes notify(std::string_view device, const Bytes& value)
{
    return ByteWriter().u8(kNotifyOp).bytes(path(device)).bytes(value).take();
}

ResourceTemplate& ResourceTemplate::busNumbers(uint16_t first, uint16_t last)
{
    m_bytes.u8(kWordSpace).u16(13).u8(kTypeBus).u8(kFixedEnds).u8(0);
    m_bytes.u16(0).u16(first).u16(last).u16(0).u16(uint64_t{last} - first + 1);
    return *this;
}

ResourceTemplate& ResourceTemplate::ioWindow(uint16_t first, uint16_t last)
{
    m_bytes.u8(kWordSpace).u16(13).u8(kTypeIo).u8(kFixedEnds).u8(kIoEntireRange);
    m_bytes.u16(0).u16(first).u16(last).u16(0).u16(uint64_t{last} - first + 1);
    return *this;
}

ResourceTemplate& ResourceTemplate::ioPorts(uint16_t first, uint8_t count)
{
    constexpr uint8_t kDecode16 = 1;
    m_bytes.u8(kIoDescriptor).u8(kDecode16).u16(first).u16(first).u8(1).u8(count);
    return *this;
}

ResourceTemplate& ResourceTemplate::memoryWindow32(uint32_t first, uint32_t last,
                                                   MemoryCaching caching)
{
    const auto cache = static_cast<unsigned>(caching) << kMemoryCachingShift;
    m_bytes.u8(kDWordSpace).u16(23).u8(kTypeMemory).u8(kFixedEnds).u8(kMemoryReadWrite | cache);
    m_bytes.u32(0).u32(first).u32(last).u32(0).u32(uint64_t{last} - first + 1);
    return *this;
}

ResourceTemplate& ResourceTemplate::memory64(uint64_t first, uint64_t last, ResourceUse use)
{
    m_bytes.u8(kQWordSpace).u16(43).u8(kTypeMemory);
    m_bytes.u8(kFixedEnds | static_cast<uint8_t>(use)).u8(kMemoryReadWrite);
    m_bytes.u64(0).u64(first).u64(last).u64(0).u64(last - first + 1);
    return *this;
}

Bytes ResourceTemplate::take()
{
    m_bytes.u8(kEndTag).u8(0); // checksum 0: not computed
    return buffer(m_bytes.take());
}

} // namespace vmm::firmware::aml
