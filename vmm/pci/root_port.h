// SPDX-License-Identifier: GPL-3.0-or-later
// A PCI Express root port with one hot-plug slot. PCI Express Base 4.0 sections 6.7, 7.5.3.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/pci/pci_bridge.h"
#include "vmm/state/state.h"

namespace vmm::pci {

/// Guest state of a root port. Left out: who is in the slot, which the description says, and what
/// stands in for a card that was just pulled.
struct RootPortState {
    static constexpr state::Tag kTag{"root-port", 1, 1};
    PciConfigState pci;
    uint16_t events = 0;     ///< Slot Status bits that wait to be cleared
    bool present = false;    ///< the guest was told that there is a card
    bool surprised = false;  ///< a card was pulled and the guest has not yet taken power away
    bool stale = false;      ///< the card must be reset before it comes up again
    bool unplugging = false; ///< the button was pressed and the slot has still power
    template <class A>
    void visit(A& a)
    {
        a.field("pci", pci).field("events", events).field("present", present);
        a.field("surprised", surprised).field("stale", stale).field("unplugging", unplugging);
    }
};

/// Stands where the BARs of a card were: reads as zeros.
class PulledCard final : public bus::MmioHandler {
public:
    uint64_t readMmio(uint64_t, unsigned) override { return 0; }
    void writeMmio(uint64_t, uint64_t, unsigned) override {}
};

class RootPort;

/// What a port asks of the board. Called on vCPU threads and by reset() and load(), without a lock:
/// must not block and must not call the port; usually posts to the machine's control thread.
class SlotListener {
public:
    virtual ~SlotListener() = default;
    /// The guest has let go of the card, as requestUnplug() wanted: remove() it.
    virtual void slotReleased(RootPort& port) = 0;
    /// Power came back to a card that was in use before (or its bus was reset): reset its functions
    /// as at a reset of the machine, then cardReset(). The link stays down until then.
    virtual void cardNeedsReset(RootPort& port) = 0;
};

/// 8086:2940 and following, functions of slot 1c, as in the ICH9. The slot has an attention button,
/// a power indicator, a power controller and no command completed events, since commands take
/// effect at once.
///
///   plug()          presence changed and button -> guest gives power -> link active -> it looks
///   requestUnplug() attention button -> guest stops its drivers (Linux: after 5 s, in which a
///                   second press cancels), takes power away -> link down -> slotReleased()
///   remove()        the card is gone at once; the guest is told, surprised or not
///
/// DEVIATION: until a guest that listens has taken power away from a card that was pulled, its
/// memory reads as zeros. Ones, as a link that is down gives, keep Linux' virtio driver waiting
/// without end for a device status of 0, and no slot works from then on.
///
/// A card is reachable (configuration, BARs) while the link is up: it is there, has power, and
/// neither Link Disable nor Secondary Bus Reset is set.
///
/// Owner: the board; cards are not owned. Thread: plug(), requestUnplug(), remove(), cardReset(),
/// reset and states on the machine's control thread; configuration on vCPU threads.
class RootPort final : public PciBridge,
                       public bus::Resettable,
                       public state::Stateful<RootPort, RootPortState> {
public:
    static constexpr uint8_t kSlot = 0x1c;
    static constexpr unsigned kMaxPorts = 8; ///< functions of the slot
    enum class PlugTime : uint8_t {
        PowerOn, ///< before the guest runs: it finds the card under power
        Running,
    };

    /// Port `index` of `count`, function `index` of the slot; its interrupt pin is
    /// interruptPin(index). `listener` outlives it. Fails when no interrupt routes are left.
    static Result<std::unique_ptr<RootPort>> create(const PciServices& services, unsigned index,
                                                    unsigned count, SlotListener& listener);
    static PciBdf bdf(unsigned index) { return {0, kSlot, static_cast<uint8_t>(index)}; }
    static unsigned interruptPin(unsigned index) { return index % 4 + 1; }

    /// Puts a card with these functions (0, 1, ...) into the slot. They outlive their stay. Busy
    /// when the slot is taken, Invalid for none or more than eight.
    Result<void> plug(const std::vector<PciDevice*>& functions, PlugTime time);
    /// Asks the guest to let go; slotReleased() may follow at once, later or never. Asked again
    /// while the guest is at it, nothing happens. NotFound when the slot is empty, Unsupported when
    /// the guest does not listen to the button.
    Result<void> requestUnplug();
    /// Takes the card out, whatever the guest thinks; see PciBridge::detach() for what may be done
    /// with its functions then. Nothing when the slot is empty.
    void remove();
    bool occupied() const;
    /// The answer to cardNeedsReset().
    void cardReset();

    void writeConfig(uint16_t offset, uint32_t value, unsigned size) override;
    void reset() override;
    std::string stateName() const override { return name(); } ///< there are several
    RootPortState save() const;
    Result<void> load(const RootPortState& state);

private:
    /// What is left to do after unlocking.
    struct Actions {
        bool forwarding = false;
        bool message = false;
        bool released = false;
        bool cardReset = false;
    };
    RootPort(const PciServices& services, unsigned index, unsigned count, SlotListener& listener);
    bool linked() const override { return m_linked.load(std::memory_order_acquire); }
    void configWritten(uint16_t offset, unsigned size) override;
    void update();
    Actions updateLocked() REQUIRES(m_slotMutex);
    void enterLocked() REQUIRES(m_slotMutex);
    void updateLinkLocked(uint16_t control, Actions& actions) REQUIRES(m_slotMutex);
    bool interruptingLocked(uint16_t control) const REQUIRES(m_slotMutex);
    void showStatusLocked() REQUIRES(m_slotMutex);
    void act(const Actions& actions);
    void standInLocked(const std::vector<PciDevice::Place>& places) REQUIRES(m_slotMutex);

    SlotListener& m_listener;
    std::vector<PciDevice*> m_functions; // control thread
    std::atomic<bool> m_linked{false};   // written under m_slotMutex
    PulledCard m_pulled;
    mutable Mutex m_slotMutex; // taken before the configuration lock
    bool m_occupied GUARDED_BY(m_slotMutex) = false;
    bool m_present GUARDED_BY(m_slotMutex) = false; // as the guest sees it
    bool m_surprised GUARDED_BY(m_slotMutex) = false;
    bool m_stale GUARDED_BY(m_slotMutex) = false;
    bool m_resetAsked GUARDED_BY(m_slotMutex) = false;
    bool m_unplugging GUARDED_BY(m_slotMutex) = false;
    bool m_released GUARDED_BY(m_slotMutex) = false; // the listener knows
    bool m_interrupting GUARDED_BY(m_slotMutex) = false;
    uint16_t m_events GUARDED_BY(m_slotMutex) = 0;
    std::vector<std::unique_ptr<bus::Registration>> m_standIns GUARDED_BY(m_slotMutex);
};

} // namespace vmm::pci
