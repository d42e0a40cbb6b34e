// SPDX-License-Identifier: GPL-3.0-or-later
// The disk's mode parameters. SPC-4 sections 6.11 to 6.14 and 7.5, SBC-3 section 6.4.
#include <algorithm>

#include "vmm/scsi/disk.h"
#include "vmm/scsi/pages.h"

namespace vmm::scsi {

namespace {

constexpr uint8_t kErrorRecovery = 0x01;
constexpr uint8_t kCaching = 0x08;
constexpr uint8_t kControl = 0x0a;
constexpr uint8_t kAllPages = 0x3f;
constexpr uint8_t kWriteCacheEnable = 0x04;
constexpr uint8_t kWriteProtect = 0x80;
constexpr uint8_t kDpoFua = 0x10;
constexpr uint8_t kSavePages = 0x01;
constexpr uint8_t kSubpage = 0x40;
constexpr unsigned kChangeable = 1; // page control
constexpr unsigned kDefaults = 2;
constexpr unsigned kSaved = 3;
constexpr Sense kListLength{kIllegalRequest, kAscParameterLength, 0};

bool isTen(const Cdb& cdb)
{
    return cdb[0] == kModeSense10 || cdb[0] == kModeSelect10;
}

/// A page of `size` bytes, its header included.
std::vector<uint8_t> emptyPage(uint8_t code, size_t size)
{
    std::vector<uint8_t> page(size);
    page[0] = code;
    page[1] = static_cast<uint8_t>(size - 2);
    return page;
}

} // namespace

std::vector<uint8_t> Disk::modePages(uint8_t page, unsigned control) const
{
    const bool wanted = control != kChangeable;
    std::vector<uint8_t> all;
    const auto add = [&](const std::vector<uint8_t>& body) {
        if (page == kAllPages || page == body[0])
            all.insert(all.end(), body.begin(), body.end());
    };
    auto recovery = emptyPage(kErrorRecovery, 12);
    if (wanted)
        recovery[2] = 0xc0; // reallocates by itself
    add(recovery);
    auto caching = emptyPage(kCaching, 20);
    const bool cached =
        control == kDefaults || control == kChangeable ? m_backend->volatileCache() : cacheOn();
    caching[2] = cached ? kWriteCacheEnable : 0;
    add(caching);
    auto controls = emptyPage(kControl, 12);
    if (wanted) {
        controls[3] = 0x10;               // commands are carried out in any order
        controls[8] = controls[9] = 0xff; // busy for any time
    }
    add(controls);
    return all;
}

/// SBC-3 section 6.4.2.
std::vector<uint8_t> Disk::blockDescriptor(bool longForm) const
{
    std::vector<uint8_t> data;
    if (longForm) {
        putBe32(data, static_cast<uint32_t>(blocks() >> 32));
        putBe32(data, static_cast<uint32_t>(blocks()));
        putBe32(data, 0);
    } else {
        putBe32(data, static_cast<uint32_t>(std::min<uint64_t>(blocks(), 0xffff'ffff)));
    }
    putBe32(data, kBlockSize);
    return data;
}

Step Disk::modeSense(const Cdb& cdb)
{
    const bool ten = isTen(cdb);
    const bool noDescriptor = (cdb[1] & 0x08) != 0;
    const bool longForm = ten && (cdb[1] & 0x10) != 0;
    const uint8_t page = cdb[2] & 0x3f;
    const unsigned control = cdb[2] >> 6;
    if (control == kSaved)
        return fail({kIllegalRequest, kAscSavingNotSupported, 0});
    if (cdb[3] != 0 && !(page == kAllPages && cdb[3] == 0xff)) // there are no subpages
        return fail(kInvalidField);
    const auto pages = modePages(page, control);
    if (pages.empty())
        return fail(kInvalidField);
    const auto descriptor = noDescriptor ? std::vector<uint8_t>() : blockDescriptor(longForm);
    const auto specific =
        static_cast<uint8_t>(kDpoFua | (m_backend->readOnly() ? kWriteProtect : 0));
    const size_t rest = descriptor.size() + pages.size();
    std::vector<uint8_t> data;
    if (ten) {
        putBe16(data, static_cast<unsigned>(6 + rest));
        data.insert(data.end(), {0, specific, static_cast<uint8_t>(longForm ? 1 : 0), 0});
        putBe16(data, static_cast<unsigned>(descriptor.size()));
    } else {
        data = {static_cast<uint8_t>(3 + rest), 0, specific,
                static_cast<uint8_t>(descriptor.size())};
    }
    data.insert(data.end(), descriptor.begin(), descriptor.end());
    data.insert(data.end(), pages.begin(), pages.end());
    return send(std::move(data), ten ? cdb.be16(7) : cdb[4]);
}

Step Disk::modeSelect(const Cdb& cdb)
{
    if ((cdb[1] & kSavePages) != 0)
        return fail(kInvalidField);
    Step step;
    step.length = isTen(cdb) ? cdb.be16(7) : cdb[4];
    step.kind = step.length != 0 ? Step::Kind::NeedData : Step::Kind::Done;
    return step;
}

/// Blocks are as large as they are (CVE-2023-42467), and as many.
bool Disk::acceptable(std::span<const uint8_t> descriptor, bool longForm) const
{
    const uint64_t count =
        longForm ? loadBe<uint64_t>(descriptor.data()) : loadBe<uint32_t>(descriptor.data());
    const uint32_t size = longForm ? loadBe<uint32_t>(descriptor.data() + 12)
                                   : loadBe<uint32_t>(descriptor.data() + 4) & 0xff'ffff;
    const uint64_t all = longForm ? blocks() : std::min<uint64_t>(blocks(), 0xffff'ffff);
    return size == kBlockSize && (count == 0 || count == all);
}

/// Everything is checked before anything is changed (SPC-4 section 6.11). Only WCE may change.
Step Disk::modeSelectData(const Cdb& cdb, std::span<const std::byte> data)
{
    const bool ten = isTen(cdb);
    std::vector<uint8_t> list(data.size());
    std::transform(data.begin(), data.end(), list.begin(),
                   [](std::byte byte) { return static_cast<uint8_t>(byte); });
    const size_t header = ten ? 8 : 4;
    if (list.size() < header)
        return fail(kListLength);
    const bool longForm = ten && (list[4] & 1) != 0;
    const size_t described = ten ? loadBe<uint16_t>(list.data() + 6) : list[3];
    std::span<const uint8_t> rest = std::span(list).subspan(header);
    if (described != 0) {
        if (described != (longForm ? 16U : 8U))
            return fail(kInvalidParameter);
        if (rest.size() < described)
            return fail(kListLength);
        if (!acceptable(rest.first(described), longForm))
            return fail(kInvalidParameter);
        rest = rest.subspan(described);
    }
    bool writeCache = m_writeCache;
    bool off = false;
    while (!rest.empty()) {
        if (rest.size() < 2 || rest.size() < size_t{2} + rest[1])
            return fail(kListLength);
        const auto page = rest.first(size_t{2} + rest[1]);
        const auto code = static_cast<uint8_t>(page[0] & 0x7f);
        const auto now = modePages(code, 0);
        const auto mask = modePages(code, kChangeable);
        if (code == kAllPages || (code & kSubpage) != 0 || now.size() != page.size())
            return fail(kInvalidParameter);
        for (size_t i = 2; i < page.size(); ++i) {
            if (((page[i] ^ now[i]) & ~mask[i]) != 0)
                return fail(kInvalidParameter);
        }
        if (code == kCaching && m_backend->volatileCache()) {
            writeCache = (page[2] & kWriteCacheEnable) != 0;
            off = !writeCache;
        }
        rest = rest.subspan(page.size());
    }
    m_writeCache = writeCache;
    return off ? flush() : done(); // what the cache held goes first, also when told twice
}

} // namespace vmm::scsi
