// SPDX-License-Identifier: GPL-3.0-or-later
// System control port A, 0x92: A20 and fast reset (ICH9 datasheet 13.7.2).
#include "vmm/chipset/port92.h"

namespace vmm::chipset {

namespace {
constexpr uint8_t kInitNow = 0x01;
constexpr uint8_t kAlternateA20 = 0x02;
} // namespace

Result<std::unique_ptr<Port92>> Port92::create(bus::PioBus& pio, bus::SystemControl& system)
{
    std::unique_ptr<Port92> port92(new Port92(system));
    port92->m_port = TRY(pio.map("port92", memory::GuestPort(0x92), 1, *port92, 1));
    return port92;
}

uint32_t Port92::readPort(uint16_t, unsigned)
{
    MutexLock lock(m_mutex);
    return m_state.control;
}

void Port92::writePort(uint16_t, uint32_t value, unsigned)
{
    bool resets = false;
    {
        MutexLock lock(m_mutex);
        resets = (value & ~uint32_t{m_state.control} & kInitNow) != 0; // rising edge only
        m_state.control = value & (kInitNow | kAlternateA20);
    }
    // DEVIATION: the chip pulses INIT#; a machine reset keeps RAM and CMOS just as well, and
    // firmware finds the shutdown code in CMOS byte 0x0f.
    if (resets)
        m_system.requestReset(bus::ResetKind::Hard);
}

void Port92::reset()
{
    MutexLock lock(m_mutex);
    m_state = Port92State{};
}

Port92State Port92::save() const
{
    MutexLock lock(m_mutex);
    return m_state;
}

Result<void> Port92::load(const Port92State& state)
{
    if ((state.control & ~(kInitNow | kAlternateA20)) != 0)
        return Error(ErrorCode::Invalid, "port92: the register has bits it does not have");
    MutexLock lock(m_mutex);
    m_state = state;
    return {};
}

} // namespace vmm::chipset
