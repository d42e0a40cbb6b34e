// SPDX-License-Identifier: GPL-3.0-or-later
// Keyboard controller at ports 0x60 and 0x64 with its keyboard and mouse (Intel 8042 with the PS/2
// program; IBM PS/2 Technical Reference, "Keyboard/auxiliary device controller").
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/chipset/edge_irq.h"
#include "vmm/chipset/ps2_keyboard.h"
#include "vmm/chipset/ps2_mouse.h"
#include "vmm/input/input.h"
#include "vmm/state/state.h"

namespace vmm::chipset {

/// A byte of the controller's own that waits for the output buffer, and whose it seems to be.
enum class I8042Source : uint8_t { None, Keyboard, Mouse };

/// Controller, keyboard and mouse; everything the guest can observe.
struct I8042State {
    static constexpr state::Tag kTag{"i8042", 1, 1};
    uint8_t status = 0;
    uint8_t command = 0; ///< command that waits for its data byte, 0 none
    uint8_t outputBuffer = 0;
    uint8_t outputPort = 0;
    std::array<uint8_t, 32> ram{}; ///< byte 0 is the command byte
    I8042Source waiting = I8042Source::None;
    uint8_t waitingByte = 0;
    Ps2KeyboardState keyboard;
    Ps2MouseState mouse;

    template <class A>
    void visit(A& a)
    {
        a.field("status", status).field("command", command).field("output-buffer", outputBuffer);
        a.field("output-port", outputPort).field("ram", ram);
        a.field("waiting", waiting).field("waiting-byte", waitingByte);
        a.field("keyboard", keyboard).field("mouse", mouse);
    }
};

/// Keyboard controller. Owner: the board. Ports from vCPU threads concurrently, input from any
/// thread. Commands are carried out at once; the input buffer is never full. DEVIATION: address
/// line 20 is always on, the output port's bit 1 is only remembered.
class I8042 final : public bus::Resettable,
                    public input::KeyboardSink,
                    public input::PointerSink,
                    public state::Stateful<I8042, I8042State> {
public:
    /// Claims ports 0x60 and 0x64. The references outlive the device. Busy when a port is taken.
    static Result<std::unique_ptr<I8042>> create(bus::PioBus& pio, bus::IrqLine& irq1,
                                                 bus::IrqLine& irq12, bus::SystemControl& system);

    void key(input::KeyEvent event) override;
    uint8_t leds() const override;
    void move(int dx, int dy) override;
    void button(input::PointerButton button, bool down) override;
    void wheel(int detents) override;
    void reset() override;
    I8042State save() const;
    Result<void> load(const I8042State& state);

private:
    enum class Port { Data, Command };
    /// One of the two ports, which are not neighbours.
    class PortHandler final : public bus::PioHandler {
    public:
        PortHandler(I8042& owner, Port port) : m_owner(owner), m_port(port) {}
        uint32_t readPort(uint16_t offset, unsigned size) override;
        void writePort(uint16_t offset, uint32_t value, unsigned size) override;

    private:
        I8042& m_owner;
        const Port m_port;
    };

    I8042(bus::IrqLine& irq1, bus::IrqLine& irq12, bus::SystemControl& system);

    uint8_t readData();
    uint8_t readStatus();
    void writeData(uint8_t value);
    void writeCommand(uint8_t value);
    /// Runs `action` under the lock, then lets the output buffer fill and interrupts out.
    template <class Action>
    void withLock(Action action);

    void powerOnLocked() REQUIRES(m_mutex);
    void commandLocked(uint8_t value) REQUIRES(m_mutex);
    void parameterLocked(uint8_t command, uint8_t value) REQUIRES(m_mutex);
    void setCommandByteLocked(uint8_t value) REQUIRES(m_mutex);
    void answerLocked(uint8_t value, I8042Source source = I8042Source::Keyboard) REQUIRES(m_mutex);
    void fillLocked() REQUIRES(m_mutex);
    std::optional<uint8_t> fromKeyboardLocked() REQUIRES(m_mutex);
    void showLocked(uint8_t value, I8042Source source) REQUIRES(m_mutex);
    void publishLocked() REQUIRES(m_mutex);
    void deliver();

    bus::SystemControl& m_system;
    EdgeIrq m_irq1;
    EdgeIrq m_irq12;
    mutable Mutex m_mutex;
    I8042State m_state GUARDED_BY(m_mutex); // keyboard and mouse parts are filled by save() only
    Ps2Keyboard m_keyboard GUARDED_BY(m_mutex);
    Ps2Mouse m_mouse GUARDED_BY(m_mutex);
    PortHandler m_dataPort{*this, Port::Data};
    PortHandler m_commandPort{*this, Port::Command};
    std::unique_ptr<bus::Registration> m_dataRegistration;
    std::unique_ptr<bus::Registration> m_commandRegistration;
};

} // namespace vmm::chipset
