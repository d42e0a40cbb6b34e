// SPDX-License-Identifier: GPL-3.0-or-later
// What the CD-ROM drive tells about the disc: contents, tracks, DVD structures. MMC-5
// sections 6.22, 6.24, 6.26, 6.27.
#include <algorithm>
#include <array>

#include "vmm/base/bits.h"
#include "vmm/scsi/cdrom.h"
#include "vmm/scsi/msf.h"
#include "vmm/scsi/scsi_regs.h"

namespace vmm::scsi {

namespace {

constexpr uint8_t kLeadOut = 0xaa;
constexpr uint8_t kDataTrack = 0x14; // ADR 1, a data track
constexpr size_t kDvdPage = 2048;

enum class AddressForm : uint8_t { Block, Msf };

void putAddress(std::vector<uint8_t>& to, uint64_t block, AddressForm form)
{
    const Msf msf = msfOf(block);
    const auto number = static_cast<uint32_t>(block);
    if (form == AddressForm::Msf)
        to.insert(to.end(), {0, msf.minute, msf.second, msf.frame});
    else
        to.insert(to.end(), {static_cast<uint8_t>(number >> 24), static_cast<uint8_t>(number >> 16),
                             static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)});
}

void putTrack(std::vector<uint8_t>& to, uint8_t track, uint64_t block, AddressForm form)
{
    to.insert(to.end(), {0, kDataTrack, track, 0});
    putAddress(to, block, form);
}

/// One entry of the raw table of contents (MMC-5 table 485).
void putRaw(std::vector<uint8_t>& to, uint8_t point, const Msf& value)
{
    to.insert(to.end(),
              {1, kDataTrack, 0, point, 0, 0, 0, 0, value.minute, value.second, value.frame});
}

std::vector<uint8_t> withLength(std::vector<uint8_t> data)
{
    storeBe(data.data(), static_cast<uint16_t>(data.size() - 2));
    return data;
}

} // namespace

/// READ TOC/PMA/ATIP: one session with one data track.
Step Cdrom::readToc(const Cdb& cdb)
{
    const AddressForm form = (cdb[1] & 2) != 0 ? AddressForm::Msf : AddressForm::Block;
    const uint8_t start = cdb[6];
    // SFF-8020i drivers put the format into the control byte.
    const uint8_t format = (cdb[2] & 0xf) != 0 ? cdb[2] & 0xf : cdb[9] >> 6;
    std::vector<uint8_t> data = {0, 0, 1, 1};
    switch (format) {
    case 0:
        if (start > 1 && start != kLeadOut)
            return fail(kInvalidField);
        if (start <= 1)
            putTrack(data, 1, 0, form);
        putTrack(data, kLeadOut, blocks(), form);
        break;
    case 1:
        putTrack(data, 1, 0, form);
        break;
    case 2:
        putRaw(data, 0xa0, {1, 0, 0});
        putRaw(data, 0xa1, {1, 0, 0});
        putRaw(data, 0xa2, msfOf(blocks()));
        putRaw(data, 1, msfOf(0));
        break;
    default:
        return fail(kInvalidField);
    }
    return send(withLength(std::move(data)), cdb.be16(7));
}

Step Cdrom::readDiscInformation(const Cdb& cdb)
{
    if ((cdb[1] & 7) != 0)
        return fail(kInvalidField);
    std::vector<uint8_t> data(34);
    data[2] = 0x0e; // last session complete, disc finalized
    data[3] = data[4] = data[5] = data[6] = 1;
    data[7] = 0x20; // unrestricted use
    std::fill(data.begin() + 16, data.begin() + 24, uint8_t{0xff});
    return send(withLength(std::move(data)), cdb.be16(7));
}

Step Cdrom::readTrackInformation(const Cdb& cdb)
{
    const unsigned by = cdb[1] & 3;
    const uint32_t what = cdb.be32(2);
    const bool known = by == 0 ? what < blocks() : by == 3 ? false : what == 1 || what == 0xff;
    if (!known)
        return fail(kInvalidField);
    std::vector<uint8_t> data(36);
    data[2] = data[3] = 1;
    data[5] = 0x04; // data, recorded uninterrupted
    data[6] = 0x01; // mode 1
    storeBe(data.data() + 24, static_cast<uint32_t>(blocks()));
    return send(withLength(std::move(data)), cdb.be16(7));
}

/// READ DISC STRUCTURE for DVDs: physical format, copyright, manufacturer, list.
Step Cdrom::readDvdStructure(const Cdb& cdb)
{
    const uint8_t format = cdb[7];
    if (!isDvd())
        return fail({kIllegalRequest, kAscIncompatibleMedium, 2});
    if ((cdb[1] & 0xf) != 0 || cdb[6] != 0)
        return fail(kInvalidField);
    std::vector<uint8_t> data(4);
    switch (format) {
    case 0x00:
        data.resize(4 + kDvdPage);
        data[4] = 0x01; // DVD-ROM, version 1
        data[5] = 0x0f; // 120 mm, no maximum rate
        data[6] = 0x01; // one layer, embossed
        data[9] = 0x03; // data starts at 30000h
        storeBe(data.data() + 12,
                static_cast<uint32_t>(std::min<uint64_t>(0x30000 + blocks() - 1, 0xff'ffff)));
        break;
    case 0x01:
        data.resize(8);
        break; // not protected, every region
    case 0x04:
        data.resize(4 + kDvdPage);
        break;
    case 0xff:
        for (const unsigned known : {0x00U, 0x01U, 0x04U, 0xffU}) {
            const size_t size = known == 0x01 ? 8 : known == 0xff ? 20 : 4 + kDvdPage;
            data.insert(data.end(), {static_cast<uint8_t>(known), 0x40,
                                     static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)});
        }
        break;
    default:
        return fail(kInvalidField);
    }
    return send(withLength(std::move(data)), cdb.be16(8));
}

} // namespace vmm::scsi
