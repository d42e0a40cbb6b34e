// SPDX-License-Identifier: GPL-3.0-or-later
// What passes between a controller and a SCSI logical unit: commands in, steps out. SAM-5, SPC-4.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "vmm/base/bits.h"
#include "vmm/block/block_backend.h"
#include "vmm/scsi/scsi_regs.h"

namespace vmm::scsi {

/// A command descriptor block (SPC-4 section 4.2); what the transport did not carry is zero.
/// Numbers in it are big-endian.
class Cdb {
public:
    static constexpr size_t kSize = 32;
    Cdb() = default;
    /// Copies as much as there is room for.
    explicit Cdb(std::span<const uint8_t> bytes);

    uint8_t operator[](size_t index) const { return m_bytes[index]; }
    uint16_t be16(size_t index) const { return loadBe<uint16_t>(m_bytes.data() + index); }
    uint32_t be24(size_t index) const { return be32(index) >> 8; }
    uint32_t be32(size_t index) const { return loadBe<uint32_t>(m_bytes.data() + index); }
    uint64_t be64(size_t index) const { return loadBe<uint64_t>(m_bytes.data() + index); }

private:
    std::array<uint8_t, kSize> m_bytes{};
};

/// Why a command ended with CHECK CONDITION (SPC-4 section 4.5).
struct Sense {
    uint8_t key = kNoSense;
    uint8_t asc = 0;
    uint8_t ascq = 0;
    bool operator==(const Sense&) const = default;
};

/// Sense data in fixed format (SPC-4 section 4.5.3).
std::array<uint8_t, 18> fixedSense(const Sense& sense);

/// Where the bytes of a media step are.
enum class MediaTarget : uint8_t {
    Guest, ///< in the guest's buffers, moved in place
    Host,  ///< reading: a host buffer for mediaDone(); writing: Step::data, again and again
};

/// What happens next with a command.
struct Step {
    enum class Kind : uint8_t {
        Done,     ///< over: GOOD, or CHECK CONDITION with `sense`
        SendData, ///< GOOD, after `data` went to the guest, as much as its buffers take
        NeedData, ///< fetch `length` bytes (at most kMaxDataOut) from the guest: dataArrived()
        Media,    ///< carry out the request on the unit's backend, then mediaDone()
    };
    static constexpr size_t kMaxDataOut = 65536;

    Kind kind = Kind::Done;
    std::optional<Sense> sense;
    std::vector<std::byte> data;
    uint64_t length = 0; ///< bytes to fetch, or to move in a media step
    MediaTarget target = MediaTarget::Guest;
    block::IoKind io = block::IoKind::Read;
    block::IoDurability durability = block::IoDurability::Cached;
    bool mayUnmap = false; ///< with WriteZeroes
    uint64_t offset = 0;
    std::vector<block::Extent> extents;
};

/// GOOD without data.
inline Step done()
{
    return {};
}
/// CHECK CONDITION.
Step fail(const Sense& sense);
/// GOOD with data, cut to the command's allocation length.
Step send(std::vector<uint8_t> data, uint64_t allocation);

inline constexpr Sense kInvalidField{kIllegalRequest, kAscInvalidField, 0};
inline constexpr Sense kInvalidOpcode{kIllegalRequest, kAscInvalidOpcode, 0};
inline constexpr Sense kInvalidParameter{kIllegalRequest, kAscInvalidParameter, 0};
inline constexpr Sense kOutOfRange{kIllegalRequest, kAscOutOfRange, 0};

} // namespace vmm::scsi
