// SPDX-License-Identifier: GPL-3.0-or-later
// What the CD-ROM drive tells about itself: sense, inquiry, mode pages, features, events. MMC-5
// sections 5 to 7, SPC-3 section 7.
#include <algorithm>
#include <array>

#include "vmm/base/bits.h"
#include "vmm/scsi/cdrom.h"
#include "vmm/scsi/pages.h"
#include "vmm/scsi/scsi_regs.h"

namespace vmm::scsi {

namespace {

constexpr uint16_t kProfileCd = 0x0008;
constexpr uint16_t kProfileDvd = 0x0010;
constexpr uint16_t kFullSpeed = 7056; // KiB a second: 40x
constexpr size_t kSerialWidth = 20;

} // namespace

Step Cdrom::requestSense(const Cdb& cdb)
{
    const auto pending = takeAttention();
    const auto data = fixedSense(pending.value_or(Sense{}));
    return send({data.begin(), data.end()}, cdb[4]);
}

Step Cdrom::inquiry(const Cdb& cdb)
{
    if ((cdb[1] & 1) != 0)
        return vitalPage(cdb);
    if (cdb[2] != 0)
        return fail(kInvalidField);
    std::vector<uint8_t> data = {kTypeOptical, 0x80, 0x05, 0x02, 31, 0, 0, 0};
    putText(data, "VITRINE", 8);
    putText(data, "CD-ROM", 16);
    putText(data, "1.0", 4);
    return send(std::move(data), cdb.be16(3));
}

/// Vital product data (SPC-4 section 7.8): supported pages, serial number, identification.
Step Cdrom::vitalPage(const Cdb& cdb)
{
    std::vector<uint8_t> body;
    switch (cdb[2]) {
    case 0x00:
        body = {0x00, 0x80, 0x83};
        break;
    case 0x80:
        putText(body, m_serial, std::min(m_serial.size(), kSerialWidth));
        break;
    case 0x83:
        body = {0x02, 0x00, 0x00, kSerialWidth}; // ASCII, vendor-specific, this logical unit
        putText(body, m_serial, kSerialWidth);
        break;
    default:
        return fail(kInvalidField);
    }
    return send(vitalProductData(kTypeOptical, cdb[2], body), cdb.be16(3));
}

uint8_t Cdrom::mediumType() const
{
    if (m_state.trayOpen)
        return 0x71;
    return m_medium != nullptr ? 0x01 : 0x70;
}

/// Mode pages 01 (error recovery), 0E (audio), 1A (power), 2A (capabilities); 3F all of them.
std::vector<uint8_t> Cdrom::modePages(uint8_t page, bool changeable) const
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
    putBe16(capabilities, kFullSpeed);
    putBe16(capabilities, 2);   // volume levels
    putBe16(capabilities, 512); // buffer in KiB
    putBe16(capabilities, kFullSpeed);
    capabilities.resize(22);
    add(capabilities);
    return all;
}

Step Cdrom::modeSense6(const Cdb& cdb)
{
    const auto pages = modePages(cdb[2] & 0x3f, cdb[2] >> 6 == 1);
    if (cdb[2] >> 6 == 3)
        return fail({kIllegalRequest, kAscSavingNotSupported, 0});
    if (pages.empty())
        return fail(kInvalidField);
    std::vector<uint8_t> data = {static_cast<uint8_t>(pages.size() + 3), mediumType(), 0x80, 0};
    data.insert(data.end(), pages.begin(), pages.end());
    return send(std::move(data), cdb[4]);
}

Step Cdrom::modeSense10(const Cdb& cdb)
{
    const auto pages = modePages(cdb[2] & 0x3f, cdb[2] >> 6 == 1);
    if (cdb[2] >> 6 == 3)
        return fail({kIllegalRequest, kAscSavingNotSupported, 0});
    if (pages.empty())
        return fail(kInvalidField);
    std::vector<uint8_t> data;
    putBe16(data, static_cast<unsigned>(pages.size() + 6));
    data.insert(data.end(), {mediumType(), 0x80, 0, 0, 0, 0});
    data.insert(data.end(), pages.begin(), pages.end());
    return send(std::move(data), cdb.be16(7));
}

