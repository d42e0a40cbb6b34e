// SPDX-License-Identifier: GPL-3.0-or-later
// System control port A, 0x92: A20 and fast reset (ICH9 datasheet 13.7.2).
#pragma once

#include <cstdint>
#include <memory>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/state/state.h"

namespace vmm::chipset {

/// The register as the guest reads it.
struct Port92State {
    static constexpr state::Tag kTag{"port92", 1, 1};
    uint8_t control = 0x02;

    template <class A>
    void visit(A& a)
    {
        a.field("control", control);
    }
};

/// Port 0x92. DEVIATION: address line 20 is always on, whatever bit 1 says, as with the keyboard
/// controller's gate; only real-mode programs for the 8086's wrap-around could tell. Ports from
/// vCPU threads concurrently. Owner: the board.
class Port92 final : public bus::PioHandler,
                     public bus::Resettable,
                     public state::Stateful<Port92, Port92State> {
public:
    /// Claims one port. The references outlive the device.
    static Result<std::unique_ptr<Port92>> create(bus::PioBus& pio, bus::SystemControl& system);
    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;
    void reset() override;
    Port92State save() const;
    Result<void> load(const Port92State& state);

private:
    explicit Port92(bus::SystemControl& system) : m_system(system) {}
    bus::SystemControl& m_system;
    mutable Mutex m_mutex;
    Port92State m_state GUARDED_BY(m_mutex);
    std::unique_ptr<bus::Registration> m_port;
};

} // namespace vmm::chipset
