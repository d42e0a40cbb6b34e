// SPDX-License-Identifier: GPL-3.0-or-later
// The drive's tray and the dispatch of its commands. MMC-5 section 6.
#include "vmm/scsi/cdrom.h"

#include <algorithm>

namespace vmm::scsi {

namespace {

enum class Medium : uint8_t { Needed, NotNeeded };
enum class Attentions : uint8_t { Reported, Ignored };

} // namespace

/// How a command is treated before its handler runs.
struct Cdrom::Row {
    uint8_t opcode;
    Medium medium;
    Attentions attentions; // Ignored: works while a unit attention is pending (SPC-3 section 5.8)
    Handler handler;
};

const Cdrom::Row* Cdrom::findRow(uint8_t opcode)
{
    constexpr auto needed = Medium::Needed;
    constexpr auto any = Medium::NotNeeded;
    constexpr auto report = Attentions::Reported;
    constexpr auto ignore = Attentions::Ignored;
    static constexpr Row kRows[] = {
        {kTestUnitReady, needed, report, &Cdrom::testUnitReady},
        {kRequestSense, any, ignore, &Cdrom::requestSense},
        {kInquiry, any, ignore, &Cdrom::inquiry},
        {kModeSelect6, any, report, &Cdrom::modeSelect6},
        {kModeSense6, any, report, &Cdrom::modeSense6},
        {kStartStopUnit, any, report, &Cdrom::startStop},
        {kPreventAllowRemoval, any, report, &Cdrom::preventRemoval},
        {kReadCapacity, needed, report, &Cdrom::readCapacity},
        {kRead10, needed, report, &Cdrom::read10},
        {kSeek10, needed, report, &Cdrom::seek},
        {kReadToc, needed, report, &Cdrom::readToc},
        {kGetConfiguration, any, ignore, &Cdrom::getConfiguration},
        {kGetEventStatus, any, ignore, &Cdrom::getEventStatus},
        {kReadDiscInformation, needed, report, &Cdrom::readDiscInformation},
        {kReadTrackInformation, needed, report, &Cdrom::readTrackInformation},
        {kModeSelect10, any, report, &Cdrom::modeSelect10},
        {kModeSense10, any, report, &Cdrom::modeSense10},
        {kRead12, needed, report, &Cdrom::read12},
        {kReadDvdStructure, needed, report, &Cdrom::readDvdStructure},
        {kSetCdSpeed, any, report, &Cdrom::setSpeed},
        {kMechanismStatus, any, report, &Cdrom::mechanismStatus},
        {kReadCd, needed, report, &Cdrom::readCd},
    };
    const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                   [opcode](const Row& r) { return r.opcode == opcode; });
    return row != std::end(kRows) ? row : nullptr;
}

Cdrom::Cdrom(std::unique_ptr<block::BlockBackend> medium, std::string serial,
             PhysicalInterface interface)
    : m_medium(std::move(medium)), m_serial(std::move(serial)), m_interface(interface)
{
    if (interface == PhysicalInterface::Scsi) // what ATAPI tells is the ATA device's to decide
        raise(Attention::PowerOn);
}

void Cdrom::reset(Attention why)
{
    release(why == Attention::PowerOn);
    m_attentions = 0;
    raise(why);
}

void Cdrom::release(bool power)
{
    m_state.locked = false; // MMC-5 section 6.18.1.3
    if (!power)
        return;
    m_state.mediaEvent = kEventNone;
    m_state.removalPending = m_state.changePending = false;
}

