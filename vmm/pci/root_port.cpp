// SPDX-License-Identifier: GPL-3.0-or-later
// PCI Express Base 4.0 sections 6.7 and 7.5.3.
#include "vmm/pci/root_port.h"

#include <fmt/core.h>

#include "vmm/base/bits.h"
#include "vmm/base/check.h"
#include "vmm/pci/pcie_regs.h"

namespace vmm::pci {

namespace {

constexpr uint8_t kExpress = 0x40; // where the ICH9 has them (316972-004 section 20.1)
constexpr uint8_t kMsi = 0x80;
constexpr uint16_t kSlotControl = kExpress + kExpressSlotControl;
constexpr uint16_t kSlotStatus = kExpress + kExpressSlotStatus;
constexpr uint16_t kLinkControl = kExpress + kExpressLinkControl;
constexpr uint16_t kLinkStatus = kExpress + kExpressLinkStatus;
constexpr uint16_t kEvents = kSlotButton | kSlotPresenceChanged | kSlotLinkChanged;
constexpr uint16_t kDeviceBase = 0x2940;
constexpr unsigned kMaxFunctions = 8;
constexpr uint8_t kMultiFunction = 0x80;

PciIdentity identityOf(unsigned index, unsigned count)
{
    PciIdentity identity;
    identity.vendor = 0x8086;
    identity.device = static_cast<uint16_t>(kDeviceBase + 2 * index);
    identity.classCode = 0x06'0400; // bridge, PCI to PCI
    identity.revision = 2;
    identity.interruptPin = static_cast<uint8_t>(RootPort::interruptPin(index));
    identity.headerType = kHeaderTypeBridge;
    if (index == 0 && count > 1)
        identity.headerType |= kMultiFunction;
    return identity;
}

} // namespace

Result<std::unique_ptr<RootPort>> RootPort::create(const PciServices& services, unsigned index,
                                                   unsigned count, SlotListener& listener)
{
    CHECK(index < count && count <= kMaxPorts);
    std::unique_ptr<RootPort> port(new RootPort(services, index, count, listener));
    TRY(port->addMsi(kMsi));
    return port;
}

RootPort::RootPort(const PciServices& services, unsigned index, unsigned count,
                   SlotListener& listener)
    : PciBridge(fmt::format("root-port{}", index), services, identityOf(index, count)),
      m_listener(listener)
{
    const auto number = static_cast<uint8_t>(index + 1);
    addExpress(kExpress, rootPortCapability(number, number));
}

// --- the card ---

Result<void> RootPort::plug(const std::vector<PciDevice*>& functions, PlugTime time)
{
    if (functions.empty() || functions.size() > kMaxFunctions)
        return Error(ErrorCode::Invalid, "a card has one to eight functions");
    if (occupied())
        return Error(ErrorCode::Busy, fmt::format("the slot of {} is taken", name()));
    m_functions = functions;
    for (size_t i = 0; i < functions.size(); ++i)
        TRY(attach(static_cast<uint8_t>(i), *functions[i]));
    {
        MutexLock lock(m_slotMutex);
        m_occupied = true;
    }
    if (time == PlugTime::PowerOn)
        reset();
    else
        update();
    return {};
}

Result<void> RootPort::requestUnplug()
{
    Actions actions;
    {
        MutexLock lock(m_slotMutex);
        if (!m_occupied)
            return Error(ErrorCode::NotFound, fmt::format("the slot of {} is empty", name()));
        const auto control = static_cast<uint16_t>(config(kSlotControl, 2));
        const bool powered = (control & kSlotPowerOff) == 0;
        constexpr uint16_t kListening = kSlotInterruptEnable | kSlotButton;
        if (powered && (control & kListening) != kListening)
            return Error(ErrorCode::Unsupported,
                         "the guest does not listen to requests to take a card out");
        const bool busy = m_unplugging && (control & kSlotPowerIndicator) != kSlotPowerIndicatorOn;
        m_unplugging = true;
        if (powered && !busy)
            m_events |= kSlotButton;
        actions = updateLocked();
    }
    act(actions);
    return {};
}

void RootPort::remove()
{
    std::vector<PciDevice::Place> places;
    for (const PciDevice* function : m_functions) {
        const auto more = function->mmioPlaces();
        places.insert(places.end(), more.begin(), more.end());
    }
    Actions actions;
    {
        MutexLock lock(m_slotMutex);
        m_occupied = false;
        m_surprised = m_present && (config(kSlotControl, 2) & kSlotPowerOff) == 0;
        m_stale = false;
        m_resetAsked = false;
        m_unplugging = false;
        m_released = false;
        if (m_present)
            m_events |= kSlotPresenceChanged;
        m_present = false;
        actions = updateLocked();
    }
    // First unreachable, then told: nobody asks for the card in between.
    for (size_t i = 0; i < m_functions.size(); ++i)
        detach(static_cast<uint8_t>(i), *m_functions[i]);
    m_functions.clear();
    {
        MutexLock lock(m_slotMutex);
        standInLocked(places);
    }
    act(actions);
}

void RootPort::standInLocked(const std::vector<PciDevice::Place>& places)
{
    if (!m_surprised || (config(kSlotControl, 2) & kSlotInterruptEnable) == 0)
        return;
    for (const PciDevice::Place& place : places) {
        auto registration = m_services.mmio.map(
            name() + " pulled card", memory::GuestPhys(place.base), place.size, m_pulled);
        if (registration) // else somebody else is there by now
            m_standIns.push_back(std::move(*registration));
    }
}

bool RootPort::occupied() const
{
    MutexLock lock(m_slotMutex);
    return m_occupied;
}

void RootPort::cardReset()
{
    Actions actions;
    {
        MutexLock lock(m_slotMutex);
        m_resetAsked = false;
        m_stale = false;
        actions = updateLocked();
    }
    act(actions);
}

// --- the slot's registers ---

void RootPort::writeConfig(uint16_t offset, uint32_t value, unsigned size)
{
    // Events are cleared by writing ones; the base class takes Slot Status for read-only.
    for (unsigned i = 0; i < size; ++i) {
        const unsigned at = offset + i;
        if (at < kSlotStatus || at >= kSlotStatus + 2U)
            continue;
        const uint32_t ones = (value >> (8 * i) & 0xff) << (8 * (at - kSlotStatus));
        MutexLock lock(m_slotMutex);
        m_events &= static_cast<uint16_t>(~ones);
    }
    PciBridge::writeConfig(offset, value, size);
}

void RootPort::configWritten(uint16_t offset, unsigned size)
{
    update();
    PciBridge::configWritten(offset, size);
}

void RootPort::update()
{
    Actions actions;
    {
        MutexLock lock(m_slotMutex);
        actions = updateLocked();
    }
    act(actions);
}

/// Brings everything that follows from the slot's control register and the card up to date. Of two
/// threads that change something at once the later one sees both changes.
RootPort::Actions RootPort::updateLocked()
{
    Actions actions;
    const auto control = static_cast<uint16_t>(config(kSlotControl, 2));
    const bool powered = (control & kSlotPowerOff) == 0;
    if (m_occupied && m_unplugging && !m_released && !powered) {
        m_released = true;
        actions.released = true;
    }
    const unsigned indicator = control & kSlotPowerIndicator;
    if (!powered && indicator == kSlotPowerIndicatorOff)
        m_surprised = false;
    if (!m_surprised)
        m_standIns.clear();
    if (m_occupied && !m_present && !m_released &&
        (m_surprised || indicator != kSlotPowerIndicatorBlink))
        enterLocked();
    updateLinkLocked(control, actions);
    const bool interrupting = interruptingLocked(control);
    actions.message = interrupting && !m_interrupting;
    m_interrupting = interrupting;
    publishIntx(interrupting);
    showStatusLocked();
    return actions;
}

/// Shows the card. With the button: a guest that offers one (Linux) may listen to nothing else; to
/// have both at once spares it the seconds it waits after a press. Two cases in Linux' handling of
/// removals: after a requested one it forgets presence events for a second, in which the indicator
/// still blinks, so the card is shown after that; after a surprise it looks again by itself, and a
/// press would take the new card out.
void RootPort::enterLocked()
{
    m_present = true;
    m_events |= kSlotPresenceChanged;
    if (!m_surprised)
        m_events |= kSlotButton;
}

void RootPort::updateLinkLocked(uint16_t control, Actions& actions)
{
    const bool held = (config(kLinkControl, 2) & kLinkControlDisable) != 0 ||
                      (config(kBridgeControl, 2) & kBridgeControlReset) != 0;
    const bool wanted = m_present && !m_released && !held && (control & kSlotPowerOff) == 0;
    if (wanted && m_stale && !m_resetAsked) {
        m_resetAsked = true;
        actions.cardReset = true;
    }
    const bool linked = wanted && !m_stale;
    if (linked == m_linked.load(std::memory_order_relaxed))
        return;
    m_linked.store(linked, std::memory_order_release);
    m_events |= kSlotLinkChanged;
    m_stale = !linked && m_occupied;
    actions.forwarding = true;
}

/// Section 6.7.3.4.
bool RootPort::interruptingLocked(uint16_t control) const
{
    uint16_t enabled = control & (kSlotButton | kSlotPresenceChanged);
    if ((control & kSlotLinkChangedEnable) != 0)
        enabled |= kSlotLinkChanged;
    return (control & kSlotInterruptEnable) != 0 && (m_events & enabled) != 0;
}

void RootPort::showStatusLocked()
{
    setConfig(kSlotStatus, m_events | (m_present ? uint32_t{kSlotPresent} : 0), 2);
    const bool linked = m_linked.load(std::memory_order_relaxed);
    setConfig(kLinkStatus,
              kLinkSpeed2500 | kLinkWidth1 | (linked ? uint32_t{kLinkStatusActive} : 0), 2);
}

void RootPort::act(const Actions& actions)
{
    if (actions.forwarding)
        forwardingChanged();
    deliverIntx();
    if (actions.message)
        sendMsi();
    if (actions.cardReset)
        m_listener.cardNeedsReset(*this);
    if (actions.released)
        m_listener.slotReleased(*this);
}

// --- reset and state ---

/// The card is under power again. A card that was being unplugged does not come back: nobody uses
/// it now.
void RootPort::reset()
{
    resetConfig();
    Actions actions;
    {
        MutexLock lock(m_slotMutex);
        const bool staying = m_occupied && !m_unplugging;
        m_present = staying;
        m_surprised = false;
        m_stale = false;
        m_resetAsked = false;
        m_interrupting = false;
        if (staying)
            setConfig(kSlotControl, kSlotPowerIndicatorOn, 2);
        actions = updateLocked();
        m_events = 0;
        showStatusLocked();
    }
    actions.forwarding = true; // the windows have closed
    act(actions);
}

RootPortState RootPort::save() const
{
    MutexLock lock(m_slotMutex);
    return {saveConfig(), m_events, m_present, m_surprised, m_stale, m_unplugging};
}

Result<void> RootPort::load(const RootPortState& state)
{
    TRY(loadConfig(state.pci));
    Actions actions;
    {
        MutexLock lock(m_slotMutex);
        m_present = state.present && m_occupied;
        m_stale = state.stale && m_occupied;
        m_surprised = state.surprised;
        m_unplugging = state.unplugging && m_occupied;
        m_released = false;
        m_resetAsked = false;
        const auto control = static_cast<uint16_t>(config(kSlotControl, 2));
        updateLinkLocked(control, actions);
        m_stale = state.stale && m_occupied;
        m_events = state.events & kEvents;            // the link's change is no news
        m_interrupting = interruptingLocked(control); // its message was sent before the save
        const Actions more = updateLocked();
        actions.cardReset = actions.cardReset || more.cardReset;
        actions.released = more.released;
        actions.message = more.message;
        actions.forwarding = true;
    }
    act(actions);
    return {};
}

} // namespace vmm::pci
