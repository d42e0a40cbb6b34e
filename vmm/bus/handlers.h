// SPDX-License-Identifier: GPL-3.0-or-later
// What a device offers the buses, and what it is handed back: narrow interfaces only.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/memory/address.h"

namespace vmm::bus {

/// Answers port accesses. vCPU threads, concurrently; must not block. `offset` counts from the
/// start of the mapped range; `size` is 1, 2 or 4 (never above the mapping's maximum width), inside
/// the range.
class PioHandler {
public:
    virtual ~PioHandler() = default;
    virtual uint32_t readPort(uint16_t offset, unsigned size) = 0;
    virtual void writePort(uint16_t offset, uint32_t value, unsigned size) = 0;
};

/// Answers memory accesses. vCPU threads, concurrently; must not block. `size` is 1, 2, 4 or 8, the
/// access lies inside the mapped range, alignment is not promised.
class MmioHandler {
public:
    virtual ~MmioHandler() = default;
    virtual uint64_t readMmio(uint64_t offset, unsigned size) = 0;
    virtual void writeMmio(uint64_t offset, uint64_t value, unsigned size) = 0;
};

/// Goes back to its power-on state. Called with all vCPUs stopped, workers may be running.
class Resettable {
public:
    virtual ~Resettable() = default;
    virtual void reset() = 0;
};

/// Holds background work (an io thread). pause() returns when nothing is in flight that would
/// change guest memory or device state; idempotent, like resume(). Called by the machine, never on
/// a vCPU thread.
class Worker {
public:
    virtual ~Worker() = default;
    virtual void pause() = 0;
    virtual void resume() = 0;
};

/// A level-triggered interrupt input. Any thread; cheap; call it after unlocking.
class IrqLine {
public:
    virtual ~IrqLine() = default;
    virtual void set(bool level) = 0;
    /// Edge: high and low again.
    void pulse()
    {
        set(true);
        set(false);
    }
};

/// A level a device drives from several threads. Under its own lock the device publishes the level
/// it wants; after unlocking it calls deliver(). Whoever delivers last sends what was published
/// last, so the line can neither get stuck high nor lose a rise. Any thread.
class LevelIrq {
public:
    explicit LevelIrq(IrqLine& line) : m_line(line) {}
    void publish(bool level) { m_level.store(level, std::memory_order_release); }
    bool published() const { return m_level.load(std::memory_order_acquire); }
    void deliver()
    {
        MutexLock lock(m_mutex);
        const bool level = published();
        if (level != m_sent)
            m_line.set(level);
        m_sent = level;
    }
    /// After loading a saved state: the line's own level was restored with the interrupt
    /// controller, and is set again all the same, whatever it was.
    void redeliver()
    {
        MutexLock lock(m_mutex);
        m_sent = published();
        m_line.set(m_sent);
    }

private:
    IrqLine& m_line;
    std::atomic<bool> m_level{false};
    Mutex m_mutex;
    bool m_sent GUARDED_BY(m_mutex) = false;
};

/// Global system interrupt number: 0-15 the ISA lines, 16-23 the PCI lines of the IOAPIC.
class Gsi {
public:
    constexpr explicit Gsi(uint32_t value) : m_value(value) {}
    constexpr uint32_t value() const { return m_value; }
    constexpr bool operator==(const Gsi&) const = default;

private:
    uint32_t m_value;
};

/// Message-signalled interrupt: what the device writes where (PCI 3.0 section 6.8).
struct MsiMessage {
    uint64_t address = 0;
    uint32_t data = 0;
    bool operator==(const MsiMessage&) const = default;
};

/// One MSI or MSI-X vector with its way into the interrupt controller (an irqfd under KVM). Any
/// thread.
class MsiVector {
public:
    virtual ~MsiVector() = default;
    /// What the next interrupt sends; a change takes effect at once.
    virtual void setMessage(const MsiMessage& message) = 0;
    virtual void trigger() = 0;
    /// Signalled instead of trigger() by workers that hold only a descriptor.
    virtual const EventFd& eventFd() const = 0;
};

/// The interrupt controller as the board sees it. Owner: the vCPU backend; outlives every device.
/// Any thread.
class InterruptController {
public:
    virtual ~InterruptController() = default;
    virtual void setGsi(Gsi gsi, bool level) = 0;
    virtual Result<std::unique_ptr<MsiVector>> createMsiVector() = 0;
};

/// A place in guest-physical memory, while it lives, where a write of any width signals an event
/// without leaving the kernel.
class Doorbell {
public:
    virtual ~Doorbell() = default;
};

/// Makes doorbells; offered by backends that have a kernel to answer them (ioeventfds under KVM).
/// Owner: the vCPU backend; outlives every device. Any thread.
class Doorbells {
public:
    virtual ~Doorbells() = default;
    /// `event` outlives the doorbell. Errors: the address has one, or the kernel has no more.
    virtual Result<std::unique_ptr<Doorbell>> create(memory::GuestPhys address,
                                                     const EventFd& event) = 0;
};

/// A controller input as an IrqLine. One driver per line: shared inputs go through the PIRQ router.
class GsiLine final : public IrqLine {
public:
    GsiLine(InterruptController& controller, Gsi gsi) : m_controller(controller), m_gsi(gsi) {}
    void set(bool level) override { m_controller.setGsi(m_gsi, level); }

private:
    InterruptController& m_controller;
    Gsi m_gsi;
};

enum class ResetKind { Hard, Init };

/// What the guest can ask of the machine as a whole. Any thread; only notes the wish and returns.
class SystemControl {
public:
    virtual ~SystemControl() = default;
    virtual void requestReset(ResetKind kind) = 0;
    virtual void requestPowerOff() = 0;
    /// S3 (S4 is a power-off whose state the guest saved itself).
    virtual void requestSuspend() = 0;
    virtual void guestPanicked() = 0;
    /// isa-debug-exit (tests): ends the machine with this exit status.
    virtual void requestExit(int status) = 0;
};

} // namespace vmm::bus
