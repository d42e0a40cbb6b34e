// SPDX-License-Identifier: GPL-3.0-or-later
// One port of the AHCI controller: its registers, command slots and the drive on it. AHCI 1.3.1
// sections 3.3 and 5.3.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/pci_devices/ahci_prdt.h"
#include "vmm/pci_devices/ahci_regs.h"
#include "vmm/pci_devices/ata_device.h"
#include "vmm/pci_devices/ata_disk.h"
#include "vmm/pci_devices/atapi_cdrom.h"

namespace vmm::pci_devices {

/// Everything the guest can observe of a port. Left out: commands being carried out, because
/// pausing lets them finish, and which drive is there, which the machine's description says.
struct AhciPortState {
    uint64_t clb = 0;
    uint64_t fb = 0;
    uint32_t is = 0;
    uint32_t ie = 0;
    uint32_t cmd = 0;
    uint32_t tfd = 0;
    uint32_t sig = 0;
    uint32_t sctl = 0;
    uint32_t serr = 0;
    uint32_t sact = 0;
    uint32_t ci = 0;
    uint8_t currentSlot = 0;
    bool halted = false;
    bool softReset = false;
    bool fisPending = false;
    AtaDiskState disk;
    AtapiCdromState cdrom;
    template <class A>
    void visit(A& a)
    {
        a.field("PxCLB", clb).field("PxFB", fb).field("PxIS", is).field("PxIE", ie);
        a.field("PxCMD", cmd).field("PxTFD", tfd).field("PxSIG", sig).field("PxSCTL", sctl);
        a.field("PxSERR", serr).field("PxSACT", sact).field("PxCI", ci);
        a.field("current-slot", currentSlot).field("halted", halted);
        a.field("soft-reset", softReset).field("fis-pending", fisPending);
        a.field("disk", disk).field("cdrom", cdrom);
    }
};

/// What a port needs of its controller.
class AhciPortHost {
public:
    virtual ~AhciPortHost() = default;
    /// Guest memory when the function may reach it (bus master), else null. Lock held.
    virtual memory::GuestMemory* dma() = 0;
    /// A media step of `port` ended. Called on the drive's io thread without the lock; the
    /// controller takes it and calls AhciPort::ioDone().
    virtual void portIoDone(unsigned port, uint64_t sequence, const block::IoResult& result) = 0;
};

/// A port. All functions are called with the controller's lock held, on vCPU threads, the drives'
/// io threads or the machine's control thread.
///
///   PxCI write -> fetch() -> m_queue -> start() -> runStep() -> finish() -> FIS, PxIS, PxTFD
///                                          ^          | media step: io thread works
///                                          +-- ioDone() <- portIoDone()
///
/// One command is carried out at a time, also of queued ones (NCQ): the drive has one io thread
/// anyway, and host memory for scatter lists stays bounded.
///
/// Stopping (ST cleared, COMRESET, controller reset) with a media step in flight marks it stale:
/// its end is dropped, and until then PxCMD.CR, PxTFD.STS.BSY or GHC.HR stay set, as the
/// specification lets hardware do, so a guest that waits for them never has memory written behind
/// its back.
class AhciPort {
public:
    AhciPort(unsigned index, AhciPortHost& host) : m_index(index), m_host(host) {}

    void attach(std::unique_ptr<AtaDisk> disk);
    void attach(std::unique_ptr<AtapiCdrom> cdrom);
    AtapiCdrom* cdrom() const { return m_cdrom; }
    const AtaDisk* disk() const { return m_disk; }

    /// Register at `offset` (a multiple of 4) inside the port's 128 bytes.
    uint32_t read(uint32_t offset) const;
    void write(uint32_t offset, uint32_t value);
    /// What the bytes a narrow write does not cover count as.
    uint32_t mergeBase(uint32_t offset) const;