Step Cdrom::modeSelect6(const Cdb& cdb)
{
    Step step = done();
    step.kind = cdb[4] != 0 ? Step::Kind::NeedData : Step::Kind::Done;
    step.length = cdb[4];
    return step;
}

Step Cdrom::modeSelect10(const Cdb& cdb)
{
    Step step = done();
    step.kind = cdb.be16(7) != 0 ? Step::Kind::NeedData : Step::Kind::Done;
    step.length = cdb.be16(7);
    return step;
}

/// GET CONFIGURATION (MMC-5 section 6.6): the features of a reading drive.
Step Cdrom::getConfiguration(const Cdb& cdb)
{
    const unsigned type = cdb[1] & 3;
    const uint16_t from = cdb.be16(2);
    if (type == 3)
        return fail(kInvalidField);
    const bool present = mediumPresent();
    const bool dvd = present && isDvd();
    const bool cd = present && !dvd;
    std::vector<uint8_t> data(8);
    storeBe<uint16_t>(data.data() + 6, present ? (dvd ? kProfileDvd : kProfileCd) : uint16_t{0});
    const auto add = [&](uint16_t code, uint8_t version, bool persistent, bool current,
                         const std::vector<uint8_t>& body) {
        if ((type == 2 ? code != from : code < from) || (type == 1 && !current))
            return;
        putBe16(data, code);
        data.push_back(
            static_cast<uint8_t>(version << 2 | (persistent ? 2 : 0) | (current ? 1 : 0)));
        data.push_back(static_cast<uint8_t>(body.size()));
        data.insert(data.end(), body.begin(), body.end());
    };
    add(0x0000, 0, true, true,
        {0, 0x10, static_cast<uint8_t>(dvd), 0, 0, 0x08, static_cast<uint8_t>(cd), 0});
    add(0x0001, 2, true, true, {0, 0, 0, static_cast<uint8_t>(m_interface), 1, 0, 0, 0}); // core
    add(0x0002, 1, true, true, {2, 0, 0, 0});                 // morphing: polled events
    add(0x0003, 1, true, true, {0x29, 0, 0, 0});              // removable medium
    add(0x0010, 0, false, present, {0, 0, 8, 0, 0, 1, 0, 0}); // random readable, 2048 bytes
    add(0x001d, 0, false, cd, {});                            // multi-read
    add(0x001e, 2, false, cd, {0, 0, 0, 0});                  // CD read
    add(0x001f, 0, false, dvd, {});                           // DVD read
    add(0x0100, 0, true, true, {});                           // power management
    add(0x0105, 0, true, true, {});                           // timeout
    storeBe(data.data(), static_cast<uint32_t>(data.size() - 4));
    return send(std::move(data), cdb.be16(7));
}

/// GET EVENT STATUS NOTIFICATION (MMC-5 section 6.7): polled, media class only.
Step Cdrom::getEventStatus(const Cdb& cdb)
{
    constexpr uint8_t media = 4;
    if ((cdb[1] & 1) == 0)
        return fail(kInvalidField);
    if ((cdb[4] & 1U << media) == 0)
        return send({0, 2, 0x80, 1U << media}, cdb.be16(7));
    const auto status =
        static_cast<uint8_t>((m_state.trayOpen ? 1 : 0) | (m_medium != nullptr ? 2 : 0));
    const uint8_t event = m_state.mediaEvent;
    if (cdb.be16(7) > 4)
        m_state.mediaEvent = kEventNone;
    return send({0, 6, media, 1U << media, event, status, 0, 0}, cdb.be16(7));
}

Step Cdrom::mechanismStatus(const Cdb& cdb)
{
    std::vector<uint8_t> data(8);
    data[1] = m_state.trayOpen ? 0x10 : 0;
    return send(std::move(data), cdb.be16(8));
}

Step Cdrom::setSpeed(const Cdb&)
{
    return done();
}

} // namespace vmm::scsi
