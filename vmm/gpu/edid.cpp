// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/gpu/edid.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string_view>

#include "vmm/base/bits.h"

namespace vmm::gpu {

namespace {

using Block = std::array<uint8_t, kEdidSize>;

/// Section 3.9: standard timing of `width` at 60 Hz, aspect 0 = 16:10, 1 = 4:3, 2 = 5:4, 3 = 16:9.
struct StandardTiming {
    int width;
    uint8_t aspect;
};
constexpr std::array<StandardTiming, 8> kStandard = {
    {{1920, 3}, {1920, 0}, {1680, 0}, {1600, 1}, {1440, 0}, {1280, 2}, {1280, 3}, {1280, 0}}};

void putDescriptor(std::span<uint8_t, 18> to, uint8_t tag, std::string_view text)
{
    std::fill(to.begin(), to.end(), uint8_t{0});
    to[3] = tag;
    for (size_t i = 0; i < 13; ++i)
        to[5 + i] = i < text.size()    ? static_cast<uint8_t>(text[i])
                    : i == text.size() ? 0x0a
                                       : 0x20;
}

/// Section 3.10.2, with the reduced blanking of CVT 1.2: 160 dots, at least 460 us.
void putDetailedTiming(std::span<uint8_t, 18> to, int width, int height)
{
    constexpr int kHorizontalBlank = 160;
    constexpr int kFront = 48;
    constexpr int kSync = 32;
    constexpr int kVerticalFront = 3;
    constexpr int kVerticalSync = 6;
    const int verticalBlank =
        std::max(kVerticalFront + kVerticalSync + 6, height * 460 / 16207 + 1);
    const int clock = (width + kHorizontalBlank) * (height + verticalBlank) * 60 / 10000;
    const int clock10kHz = std::min(clock, 0xffff);
    const int millimetresX = std::min(width * 254 / 960, 4095); // 96 dots an inch
    const int millimetresY = std::min(height * 254 / 960, 4095);
    const auto low = [](int value) { return static_cast<uint8_t>(value & 0xff); };
    const auto highs = [](int upper, int lower) {
        return static_cast<uint8_t>((upper >> 8 & 0xf) << 4 | (lower >> 8 & 0xf));
    };
    storeLe(to.data(), static_cast<uint16_t>(clock10kHz));
    to[2] = low(width);
    to[3] = low(kHorizontalBlank);
    to[4] = highs(width, kHorizontalBlank);
    to[5] = low(height);
    to[6] = low(verticalBlank);
    to[7] = highs(height, verticalBlank);
    to[8] = kFront;
    to[9] = kSync;
    to[10] = kVerticalFront << 4 | kVerticalSync;
    to[11] = 0;
    to[12] = low(millimetresX);
    to[13] = low(millimetresY);
    to[14] = highs(millimetresX, millimetresY);
    to[17] = 0x1a; // digital separate sync, horizontal positive
}

void putHeader(Block& block, EdidMode mode)
{
    constexpr std::array<uint8_t, 8> kMagic = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    std::copy(kMagic.begin(), kMagic.end(), block.begin());
    // Manufacturer "VTR", five bits a letter, big-endian (section 3.4.1).
    constexpr uint16_t kMaker = ('V' - '@') << 10 | ('T' - '@') << 5 | ('R' - '@');
    storeBe(&block[8], kMaker);
    storeLe(&block[10], uint16_t{1}); // product
    storeLe(&block[12], uint32_t{1}); // serial number
    block[16] = 0;                    // week not given
    block[17] = 2024 - 1990;
    block[18] = 1; // version 1.4
    block[19] = 4;
    block[20] = 0xa5; // digital, 8 bits a colour, DisplayPort
    block[21] = static_cast<uint8_t>(std::clamp(mode.width * 254 / 9600, 1, 255));
    block[22] = static_cast<uint8_t>(std::clamp(mode.height * 254 / 9600, 1, 255));
    block[23] = 120;  // gamma 2.2
    block[24] = 0x06; // sRGB, preferred timing is native
    // sRGB chromaticities (section 3.7).
    constexpr std::array<uint8_t, 10> kColours = {0xee, 0x91, 0xa3, 0x54, 0x4c,
                                                  0x99, 0x26, 0x0f, 0x50, 0x54};
    std::copy(kColours.begin(), kColours.end(), block.begin() + 25);
    block[35] = 0x21; // 640x480, 800x600 at 60 Hz
    block[36] = 0x08; // 1024x768 at 60 Hz
    block[37] = 0;
}

} // namespace

Block makeEdid(EdidMode preferred)
{
    preferred.width = std::clamp(preferred.width, 64, 4095);
    preferred.height = std::clamp(preferred.height, 64, 4095);
    Block block{};
    putHeader(block, preferred);
    for (size_t i = 0; i < kStandard.size(); ++i) {
        block[38 + 2 * i] = static_cast<uint8_t>(kStandard[i].width / 8 - 31);
        block[39 + 2 * i] = static_cast<uint8_t>(kStandard[i].aspect << 6);
    }
    const auto descriptor = [&block](size_t index) {
        return std::span<uint8_t, 18>(&block[54 + 18 * index], 18);
    };
    putDetailedTiming(descriptor(0), preferred.width, preferred.height);
    // Range limits (section 3.10.3.3.1): 50-125 Hz, 30-160 kHz, up to 600 MHz.
    putDescriptor(descriptor(1), 0xfd, {});
    constexpr std::array<uint8_t, 7> kLimits = {50, 125, 30, 160, 60, 1, 0x0a};
    std::copy(kLimits.begin(), kLimits.end(), &block[54 + 18 + 5]);
    putDescriptor(descriptor(2), 0xfc, "Vitrine");
    putDescriptor(descriptor(3), 0xff, "1");
    const int sum = std::accumulate(block.begin(), block.end() - 1, 0);
    block[127] = static_cast<uint8_t>(-sum);
    return block;
}

} // namespace vmm::gpu