    bool interruptPending() const { return (visibleIs() & m_ie) != 0; }
    /// Takes commands from PxCI as long as that is possible.
    void pump();
    /// No new commands are taken from PxCI while off; queued ones already taken still run.
    void setAccepting(bool accepting) { m_accepting = accepting; }
    bool idle() const { return !m_current && m_queue.empty(); }
    void ioDone(uint64_t sequence, const block::IoResult& result);

    /// Takes the drive's backend away, for whoever destroys the controller: without the lock.
    std::unique_ptr<block::BlockBackend> releaseBackend();
    /// First half of a reset: gives up what runs. The second half needs idle().
    void cancelAll();
    /// Registers to their defaults; `kind` Hardware (GHC.HR) keeps PxCLB and PxFB.
    void reset(AtaReset kind);

    AhciPortState save() const;
    Result<void> load(const AhciPortState& state);

private:
    struct Command {
        uint8_t slot = 0;
        uint8_t tag = 0;
        bool queued = false;
        memory::GuestPhys header;
        ahci::PrdTable prdt;
        AtaCommand ata;
    };
    struct Active {
        Command command;
        uint64_t sequence = 0;
        bool inFlight = false; // a media step is with the backend
        bool stale = false;    // its end is dropped
        uint64_t transferred = 0;
        bool prdInterrupt = false;
        std::shared_ptr<std::vector<std::byte>> hostBuffer;
    };
    enum class FetchResult : uint8_t { Taken, Wait };

    AtaDevice* device() const { return m_device.get(); }
    bool linkUp() const;
    bool running() const;
    uint32_t visibleIs() const;
    uint32_t visibleCmd() const;
    uint32_t visibleSsts() const;

    void writeCmd(uint32_t value);
    void writeSctl(uint32_t value);
    void stop();

    void acceptCommands();
    unsigned nextSlot() const;
    FetchResult fetch(unsigned slot);
    std::optional<Command> readCommand(unsigned slot, memory::GuestMemory& memory);
    FetchResult take(Command command);
    void control(unsigned slot, uint8_t value);
    void start(Command command);
    void runStep(AtaStep step);
    void sendData(AtaStep step);
    bool needData(AtaStep& step);
    void startMedia(const AtaStep& step);
    bool mapMedia(const AtaStep& step, block::IoRequest& request);
    void finish(AtaProtocol protocol, const AtaResult& result);
    void finishQueued(const Command& command, const AtaResult& result);
    void finishPlain(const Active& active, AtaProtocol protocol, const AtaResult& result);
    void overflow();
    void busError();
    void interfaceError();
    void halt(uint32_t cause);
    void deviceReset(AtaReset kind);
    void postSignature();
    void postFis(uint32_t offset, std::span<const uint8_t> fis);
    void postRegisterFis(const AtaResult& result, uint8_t flags);

    const unsigned m_index;
    AhciPortHost& m_host;
    std::unique_ptr<AtaDevice> m_device;
    AtaDisk* m_disk = nullptr;     // m_device when it is one
    AtapiCdrom* m_cdrom = nullptr; // likewise

    uint64_t m_clb = 0;
    uint64_t m_fb = 0;
    uint32_t m_is = 0;
    uint32_t m_ie = 0;
    uint32_t m_cmd = 0;
    uint32_t m_tfd = ahci::kTfdNone;
    uint32_t m_sig = ahci::kSigNone;
    uint32_t m_sctl = 0;
    uint32_t m_serr = 0;
    uint32_t m_sact = 0;
    uint32_t m_ci = 0;
    uint8_t m_currentSlot = 0;
    bool m_halted = false;     // fatal error: no command is taken until ST is cleared
    bool m_softReset = false;  // between the two control FISes of a software reset
    bool m_fisPending = false; // the signature FIS waits for FRE
    bool m_accepting = true;

    uint64_t m_sequence = 0;
    std::optional<Active> m_current;
    std::deque<Command> m_queue; // taken, not started; at most 32
    uint32_t m_outstanding = 0;  // tags of queued commands taken and not ended
    bool m_resetPending = false; // COMRESET waits for a stale command to end
};

} // namespace vmm::pci_devices
