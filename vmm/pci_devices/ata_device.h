// SPDX-License-Identifier: GPL-3.0-or-later
// What stands between a SATA port and the drive on it: commands in, steps out. ATA/ATAPI-8 (ACS-2).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vmm/block/block_backend.h"

namespace vmm::pci_devices {

// Status register (ACS-2 section 6.2) and error register (section 6.3).
inline constexpr uint8_t kAtaError = 0x01;
inline constexpr uint8_t kAtaDrq = 0x08;
inline constexpr uint8_t kAtaSeekComplete = 0x10;
inline constexpr uint8_t kAtaFault = 0x20;
inline constexpr uint8_t kAtaReady = 0x40;
inline constexpr uint8_t kAtaBusy = 0x80;
inline constexpr uint8_t kAtaGood = kAtaReady | kAtaSeekComplete;
inline constexpr uint8_t kAtaAborted = 0x04;
inline constexpr uint8_t kAtaIdNotFound = 0x10;
inline constexpr uint8_t kAtaUncorrectable = 0x40;

/// A command as the register FIS and the packet area bring it (SATA 3.0 section 10.3.4).
struct AtaCommand {
    uint8_t command = 0;
    uint8_t device = 0;
    uint16_t feature = 0;
    uint16_t count = 0;
    uint64_t lba = 0; ///< 48 bits
    std::array<uint8_t, 16> packet{};
};

/// Register contents a command ends with.
struct AtaResult {
    uint8_t status = kAtaGood;
    uint8_t error = 0;
    uint8_t device = 0;
    uint16_t count = 0;
    uint64_t lba = 0;
};

/// How a command's end is told to the host.
enum class AtaProtocol : uint8_t {
    Register, ///< no data, DMA, PIO out, packet: device-to-host register FIS
    PioIn,    ///< PIO setup FIS
    Queued,   ///< set device bits FIS
};

/// Where the bytes of a media step go.
enum class MediaTarget : uint8_t {
    Guest, ///< straight to or from the guest's buffers
    Host,  ///< into a host buffer that mediaDone() turns into what the guest gets
};

/// What happens next with a command.
struct AtaStep {
    enum class Kind : uint8_t {
        Done,     ///< over: report `result`
        SendData, ///< copy `data` to the guest, as much as its buffers take, then report `result`
        NeedData, ///< fetch `length` bytes (at most kMaxDataOut) from the guest: dataArrived()
        Media,    ///< carry out the request on backend(), then mediaDone()
    };
    static constexpr size_t kMaxDataOut = 65536;

    Kind kind = Kind::Done;
    AtaProtocol protocol = AtaProtocol::Register;
    AtaResult result;
    std::vector<std::byte> data;
    uint64_t length = 0; ///< bytes to fetch, or to move in a media step
    MediaTarget target = MediaTarget::Guest;
    block::IoKind io = block::IoKind::Read;
    block::IoDurability durability = block::IoDurability::Cached;
    uint64_t offset = 0;
    std::vector<block::Extent> extents;
    /// Packet devices may be given less room than they have data; then less is moved.
    bool mayTruncate = false;
};

enum class AtaReset : uint8_t {
    Power,    ///< power-on or the machine's reset
    Hardware, ///< COMRESET
    Software, ///< SRST
};

/// A drive. Executes one command at a time: begin(), then dataArrived() or mediaDone() as long as
/// steps ask for it. Not thread-safe: called with the controller's lock held. Never blocks.
class AtaDevice {
public:
    virtual ~AtaDevice() = default;
    /// Forgets the current command and goes to the state after `kind`.
    virtual void reset(AtaReset kind) = 0;
    /// The registers after a reset; count and lba carry the signature (ACS-2 table 206).
    virtual AtaResult signature() const = 0;
    virtual AtaStep begin(const AtaCommand& command) = 0;
    virtual AtaStep dataArrived(std::span<const std::byte> data) = 0;
    /// `host` is the buffer of a step with MediaTarget::Host, else empty.
    virtual AtaStep mediaDone(const block::IoResult& result, std::span<const std::byte> host) = 0;
    /// A queued command (NCQ) ended with an error: remembers it for the error log.
    virtual void queuedCommandFailed(uint8_t tag, const AtaResult& result) = 0;
    /// Who carries out media steps; null without a medium. Only used right after a media step.
    virtual block::BlockBackend* backend() = 0;
    /// Is `command` one of the native queued commands of this drive?
    virtual bool isQueued(uint8_t command) const = 0;
};

/// The step that ends a command with the error register `error`.
inline AtaStep ataFailure(const AtaCommand& command, uint8_t error,
                          AtaProtocol protocol = AtaProtocol::Register)
{
    AtaStep step;
    step.protocol = protocol;
    step.result = {static_cast<uint8_t>(kAtaGood | kAtaError), error, command.device, command.count,
                   command.lba};
    return step;
}

/// The step that ends a command well.
inline AtaStep ataSuccess(const AtaCommand& command, AtaProtocol protocol = AtaProtocol::Register)
{
    AtaStep step;
    step.protocol = protocol;
    step.result = {kAtaGood, 0, command.device, command.count, command.lba};
    return step;
}

/// ATA strings are ASCII, blank-filled, with the bytes of each word swapped (ACS-2 section 3.3.9).
inline void putAtaString(std::span<uint16_t> words, std::string_view text)
{
    for (size_t i = 0; i < words.size() * 2; ++i) {
        const auto byte = static_cast<uint8_t>(i < text.size() ? text[i] : ' ');
        uint16_t& word = words[i / 2];
        word = i % 2 == 0 ? static_cast<uint16_t>(byte << 8) : static_cast<uint16_t>(word | byte);
    }
}

/// IDENTIFY data with its checksum in word 255 (ACS-2 section 7.12.7.84).
inline std::vector<std::byte> finishIdentify(std::array<uint16_t, 256> words)
{
    words[255] = 0x00a5;
    uint8_t sum = 0;
    for (const uint16_t word : words)
        sum = static_cast<uint8_t>(sum + (word & 0xff) + (word >> 8));
    words[255] = static_cast<uint16_t>(words[255] | ((0x100 - sum) & 0xff) << 8);
    const auto bytes = std::as_bytes(std::span(words));
    return {bytes.begin(), bytes.end()};
}

} // namespace vmm::pci_devices
