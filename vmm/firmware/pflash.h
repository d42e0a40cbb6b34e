// SPDX-License-Identifier: GPL-3.0-or-later
// A parallel NOR flash chip with the Intel command set, as UEFI firmware keeps its variables in.
// JEDEC JESD68.01 (CFI), Intel 28F640J3 datasheet (command set 1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "vmm/base/log.h"
#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/firmware/byte_writer.h"
#include "vmm/memory/memory_map.h"
#include "vmm/state/state.h"

namespace vmm::firmware {

/// What a chip shows when it is read.
enum class PflashMode : uint8_t { Array, Status, Identifier, Query };
/// The command whose second cycle is awaited.
enum class PflashStep : uint8_t {
    None,
    Program,
    Erase,
    BufferCount,
    BufferData,
    BufferConfirm,
    Lock
};

/// Guest state, contents included: what the firmware wrote is nowhere else.
struct PflashState {
    static constexpr state::Tag kTag{"pflash", 1, 1};
    std::vector<std::byte> content;
    PflashMode mode = PflashMode::Array;
    PflashStep step = PflashStep::None;
    uint8_t status = 0x80;
    uint32_t bufferLeft = 0;  ///< bytes still awaited in BufferData
    uint64_t bufferBlock = 0; ///< where the buffered program began
    template <class A>
    void visit(A& a)
    {
        a.field("content", content).field("mode", mode).field("step", step).field("status", status);
        a.field("buffer-left", bufferLeft).field("buffer-block", bufferBlock);
    }
};

/// One chip, one byte wide, with blocks of 4 KiB. In array mode reads go straight to the contents
/// and writes trap; in every other mode both trap. Programming and erasing take no time: the status
/// is "ready" at once. Programming only clears bits, erasing a block sets them.
///
/// DEVIATION: clearing the status also clears "ready" until the next operation, and shows the
/// contents again, because OVMF knows flash from RAM and ROM by that.
///
/// Owner: Machine. Accesses on vCPU threads; the rest with vCPUs stopped. Contents survive reset().
class Pflash final : public bus::MmioHandler,
                     public bus::Resettable,
                     public state::Stateful<Pflash, PflashState> {
public:
    static constexpr uint64_t kBlockSize = 4096;
    static constexpr size_t kMaxSize = size_t{16} << 20;

    /// Maps a chip holding `content` (copied; whole blocks, at most kMaxSize) at `base`. The buses
    /// outlive it.
    static Result<std::unique_ptr<Pflash>> create(bus::MmioBus& mmio, memory::MemoryMap& map,
                                                  memory::GuestPhys base, const Bytes& content);
    ~Pflash() override;

    uint64_t readMmio(uint64_t offset, unsigned size) override;
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;
    void reset() override;
    PflashState save() const;
    Result<void> load(const PflashState& state);
    uint64_t size() const { return m_content.size(); }

private:
    Pflash(memory::MemoryMap& map, memory::GuestPhys base) : m_map(map), m_base(base) {}
    uint8_t readByteLocked(uint64_t offset) const REQUIRES(m_mutex);
    void writeByteLocked(uint64_t offset, uint8_t value) REQUIRES(m_mutex);
    void commandLocked(uint8_t value) REQUIRES(m_mutex);
    void awaitLocked(PflashStep step) REQUIRES(m_mutex);
    void finishLocked() REQUIRES(m_mutex);
    void failLocked() REQUIRES(m_mutex);
    void programLocked(uint64_t offset, uint8_t value) REQUIRES(m_mutex);
    void eraseLocked(uint64_t offset) REQUIRES(m_mutex);
    void applyLocked() REQUIRES(m_mutex);

    memory::MemoryMap& m_map;
    const memory::GuestPhys m_base;
    MappedRegion m_content; // vCPUs read it directly
    std::unique_ptr<bus::Registration> m_mapping;
    mutable Mutex m_mutex;
    bool m_direct GUARDED_BY(m_mutex) = false; // mapped for reading now
    PflashMode m_mode GUARDED_BY(m_mutex) = PflashMode::Array;
    PflashStep m_step GUARDED_BY(m_mutex) = PflashStep::None;
    uint8_t m_status GUARDED_BY(m_mutex) = 0x80;
    uint32_t m_bufferLeft GUARDED_BY(m_mutex) = 0;
    uint64_t m_bufferBlock GUARDED_BY(m_mutex) = 0;
    GuestLog m_log{"vmm.firmware.pflash"};
};

} // namespace vmm::firmware
