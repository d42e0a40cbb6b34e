// SPDX-License-Identifier: GPL-3.0-or-later
// What the CD-ROM drive tells about itself: sense, inquiry, mode pages, features, events. MMC-5
// sections 5 to 7, SPC-3 section 7.
#include <algorithm>
#include <array>

#include "vmm/base/bits.h"
#include "vmm/pci_devices/ata_regs.h"
#include "vmm/pci_devices/atapi_cdrom.h"
#include "vmm/pci_devices/atapi_regs.h"

namespace vmm::pci_devices {

using namespace atapi;

namespace {

constexpr uint16_t kProfileCd = 0x0008;
constexpr uint16_t kProfileDvd = 0x0010;
constexpr uint16_t kFullSpeed = 7056; // KiB a second: 40x

void put16(std::vector<uint8_t>& to, unsigned value)
{
    to.push_back(static_cast<uint8_t>(value >> 8));
    to.push_back(static_cast<uint8_t>(value));
}

void putText(std::vector<uint8_t>& to, std::string_view text, size_t width)
{
    for (size_t i = 0; i < width; ++i)
        to.push_back(static_cast<uint8_t>(i < text.size() ? text[i] : ' '));
}

std::vector<std::byte> toBytes(const std::vector<uint8_t>& data)
{
    const auto bytes = std::as_bytes(std::span(data));
    return {bytes.begin(), bytes.end()};
}

} // namespace

AtaStep AtapiCdrom::requestSense()
{
    if (m_state.senseKey == 0 && m_state.removalPending) {
        m_state.removalPending = false;
        static_cast<void>(fail({kNotReady, kAscNoMedium, 2}));
    } else if (m_state.senseKey == 0 && m_state.changePending) {
        m_state.changePending = false;
        static_cast<void>(fail({kUnitAttention, kAscMediumChanged, 0}));
    }
    std::vector<std::byte> data(18); // fixed format (SPC-3 section 4.5.3)
    data[0] = std::byte{0x70};
    data[2] = static_cast<std::byte>(m_state.senseKey);
    data[7] = std::byte{10};
    data[12] = static_cast<std::byte>(m_state.asc);
    data[13] = static_cast<std::byte>(m_state.ascq);
    m_state.senseKey = m_state.asc = m_state.ascq = 0;
    return send(std::move(data), packet(4));
}

AtaStep AtapiCdrom::inquiry()
{
    if ((packet(1) & 1) != 0)
        return vitalPage(packet(2));
    if (packet(2) != 0)
        return fail({kIllegalRequest, kAscInvalidField, 0});
    std::vector<uint8_t> data = {0x05, 0x80, 0x05, 0x02, 31, 0, 0, 0};
    putText(data, "VITRINE", 8);
    putText(data, "CD-ROM", 16);
    putText(data, "1.0", 4);
    return send(toBytes(data), packet16(3));
}

/// Vital product data (SPC-3 section 7.6): supported pages, serial number, identification.
AtaStep AtapiCdrom::vitalPage(uint8_t page)
{
    std::vector<uint8_t> body;
    switch (page) {
    case 0x00:
        body = {0x00, 0x80, 0x83};
        break;
    case 0x80:
        putText(body, m_serial, std::min<size_t>(m_serial.size(), 20));
        break;
    case 0x83:
        body = {0x02, 0x00, 0x00, 20}; // ASCII, vendor-specific, this logical unit
        putText(body, m_serial, 20);
        break;
    default:
        return fail({kIllegalRequest, kAscInvalidField, 0});
    }
    std::vector<uint8_t> data = {0x05, page};
    put16(data, static_cast<unsigned>(body.size()));
    data.insert(data.end(), body.begin(), body.end());
    return send(toBytes(data), packet16(3));
}

uint8_t AtapiCdrom::mediumType() const
{
    if (m_state.trayOpen)
        return 0x71;
    return m_medium != nullptr ? 0x01 : 0x70;
}

/// Mode pages 01 (error recovery), 0E (audio), 1A (power), 2A (capabilities); 3F all of them.
std::vector<uint8_t> AtapiCdrom::modePages(uint8_t page, bool changeable) const
{
    std::vector<uint8_t> all;
    const auto add = [&](std::vector<uint8_t> body) {
        if (page != 0x3f && page != body[0])
            return;
        if (changeable)
            std::fill(body.begin() + 2, body.end(), uint8_t{0});
        all.insert(all.end(), body.begin(), body.end());
    };
    add({0x01, 10, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0});
    add({0x0e, 14, 4, 0, 0, 0, 0, 0, 1, 0xff, 2, 0xff, 0, 0, 0, 0});
    add({0x1a, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    // Reads CD-R, CD-RW, method 2, DVD-ROM, DVD-R; mode 2, multi-session; a tray that can be
    // locked.
    const auto lock = static_cast<uint8_t>(0x29 | (m_state.locked ? 0x02 : 0));
    std::vector<uint8_t> capabilities = {0x2a, 20, 0x1f, 0, 0x70, 0, lock, 0};
    put16(capabilities, kFullSpeed);
    put16(capabilities, 2);   // volume levels
    put16(capabilities, 512); // buffer in KiB
    put16(capabilities, kFullSpeed);
    capabilities.resize(22);
    add(capabilities);
    return all;
}

AtaStep AtapiCdrom::modeSense6()
{
    const auto pages = modePages(packet(2) & 0x3f, packet(2) >> 6 == 1);
    if (packet(2) >> 6 == 3)
        return fail({kIllegalRequest, kAscSavingNotSupported, 0});
    if (pages.empty())
        return fail({kIllegalRequest, kAscInvalidField, 0});
    std::vector<uint8_t> data = {static_cast<uint8_t>(pages.size() + 3), mediumType(), 0x80, 0};
    data.insert(data.end(), pages.begin(), pages.end());
    return send(toBytes(data), packet(4));
}

AtaStep AtapiCdrom::modeSense10()
{
    const auto pages = modePages(packet(2) & 0x3f, packet(2) >> 6 == 1);
    if (packet(2) >> 6 == 3)
        return fail({kIllegalRequest, kAscSavingNotSupported, 0});
    if (pages.empty())
        return fail({kIllegalRequest, kAscInvalidField, 0});
    std::vector<uint8_t> data;
    put16(data, static_cast<unsigned>(pages.size() + 6));
    data.insert(data.end(), {mediumType(), 0x80, 0, 0, 0, 0});
    data.insert(data.end(), pages.begin(), pages.end());
    return send(toBytes(data), packet16(7));
}

AtaStep AtapiCdrom::modeSelect6()
{
    AtaStep step = done();
    step.kind = packet(4) != 0 ? AtaStep::Kind::NeedData : AtaStep::Kind::Done;
    step.length = packet(4);
    step.mayTruncate = true;
    return step;
}

AtaStep AtapiCdrom::modeSelect10()
{
    AtaStep step = done();
    step.kind = packet16(7) != 0 ? AtaStep::Kind::NeedData : AtaStep::Kind::Done;
    step.length = packet16(7);
    step.mayTruncate = true;
    return step;
}

/// GET CONFIGURATION (MMC-5 section 6.6): the features of a reading drive.
AtaStep AtapiCdrom::getConfiguration()
{
    const unsigned type = packet(1) & 3;
    const uint16_t from = packet16(2);
    if (type == 3)
        return fail({kIllegalRequest, kAscInvalidField, 0});
    const bool present = mediumPresent();
    const bool dvd = present && isDvd();
    const bool cd = present && !dvd;
    std::vector<uint8_t> data(8);
    storeBe<uint16_t>(data.data() + 6, present ? (dvd ? kProfileDvd : kProfileCd) : uint16_t{0});
    const auto add = [&](uint16_t code, uint8_t version, bool persistent, bool current,
                         const std::vector<uint8_t>& body) {
        if ((type == 2 ? code != from : code < from) || (type == 1 && !current))
            return;
        put16(data, code);
        data.push_back(
            static_cast<uint8_t>(version << 2 | (persistent ? 2 : 0) | (current ? 1 : 0)));
        data.push_back(static_cast<uint8_t>(body.size()));
        data.insert(data.end(), body.begin(), body.end());
    };
    add(0x0000, 0, true, true,
        {0, 0x10, static_cast<uint8_t>(dvd), 0, 0, 0x08, static_cast<uint8_t>(cd), 0});
    add(0x0001, 2, true, true, {0, 0, 0, 8, 1, 0, 0, 0});     // core: Serial ATAPI
    add(0x0002, 1, true, true, {2, 0, 0, 0});                 // morphing: polled events
    add(0x0003, 1, true, true, {0x29, 0, 0, 0});              // removable medium
    add(0x0010, 0, false, present, {0, 0, 8, 0, 0, 1, 0, 0}); // random readable, 2048 bytes
    add(0x001d, 0, false, cd, {});                            // multi-read
    add(0x001e, 2, false, cd, {0, 0, 0, 0});                  // CD read
    add(0x001f, 0, false, dvd, {});                           // DVD read
    add(0x0100, 0, true, true, {});                           // power management
    add(0x0105, 0, true, true, {});                           // timeout
    storeBe(data.data(), static_cast<uint32_t>(data.size() - 4));
    return send(toBytes(data), packet16(7));
}

/// GET EVENT STATUS NOTIFICATION (MMC-5 section 6.7): polled, media class only.
AtaStep AtapiCdrom::getEventStatus()
{
    constexpr uint8_t media = 4;
    if ((packet(1) & 1) == 0)
        return fail({kIllegalRequest, kAscInvalidField, 0});
    if ((packet(4) & 1U << media) == 0)
        return send(toBytes({0, 2, 0x80, 1U << media}), packet16(7));
    const auto status =
        static_cast<uint8_t>((m_state.trayOpen ? 1 : 0) | (m_medium != nullptr ? 2 : 0));
    const uint8_t event = m_state.mediaEvent;
    if (packet16(7) > 4)
        m_state.mediaEvent = kEventNone;
    return send(toBytes({0, 6, media, 1U << media, event, status, 0, 0}), packet16(7));
}

AtaStep AtapiCdrom::mechanismStatus()
{
    std::vector<uint8_t> data(8);
    data[1] = m_state.trayOpen ? 0x10 : 0;
    return send(toBytes(data), packet16(8));
}

AtaStep AtapiCdrom::setSpeed()
{
    return done();
}

AtaStep AtapiCdrom::identify() const
{
    std::array<uint16_t, 256> words{};
    words[0] = 0x85c0; // packet device, CD-ROM, removable, 12-byte packets
    putAtaString(std::span(words).subspan(10, 10), m_serial);
    putAtaString(std::span(words).subspan(23, 4), "1.0");
    putAtaString(std::span(words).subspan(27, 20), "VITRINE CD-ROM");
    words[49] = 0x0f00; // IORDY, LBA, DMA
    words[53] = 0x0006;
    words[63] = 0x0007;
    words[64] = 0x0003;
    words[65] = words[66] = words[67] = words[68] = 120;
    words[76] = 0x0006; // generation 1 and 2 speed
    words[77] = 0x0004;
    words[80] = 0x01f0;
    words[82] = 0x4218; // NOP, DEVICE RESET, PACKET, power management
    words[83] = 0x4000;
    words[84] = 0x4000;
    words[85] = 0x4218;
    words[87] = 0x4000;
    words[88] = 0x007f;
    if (m_state.transferMode >> 3 == 8)
        words[88] = static_cast<uint16_t>(words[88] | 0x100U << (m_state.transferMode & 7));
    else if (m_state.transferMode >> 3 == 4)
        words[63] = static_cast<uint16_t>(words[63] | 0x100U << (m_state.transferMode & 7));
    AtaStep step = ataSuccess(m_command, AtaProtocol::PioIn);
    step.kind = AtaStep::Kind::SendData;
    step.data = finishIdentify(words);
    return step;
}

} // namespace vmm::pci_devices
