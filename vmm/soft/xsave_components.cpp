// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/soft/xsave_components.h"

#include <algorithm>
#include <array>
#include <cpuid.h>
#include <cstring>

namespace vmm::soft::components {

namespace {

constexpr uint32_t kLegacyAndHeader = 576;
constexpr unsigned kHeader = 512;
constexpr uint32_t kMaxEnd = 64 * 1024; // no CPU comes near; keeps sums small

/// SDM volume 2, CPUID leaf 0xd. AVX lies the same everywhere; it is there even on a host without.
std::array<Component, kEnd> askHost()
{
    std::array<Component, kEnd> all{};
    all[kAvx] = {256, kLegacyAndHeader, false, false};
    for (unsigned number = kFirst; number < kEnd; ++number) {
        uint32_t size = 0;
        uint32_t offset = 0;
        uint32_t flags = 0;
        uint32_t unused = 0;
        if (__get_cpuid_count(0xd, number, &size, &offset, &flags, &unused) == 0)
            break;
        const bool supervisor = (flags & 1) != 0;
        const bool possible = size <= kMaxEnd && offset <= kMaxEnd - size &&
                              (supervisor || offset >= kLegacyAndHeader);
        if (size != 0 && possible)
            all[number] = {size, offset, (flags & 2) != 0, supervisor};
    }
    return all;
}

/// Asked once: CPUID is slow inside a virtual machine.
const std::array<Component, kEnd>& host()
{
    static const std::array<Component, kEnd> kHost = askHost();
    return kHost;
}

bool has(uint64_t components, unsigned number)
{
    return (components >> number & 1) != 0;
}

} // namespace

const Component& at(unsigned number)
{
    return host()[number];
}

uint64_t extraUser()
{
    uint64_t bits = 0;
    for (unsigned number = kFirst; number < kEnd; ++number)
        if (at(number).size != 0 && !at(number).supervisor)
            bits |= uint64_t{1} << number;
    return bits;
}

unsigned areaSize(uint64_t components, bool compacted)
{
    unsigned end = kLegacyAndHeader;
    for (unsigned number = kAvx; number < kEnd; ++number)
        if (has(components, number))
            end = std::max(end, offsetOf(number, components, compacted) + at(number).size);
    return end;
}

unsigned offsetOf(unsigned number, uint64_t components, bool compacted)
{
    if (!compacted)
        return at(number).offset;
    // Section 13.4.3: one after the other, in the order of their numbers.
    unsigned end = kLegacyAndHeader;
    for (unsigned before = kAvx; before <= number; ++before) {
        if (!has(components, before))
            continue;
        if (at(before).aligned)
            end = (end + 63) & ~63U;
        if (before < number)
            end += at(before).size;
    }
    return end;
}

Result<void> unpackExtra(std::span<const uint8_t> area, ExtraState& extra)
{
    extra = {};
    uint64_t present = 0;
    if (area.size() < kLegacyAndHeader)
        return {};
    std::memcpy(&present, area.data() + kHeader, sizeof present);
    present &= ~uint64_t{7};
    for (unsigned number = kFirst; number <= kEnd; ++number) {
        if (!has(present, number))
            continue;
        const Component part = number < kEnd ? at(number) : Component{};
        if (part.size == 0 || part.supervisor || part.offset + part.size > area.size())
            return Error(ErrorCode::Unsupported,
                         "XSAVE area: registers in use that this host's CPU does not have");
    }
    if (present == 0)
        return {};
    extra.present = present;
    extra.area.assign(area.begin(), area.begin() + static_cast<ptrdiff_t>(
                                                       std::min<size_t>(area.size(), kMaxEnd)));
    return {};
}

void packExtra(const ExtraState& extra, std::vector<uint8_t>& area)
{
    if (extra.present == 0)
        return;
    area.resize(std::max(area.size(), extra.area.size()));
    for (unsigned number = kFirst; number < kEnd; ++number) {
        const Component& part = at(number);
        if (has(extra.present, number) && part.offset + part.size <= extra.area.size())
            std::memcpy(area.data() + part.offset, extra.area.data() + part.offset, part.size);
    }
    uint64_t present = 0;
    std::memcpy(&present, area.data() + kHeader, sizeof present);
    present |= extra.present;
    std::memcpy(area.data() + kHeader, &present, sizeof present);
}

} // namespace vmm::soft::components
