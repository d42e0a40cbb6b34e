// SPDX-License-Identifier: GPL-3.0-or-later
// A SCSI logical unit, whatever its controller: commands in, steps out. SAM-5, SPC-4.
//
//   begin(cdb) ─► Step: done, data for the guest, data from the guest ─► dataArrived()
//                 or work for the backend ─► mediaDone() ─► Step …
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "vmm/base/result.h"
#include "vmm/block/block_backend.h"
#include "vmm/scsi/step.h"

namespace vmm::scsi {

/// What a drive for optical media remembers. Left out: the medium, which the machine's description
/// names.
struct CdromState {
    uint8_t mediaEvent = kEventNone; ///< what GET EVENT STATUS NOTIFICATION tells next
    bool trayOpen = false;
    bool locked = false;
    bool removalPending = false; ///< one "no medium" between two media
    bool changePending = false;  ///< unit attention: medium may have changed
    template <class A>
    void visit(A& a)
    {
        a.field("media-event", mediaEvent);
        a.field("tray-open", trayOpen).field("locked", locked);
        a.field("removal-pending", removalPending).field("change-pending", changePending);
    }
};

/// Guest state of a logical unit of either kind. Left out: identity and size.
struct UnitState {
    uint8_t attentions = 0;
    bool writeCache = true; ///< disks
    CdromState cdrom;       ///< CD-ROM drives
    template <class A>
    void visit(A& a)
    {
        a.field("attentions", attentions).field("write-cache", writeCache).field("cdrom", cdrom);
    }
};

/// What a logical unit tells before it carries out the next command (SAM-5 section 5.14), the
/// first of them first.
enum class Attention : uint8_t {
    PowerOn = 1,
    Reset = 2, ///< by a task management function
    CapacityChanged = 4
};

/// A logical unit. Carries out any number of commands at a time: what belongs to one is in its Cdb.
/// Not thread-safe: its controller sees to one call at a time. Never blocks.
class LogicalUnit {
public:
    virtual ~LogicalUnit() = default;
    LogicalUnit(const LogicalUnit&) = delete;
    LogicalUnit& operator=(const LogicalUnit&) = delete;

    virtual Step begin(const Cdb& cdb) = 0;
    /// What the step asked for, or less when the guest offered less.
    virtual Step dataArrived(const Cdb& cdb, std::span<const std::byte> data) = 0;
    /// `host` is the buffer of a reading step with MediaTarget::Host, else empty.
    virtual Step mediaDone(const Cdb& cdb, const block::IoResult& result,
                           std::span<const std::byte> host) = 0;
    /// Who carries out media steps; null without a medium.
    virtual block::BlockBackend* backend() = 0;
    /// Hands out the backend; nothing may be in flight that will ask for it.
    virtual std::unique_ptr<block::BlockBackend> releaseBackend() = 0;

    /// The settings commands can change go to what they were when power came; `why` is told.
    virtual void reset(Attention why) = 0;
    virtual UnitState save() const = 0;
    virtual Result<void> load(const UnitState& state) = 0;

    /// The guest is to be told.
    void raise(Attention attention) { m_attentions |= static_cast<uint8_t>(attention); }

protected:
    static constexpr uint8_t kAllAttentions = 7;
    LogicalUnit() = default;
    /// The next thing to tell, which counts as told.
    std::optional<Sense> takeUnitAttention();

    uint8_t m_attentions = 0;
};

/// REPORT LUNS (SPC-4 section 6.33) of a target with the one logical unit 0.
Step reportLuns(const Cdb& cdb);
/// Any command to a logical unit that a target does not have (SPC-4 section 5.11).
Step beginAbsent(const Cdb& cdb);

} // namespace vmm::scsi
