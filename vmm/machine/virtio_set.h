// SPDX-License-Identifier: GPL-3.0-or-later
// The virtio devices of a machine and the PCIe slots: made from its description, wired, changed
// while they run. Room-internal.
//
//   00:02 .. 00:09  network cards        00:17  balloon       00:1a  console
//   00:0a .. 00:16  virtio-blk disks     00:18  entropy       00:1b  SCSI
//   00:1c.x         PCIe slots           00:19  vsock
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/clock.h"
#include "vmm/base/event_loop.h"
#include "vmm/block/storage_events.h"
#include "vmm/block/throttle.h"
#include "vmm/firmware/boot_order.h"
#include "vmm/machine/hardware.h"
#include "vmm/machine/host_memory.h"
#include "vmm/machine/machine.h"
#include "vmm/machine/memory_keeper.h"
#include "vmm/net/capture.h"
#include "vmm/net/nat.h"
#include "vmm/pci/pci_bus.h"
#include "vmm/pci/root_port.h"
#include "vmm/spec/machine_spec.h"
#include "vmm/state/state.h"
#include "vmm/virtio/balloon.h"
#include "vmm/virtio/blk.h"
#include "vmm/virtio/net.h"
#include "vmm/virtio/scsi.h"
#include "vmm/virtio/virtio_pci.h"

namespace vmm::machine {

/// What the devices ask of the machine they are in.
class HardwareHost {
public:
    virtual ~HardwareHost() = default;
    /// Runs it on the control thread, soon. Any thread.
    virtual void runOnControl(std::function<void()> function) = 0;
    /// Runs it while no vCPU runs and every device stands, and lets them run again when they ran
    /// before; what it returns. Control thread.
    virtual Result<void> whileStanding(const std::function<Result<void>()>& work) = 0;
    /// Pauses the machine and tells the person why. Any thread.
    virtual void requestPause(const std::string& sentence) = 0;
    /// Any thread.
    virtual void tellPerson(const std::string& sentence) = 0;
    /// The machine is being made from its saved state: what the host does not give any more must
    /// not keep it from going on. Control thread.
    virtual bool restoring() const = 0;
};

/// Where the devices sit and what they use. All of it outlives them.
struct VirtioPlace {
    pci::PciServices services;
    pci::PciBus& bus;
    EventLoop& loop; ///< of those without a thread of their own
    TimerService& clock;
    HardwareHost& host;
    block::IoCounts& disks;
    net::TrafficCounts& network;
};

/// One device on PCI with all that is behind it. Members stand in the order of dependence.
struct VirtioFunction {
    std::string id;                        ///< of the description; empty: not a drive or card
    std::unique_ptr<EventLoop> loop;       ///< the device's own thread, if it has one
    std::unique_ptr<net::Capture> network; ///< around what the card is plugged into
    net::Nat* nat = nullptr;               ///< what that is, when it is one
    std::unique_ptr<virtio::VirtioPci> pci;
    virtio::Net* card = nullptr;              ///< the device, when it is one
    virtio::Blk* disk = nullptr;              ///< the same
    block::ThrottledDisk* throttle = nullptr; ///< the disk's
    pci::RootPort* slot = nullptr;            ///< it was attached while the machine ran
    HardwareCompletion detached;              ///< somebody waits for the guest to let go
    std::unique_ptr<Timer> patience;

    std::vector<state::Participant*> participants() const;
};

/// Owner: the board. Control thread.
class VirtioSet final : private pci::SlotListener, private block::StorageEvents {
public:
    explicit VirtioSet(const VirtioPlace& place);
    ~VirtioSet() override;
    VirtioSet(const VirtioSet&) = delete;
    VirtioSet& operator=(const VirtioSet&) = delete;

    /// Makes what `spec` (checked, with ids) asks for. Once. Errors are the person's sentence.
    Result<void> build(const spec::MachineSpec& spec);

    void pause();
    void resume();
    void reset();
    /// Everything with state, in loading order.
    std::vector<state::Participant*> participants() const;
    /// The drives and cards there are now.
    void describe(spec::MachineSpec& spec) const;
    void change(const HardwareChange& change, HardwareCompletion done);
    /// Any thread.
    std::vector<Counter> counters() const;

    /// As Machine::consolePtys(); any thread.
    const std::vector<std::pair<std::string, std::string>>& ptys() const { return m_ptys; }
    /// The first CD-ROM drive on SCSI, if any; the next three only with one.
    bool hasCdrom() const { return firstCdrom() != nullptr; }
    Result<void> insertMedium(const std::string& path);
    Result<void> ejectMedium();
    std::string medium() const;
    /// What firmware may boot from, in the description's order, on whatever bus.
    std::vector<firmware::BootDrive> bootDrives() const;
    void setMediaListener(std::function<void()> listener) { m_mediaListener = std::move(listener); }

private:
    using Function = VirtioFunction;
    struct ScsiDrive {
        std::string id;
        uint8_t target = 0;
        bool cdrom = false;
        block::ThrottledDisk* throttle = nullptr; ///< a disk's
    };

