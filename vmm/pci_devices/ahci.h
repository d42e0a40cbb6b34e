// SPDX-License-Identifier: GPL-3.0-or-later
// The SATA controller of the board: Intel ICH9 in AHCI mode, 8086:2922. AHCI 1.3.1, ICH9 datasheet
// section 13 and 14.
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/pci/pci_device.h"
#include "vmm/pci_devices/ahci_port.h"
#include "vmm/state/state.h"

namespace vmm::pci_devices {

enum class DriveType : uint8_t { Disk, Cdrom };

/// A drive to plug into the controller.
struct AhciDrive {
    unsigned port = 0; ///< 0-5
    DriveType type = DriveType::Cdrom;
    /// The disk's bytes; for a CD-ROM drive the medium, null for none.
    std::unique_ptr<block::BlockBackend> backend;
    std::string serial; ///< at most 20 ASCII characters; empty: one made from the port number
};

/// Guest state of the controller and its drives.
struct AhciState {
    static constexpr state::Tag kTag{"ahci", 1, 1};
    pci::PciConfigState pci;
    uint32_t ghc = 0;
    uint32_t is = 0;
    uint32_t index = 0;
    std::array<AhciPortState, ahci::kPortCount> ports;
    template <class A>
    void visit(A& a)
    {
        a.field("pci", pci).field("GHC", ghc).field("IS", is).field("IDX", index);
        a.field("ports", ports);
    }
};

/// The controller: 6 ports, 32 slots, NCQ, INTx and MSI. Sits at 00:1f.2.
///
/// Threads: registers from vCPU threads; completions from one io thread a drive; pause, resume,
/// reset, media, save and load from the machine's control thread. One lock for all of it; host
/// files are only touched by the io threads, so no register access waits for a disk.
class Ahci final : public pci::PciDevice,
                   public bus::MmioHandler,
                   public bus::Resettable,
                   public bus::Worker,
                   public state::Stateful<Ahci, AhciState>,
                   private AhciPortHost {
public:
    /// Called without a lock on a vCPU or the control thread after `port`'s tray opened or closed
    /// or its medium changed; must not block.
    using MediaListener = std::function<void(unsigned port)>;

    /// Errors: two drives on one port, a disk without a backend, a port that does not exist.
    static Result<std::unique_ptr<Ahci>> create(const pci::PciServices& services,
                                                std::vector<AhciDrive> drives);
    ~Ahci() override;

    uint64_t readMmio(uint64_t offset, unsigned size) override;
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override;

    /// To the power-on state; what is in flight is cancelled and waited for. Trays and media stay.
    void reset() override;
    /// Lets every command that was taken finish; no new one is taken until resume().
    void pause() override;
    void resume() override;

    AhciState save() const;
    Result<void> load(const AhciState& state);

    void setMediaListener(MediaListener listener) { m_mediaListener = std::move(listener); }
    /// Puts a medium into the CD-ROM drive at `port`, closing its tray; one that is in there is
    /// taken out first, as by EjectMode::Force. NotFound when no such drive is there.
    Result<void> insertMedium(unsigned port, std::unique_ptr<block::BlockBackend> medium);
    /// Opens the tray and takes the medium out. EjectMode::Ask: when the guest has locked the tray
    /// it is told of the wish and the call fails with Busy. Succeeds when there is no medium.
    Result<void> ejectMedium(unsigned port, EjectMode mode);
    /// Path of the medium in the closed tray at `port`; empty when there is none.
    std::string mediumPath(unsigned port) const;
    /// The first port with a CD-ROM drive.
    std::optional<unsigned> cdromPort() const;

private:
    /// Index/data pair: the same registers through ports (ICH9 section 14.1.2).
    class IndexPorts final : public bus::PioHandler {
    public:
        explicit IndexPorts(Ahci& ahci) : m_ahci(ahci) {}
        uint32_t readPort(uint16_t offset, unsigned size) override;
        void writePort(uint16_t offset, uint32_t value, unsigned size) override;

    private:
        Ahci& m_ahci;
    };
    /// What is left to do after unlocking.
    struct After {
        bool message = false; // send an MSI
        unsigned media = 0;   // ports whose tray moved
    };

    explicit Ahci(const pci::PciServices& services);
    Result<void> plug(AhciDrive drive);
    memory::GuestMemory* dma() override;
    void portIoDone(unsigned port, uint64_t sequence, const block::IoResult& result) override;
    void configWritten(uint16_t offset, unsigned size) override;

    uint32_t read32Locked(uint32_t offset) const REQUIRES(m_mutex);
    uint32_t mergeBaseLocked(uint32_t offset) const REQUIRES(m_mutex);
    void write32Locked(uint32_t offset, uint32_t value) REQUIRES(m_mutex);
    void writeGhcLocked(uint32_t value) REQUIRES(m_mutex);
    void resetRegistersLocked(AtaReset kind) REQUIRES(m_mutex);
    void finishResetLocked() REQUIRES(m_mutex);
    bool idleLocked() const REQUIRES(m_mutex);
    After settleLocked() REQUIRES(m_mutex);
    void deliver(const After& after);
    void tellMedia(unsigned ports);
    AtapiCdrom* cdromAtLocked(unsigned port) const REQUIRES(m_mutex);

    IndexPorts m_indexPorts{*this};
    MediaListener m_mediaListener;
    mutable Mutex m_mutex;
    std::condition_variable m_idle;
    std::array<std::unique_ptr<AhciPort>, ahci::kPortCount> m_ports GUARDED_BY(m_mutex);
    uint32_t m_ghc GUARDED_BY(m_mutex) = ahci::kGhcAhciEnable;
    uint32_t m_is GUARDED_BY(m_mutex) = 0;
    uint32_t m_index GUARDED_BY(m_mutex) = 0;
    bool m_paused GUARDED_BY(m_mutex) = false;
    bool m_messageDue GUARDED_BY(m_mutex) = false; // what is left in IS is worth another MSI
};

} // namespace vmm::pci_devices
