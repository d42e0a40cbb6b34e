// SPDX-License-Identifier: GPL-3.0-or-later
// Intel command set. Intel 28F640J3 datasheet, sections "Bus Operations" and "Command Set";
// JESD68.01.
#include "vmm/firmware/pflash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <fmt/core.h>
#include <sys/mman.h>

#include "vmm/base/bits.h"

namespace vmm::firmware {

namespace {

constexpr int kPriority = 30; // above the board's ROM

// Commands.
constexpr uint8_t kReadArray = 0xff;
constexpr uint8_t kReadIdentifier = 0x90;
constexpr uint8_t kReadQuery = 0x98;
constexpr uint8_t kReadStatus = 0x70;
constexpr uint8_t kClearStatus = 0x50;
constexpr uint8_t kProgram = 0x40;
constexpr uint8_t kProgramToo = 0x10;
constexpr uint8_t kErase = 0x20;
constexpr uint8_t kEraseToo = 0x28; // single block erase, as some firmware names it
constexpr uint8_t kBuffered = 0xe8;
constexpr uint8_t kLock = 0x60;
constexpr uint8_t kConfirm = 0xd0;
constexpr uint8_t kConfirmLock = 0x01;
// Status register.
constexpr uint8_t kReady = 1 << 7;
constexpr uint8_t kEraseError = 1 << 5;
constexpr uint8_t kProgramError = 1 << 4;

constexpr uint8_t kManufacturer = 0x89;
constexpr uint8_t kDevice = 0x18;
constexpr uint32_t kBufferSize = 256; // a write buffer never crosses a multiple of it

/// The answer to a CFI query (JESD68.01 section 4), read a byte at a time from 0x10 on.
uint8_t queryByte(uint64_t offset, uint64_t size)
{
    const uint64_t blocks = size / Pflash::kBlockSize - 1;
    const std::array<uint8_t, 33> table = {
        'Q',
        'R',
        'Y',
        1,
        0,
        0x31,
        0,
        0,
        0,
        0,
        0, // command set 1, its table at 0x31, no other
        0x45,
        0x55,
        0,
        0, // supply voltages
        7,
        7,
        10,
        0,
        4,
        4,
        4,
        0,                                                           // typical and longest times
        static_cast<uint8_t>(std::countr_zero(std::bit_ceil(size))), // size as a power of two
        0,
        0,
        8,
        0, // bus width 8, buffer of 2^8 bytes
        1,
        static_cast<uint8_t>(blocks),
        static_cast<uint8_t>(blocks >> 8), // one erase region
        static_cast<uint8_t>(Pflash::kBlockSize >> 8),
        0};
    return offset >= 0x10 && offset - 0x10 < table.size() ? table[offset - 0x10] : uint8_t{0};
}

} // namespace

Result<std::unique_ptr<Pflash>> Pflash::create(bus::MmioBus& mmio, memory::MemoryMap& map,
                                               memory::GuestPhys base, const Bytes& content)
{
    if (content.empty() || content.size() % kBlockSize != 0 || content.size() > kMaxSize)
        return Error(ErrorCode::Invalid,
                     fmt::format("flash of {} bytes: not whole blocks of 4 KiB up to 16 MiB",
                                 content.size()));
    std::unique_ptr<Pflash> flash(new Pflash(map, base));
    flash->m_content = TRY(MappedRegion::map(-1, 0, content.size(), PROT_READ | PROT_WRITE,
                                             MAP_PRIVATE | MAP_ANONYMOUS));
    std::copy(content.begin(), content.end(), flash->m_content.data());
    flash->m_mapping = TRY(mmio.map("pflash", base, content.size(), *flash));
    MutexLock lock(flash->m_mutex);
    flash->applyLocked();
    return flash;
}

Pflash::~Pflash()
{
    static_cast<void>(m_map.removeLayer("pflash").has_value());
}

/// Mode and step decide whether reads are the contents.
void Pflash::applyLocked()
{
    const bool direct = m_mode == PflashMode::Array;
    if (direct == m_direct)
        return;
    m_direct = direct;
    memory::MapRange range{m_base, m_content.size()};
    range.host = direct ? m_content.data() : nullptr; // null: what lies beneath traps too
    range.access = memory::MapAccess::ReadOnly;
    if (const auto set = m_map.setLayer("pflash", kPriority, {range}); !set)
        m_log.warn(set.error().sentence());
}

uint8_t Pflash::readByteLocked(uint64_t offset) const
{
    switch (m_mode) {
    case PflashMode::Array:
        break;
    case PflashMode::Status:
        return m_status;
    case PflashMode::Identifier: // manufacturer, device, then lock bits: nothing is locked
        return offset % kBlockSize == 0 ? kManufacturer : offset % kBlockSize == 1 ? kDevice : 0;
    case PflashMode::Query:
        return queryByte(offset, m_content.size());
    }
    return std::to_integer<uint8_t>(m_content.data()[offset]);
}

uint64_t Pflash::readMmio(uint64_t offset, unsigned size)
{
    MutexLock lock(m_mutex);
    uint64_t value = 0;
    for (unsigned i = 0; i < size; ++i)
        value |= uint64_t{readByteLocked(offset + i)} << (8 * i);
    return value;
}

/// A wide write is one command for all lanes, or as many bytes of data.
void Pflash::writeMmio(uint64_t offset, uint64_t value, unsigned size)
{
    MutexLock lock(m_mutex);
    const PflashStep step = m_step;
    const bool data = step == PflashStep::Program || step == PflashStep::BufferData;
    for (unsigned i = 0; i < (data ? size : 1); ++i) {
        if (step == PflashStep::Program)
            m_step = step; // one command programs every byte of the access
        else if (i > 0 && m_step != step)
            break; // the buffer is full
        writeByteLocked(offset + i, static_cast<uint8_t>(value >> (8 * i)));
    }
    applyLocked();
}

void Pflash::programLocked(uint64_t offset, uint8_t value)
{
    m_content.data()[offset] &= static_cast<std::byte>(value);
}

void Pflash::eraseLocked(uint64_t offset)
{
    std::memset(m_content.data() + alignDown(offset, kBlockSize), 0xff, kBlockSize);
}

void Pflash::awaitLocked(PflashStep step)
{
    m_step = step;
    m_mode = PflashMode::Status;
}

void Pflash::finishLocked()
{
    m_status |= kReady;
    awaitLocked(PflashStep::None);
}

/// A command sequence gone wrong: both error bits (datasheet, "Status Register Definitions").
void Pflash::failLocked()
{
    m_status |= kEraseError | kProgramError;
    finishLocked();
}

void Pflash::writeByteLocked(uint64_t offset, uint8_t value)
{
    switch (m_step) {
    case PflashStep::None:
        return commandLocked(value);
    case PflashStep::Program:
        programLocked(offset, value);
        return finishLocked();
    case PflashStep::Erase:
        if (value != kConfirm)
            return failLocked();
        eraseLocked(offset);
        return finishLocked();
    case PflashStep::Lock: // accepted, without effect
        return value == kConfirm || value == kConfirmLock ? finishLocked() : failLocked();
    case PflashStep::BufferCount: // the count is one less than the bytes that follow
        m_bufferLeft = uint32_t{value} + 1;
        m_bufferBlock = alignDown(offset, uint64_t{kBufferSize});
        m_step = PflashStep::BufferData;
        return;
    case PflashStep::BufferData:
        if (alignDown(offset, uint64_t{kBufferSize}) != m_bufferBlock)
            return failLocked();
        programLocked(offset, value);
        if (--m_bufferLeft == 0)
            m_step = PflashStep::BufferConfirm;
        return;
    case PflashStep::BufferConfirm:
        return value == kConfirm ? finishLocked() : failLocked();
    }
}

void Pflash::commandLocked(uint8_t value)
{
    switch (value) {
    case kProgram:
    case kProgramToo:
        return awaitLocked(PflashStep::Program);
    case kErase:
    case kEraseToo:
        return awaitLocked(PflashStep::Erase);
    case kBuffered:
        return awaitLocked(PflashStep::BufferCount);
    case kLock:
        return awaitLocked(PflashStep::Lock);
    case kClearStatus:
        m_status = 0;
        m_mode = PflashMode::Array;
        return;
    case kReadStatus:
        m_mode = PflashMode::Status;
        return;
    case kReadIdentifier:
        m_mode = PflashMode::Identifier;
        return;
    case kReadQuery:
        m_mode = PflashMode::Query;
        return;
    case 0x00: // a probe of whether this is RAM; not a command
    case kReadArray:
    default:
        m_mode = PflashMode::Array;
    }
}

void Pflash::reset()
{
    MutexLock lock(m_mutex);
    m_mode = PflashMode::Array;
    m_step = PflashStep::None;
    m_status = kReady;
    m_bufferLeft = 0;
    m_bufferBlock = 0;
    applyLocked();
}

PflashState Pflash::save() const
{
    MutexLock lock(m_mutex);
    PflashState state;
    state.content.assign(m_content.data(), m_content.data() + m_content.size());
    state.mode = m_mode;
    state.step = m_step;
    state.status = m_status;
    state.bufferLeft = m_bufferLeft;
    state.bufferBlock = m_bufferBlock;
    return state;
}

Result<void> Pflash::load(const PflashState& state)
{
    if (state.content.size() != m_content.size())
        return Error(ErrorCode::Invalid, "flash of another size");
    if (state.mode > PflashMode::Query || state.step > PflashStep::Lock ||
        state.bufferLeft > kBufferSize ||
        (state.step == PflashStep::BufferData && state.bufferLeft == 0))
        return Error(ErrorCode::Invalid, "a flash chip in an unknown state");
    MutexLock lock(m_mutex);
    std::copy(state.content.begin(), state.content.end(), m_content.data());
    m_mode = state.mode;
    m_step = state.step;
    m_status = state.status;
    m_bufferLeft = state.bufferLeft;
    m_bufferBlock = state.bufferBlock;
    applyLocked();
    return {};
}

} // namespace vmm::firmware