    Result<void> addSlots(uint32_t count);
    Result<void> addEntropy();
    Result<void> addBalloon(spec::BalloonKind kind);
    Result<void> addVsock(const spec::VsockSpec& vsock);
    /// Puts `device` onto PCI, and the function to its place: a slot, or `bdf`.
    Result<void> place(std::unique_ptr<Function> function, std::unique_ptr<virtio::Device> device,
                       pci::PciBdf bdf, uint32_t slot = 0);
    Result<void> addOn(pci::PciBdf bdf, std::unique_ptr<virtio::Device> device);

    Result<void> addConsole(const std::vector<spec::ConsolePortSpec>& ports);

    // virtio_drives.cpp
    Result<void> addDrives();
    Result<void> addBlk(const spec::DriveSpec& drive);
    Result<void> makeScsi();
    Result<void> addToScsi(spec::DriveSpec& drive);
    Result<std::unique_ptr<block::ThrottledDisk>> openDisk(const spec::DriveSpec& drive,
                                                           EventLoop& loop);
    Result<pci::PciBdf> placeOfDisk() const;
    Result<uint32_t> freeTarget() const;
    /// A disk on either virtio bus.
    struct Disk {
        block::ThrottledDisk& throttle;
        EventLoop& loop;
        std::optional<uint8_t> target; ///< on SCSI
    };
    Result<Disk> findDisk(const std::string& id);
    ScsiDrive* findUnit(const std::string& id);
    const ScsiDrive* firstCdrom() const;
    void detachUnit(const ScsiDrive& unit, const HardwareCompletion& done);
    void tellMedia();
    // StorageEvents
    void storageFull(const std::string& device, const std::string& sentence) override;

    // virtio_nics.cpp
    Result<void> addNic(const spec::NicSpec& nic);
    Result<std::unique_ptr<net::NetBackend>> makeNat(const spec::NicSpec& nic,
                                                     Function& function) const;
    /// Of a saved machine: not its card as it was put in while the machine runs.
    bool restoring() const { return !m_built && m_place.host.restoring(); }
    Result<std::unique_ptr<net::NetBackend>> makeNetworkAgain(const spec::NicSpec& nic,
                                                              Function& function) const;
    Result<std::unique_ptr<net::NetBackend>> makeNetwork(const spec::NicSpec& nic,
                                                         Function& function) const;
    Result<Function*> findCard(const std::string& id);
    Result<Function*> findNat(const std::string& id);
    Result<Function*> findProbed(const std::string& id);
    void listPorts(const std::string& id, HardwareCompletion done);

    // virtio_changes.cpp
    Result<Function*> find(const std::string& id);
    Result<uint32_t> freeSlot() const;
    Result<std::string> apply(const AttachDrive& change);
    Result<std::string> apply(const AttachNic& change);
    Result<std::string> apply(const ResizeDrive& change);
    Result<std::string> apply(const LimitDrive& change);
    Result<std::string> apply(const SetLink& change);
    Result<std::string> apply(const AddForward& change);
    Result<std::string> apply(const RemoveForward& change);
    Result<std::string> apply(const ListForwards& change);
    Result<std::string> apply(const CaptureFrames& change);
    Result<std::string> apply(const SetMemory& change);
    void detach(const std::string& id, HardwareCompletion done);
    void giveUp(const std::string& id);
    void remove(pci::RootPort& port);
    // SlotListener
    void slotReleased(pci::RootPort& port) override;
    void cardNeedsReset(pci::RootPort& port) override;

    const VirtioPlace m_place;
    spec::MachineSpec m_spec; ///< as it is now
    std::vector<std::unique_ptr<pci::RootPort>> m_slots;
    std::vector<std::unique_ptr<Function>> m_functions;
    virtio::Balloon* m_balloon = nullptr;
    std::unique_ptr<ProcMemory> m_hostMemory; ///< with the automatic policy, and the next
    std::unique_ptr<MemoryKeeper> m_keeper;
    virtio::Scsi* m_scsi = nullptr;
    EventLoop* m_scsiLoop = nullptr;
    std::vector<ScsiDrive> m_units;
    std::vector<std::pair<std::string, std::string>> m_ptys;
    std::function<void()> m_mediaListener;
    bool m_built = false; ///< what comes from now on is plugged into a machine that may have run
    bool m_running = false;
};

} // namespace vmm::machine