uint64_t Cdrom::blocks() const
{
    const uint64_t sectors = m_medium != nullptr ? m_medium->capacity() : 0;
    // What does not fit the 32-bit addresses of commands cannot be reached.
    return std::min<uint64_t>(sectors / (kBlockSize / block::kSectorSize), 0xffff'ffff);
}

bool Cdrom::isDvd() const
{
    constexpr uint64_t cdMax = 80 * 60 * 75; // an 80 minute CD
    return blocks() > cdMax;
}

Step Cdrom::begin(const Cdb& cdb)
{
    const Row* row = findRow(cdb[0]);
    if (row == nullptr)
        return fail(kInvalidOpcode);
    if (row->attentions == Attentions::Reported) {
        if (const auto attention = takeAttention())
            return fail(*attention);
    }
    if (row->medium == Medium::Needed && !mediumPresent())
        return noMedium();
    return (this->*row->handler)(cdb);
}

/// What happened to the drive, then what happened to its medium.
std::optional<Sense> Cdrom::takeAttention()
{
    if (const auto unit = takeUnitAttention())
        return unit;
    if (std::exchange(m_state.removalPending, false))
        return Sense{kNotReady, kAscNoMedium, 2};
    if (std::exchange(m_state.changePending, false))
        return Sense{kUnitAttention, kAscMediumChanged, 0};
    return std::nullopt;
}

Step Cdrom::noMedium() const
{
    return fail({kNotReady, kAscNoMedium, static_cast<uint8_t>(m_state.trayOpen ? 2 : 1)});
}

Step Cdrom::dataArrived(const Cdb&, std::span<const std::byte>)
{
    // MODE SELECT. DEVIATION: parameters are accepted without effect; nothing here can be set.
    return done();
}

Step Cdrom::mediaDone(const Cdb& cdb, const block::IoResult& result,
                      std::span<const std::byte> host)
{
    switch (result.status) {
    case block::IoStatus::Ok:
        return host.empty() ? done() : rawSectors(cdb, host);
    case block::IoStatus::Cancelled:
        if (!mediumPresent())
            return noMedium(); // taken out by force while it was read
        return fail({kAbortedCommand, 0, 0});
    case block::IoStatus::Failed:
    case block::IoStatus::NoSpace:
        break;
    }
    return fail({kMediumError, kAscUnrecoveredRead, 0});
}

std::unique_ptr<block::BlockBackend> Cdrom::insert(std::unique_ptr<block::BlockBackend> medium)
{
    auto old = std::move(m_medium);
    m_state.removalPending = old != nullptr && !m_state.trayOpen;
    m_medium = std::move(medium);
    m_state.trayOpen = false;
    m_state.changePending = m_medium != nullptr;
    m_state.mediaEvent = m_medium != nullptr ? kEventNewMedia : kEventMediaRemoval;
    return old;
}

Result<std::unique_ptr<block::BlockBackend>> Cdrom::eject(EjectMode mode)
{
    if (m_state.locked && m_medium != nullptr && mode == EjectMode::Ask) {
        m_state.mediaEvent = kEventEjectRequest;
        return Error(ErrorCode::Busy,
                     "the guest has locked the CD tray; it was asked to release it");
    }
    m_state.locked = false;
    m_state.trayOpen = true;
    m_state.removalPending = m_state.changePending = false;
    m_state.mediaEvent = kEventMediaRemoval;
    return std::move(m_medium);
}

std::string Cdrom::mediumPath() const
{
    return mediumPresent() ? m_medium->path() : std::string();
}

bool Cdrom::takeTrayMoved()
{
    return std::exchange(m_trayMoved, false);
}

/// START STOP UNIT (MMC-5 section 6.42): only LoEj does something.
Step Cdrom::startStop(const Cdb& cdb)
{
    const bool start = (cdb[4] & 1) != 0;
    const bool load = (cdb[4] & 2) != 0;
    if (cdb[4] >> 4 != 0 || !load)
        return done();
    if (start == !m_state.trayOpen)
        return done();
    if (!start && m_state.locked)
        return fail({kIllegalRequest, kAscRemovalPrevented, 2});
    m_state.trayOpen = !start;
    m_trayMoved = true;
    m_state.changePending = start && m_medium != nullptr;
    m_state.mediaEvent = mediumPresent() ? kEventNewMedia : kEventMediaRemoval;
    return done();
}

Step Cdrom::preventRemoval(const Cdb& cdb)
{
    m_state.locked = (cdb[4] & 1) != 0;
    return done();
}

UnitState Cdrom::save() const
{
    UnitState state;
    state.attentions = m_attentions;
    state.cdrom = m_state;
    return state;
}

Result<void> Cdrom::load(const UnitState& state)
{
    if ((state.attentions & ~kAllAttentions) != 0)
        return Error(ErrorCode::Invalid, "cdrom: an attention that does not exist");
    m_attentions = state.attentions;
    return loadState(state.cdrom);
}

Result<void> Cdrom::loadState(const CdromState& state)
{
    if (state.mediaEvent > kEventMediaRemoval)
        return Error(ErrorCode::Invalid, "cdrom: a value is out of range");
    m_trayMoved = false;
    m_state = state;
    return {};
}

} // namespace vmm::scsi
