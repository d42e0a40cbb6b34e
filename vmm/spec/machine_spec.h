// SPDX-License-Identifier: GPL-3.0-or-later
// MachineSpec: the description of a machine, plain data with defaults and checks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/state/state.h"

namespace vmm::spec {

enum class DriveKind : uint8_t { Cdrom, Disk };
enum class BootOrder : uint8_t { Cdrom, Disk, Menu };
enum class SerialKind : uint8_t { None, Stdio, Pty, File };
/// What runs the CPUs: KVM, the software CPU, or what suits the host at the moment of starting.
enum class Accel : uint8_t { Auto, Kvm, Soft };

/// What a drive is connected to.
enum class DriveBus : uint8_t { Ahci, VirtioBlk, VirtioScsi };
/// How writes reach the file: through the host's page cache, flushed when the guest asks; each
/// flushed at once; or past the page cache.
enum class DriveCache : uint8_t { Writeback, Writethrough, Direct };
/// What happens when the host's storage is full: the guest sees an error, or the machine waits.
enum class WhenFull : uint8_t { Pause, Report };

/// How much a drive may do; 0: no limit.
struct DriveLimits {
    uint64_t bytesPerSecond = 0;
    uint64_t operationsPerSecond = 0;
    template <class A>
    void visit(A& a)
    {
        a.field("bytes-per-second", bytesPerSecond);
        a.field("operations-per-second", operationsPerSecond);
    }
};

/// A drive. `path` empty: a CD-ROM drive without a medium.
struct DriveSpec {
    static constexpr size_t kMaxSerial = 20; // bytes of VIRTIO_BLK_T_GET_ID
    DriveKind kind = DriveKind::Cdrom;
    std::string path;
    DriveBus bus = DriveBus::Ahci;
    std::string id{};     ///< unique in the machine; "disk0" unless given
    std::string serial{}; ///< what the guest sees; empty: the id
    DriveCache cache = DriveCache::Writeback;
    WhenFull whenFull = WhenFull::Pause;
    bool readOnly = false; ///< a disk that cannot be written
    DriveLimits limits{};
    /// 1 and up: the PCIe slot it was put into while the machine ran, or its SCSI target plus one.
    uint32_t slot = 0;
    template <class A>
    void visit(A& a)
    {
        a.field("kind", kind).field("path", path);
        a.since(3, "bus", bus, DriveBus::Ahci).since(3, "id", id, std::string());
        a.since(3, "serial", serial, std::string());
        a.since(3, "cache", cache, DriveCache::Writeback);
        a.since(3, "when-full", whenFull, WhenFull::Pause);
        a.since(3, "read-only", readOnly, false).since(3, "limits", limits, DriveLimits());
        a.since(3, "slot", slot, uint32_t{0});
    }
};

/// Where a network card's frames go: NAT in this process, a tap the caller opened, passt's socket,
/// or nowhere.
enum class NicKind : uint8_t { User, Tap, Passt, None };

/// A virtio network card.
struct NicSpec {
    static constexpr size_t kMaxForwards = 64;
    NicKind kind = NicKind::User;
    std::string id;                    ///< unique in the machine; "nic0" unless given
    std::string mac;                   ///< "52:54:00:12:34:56"; empty: made of the machine's name
    std::vector<std::string> forwards; ///< "tcp:127.0.0.1:2222-:22" (User)
    bool restricted = false;           ///< the guest reaches nothing but forwards (User)
    bool linkUp = true;
    std::vector<int32_t> taps; ///< descriptors, one a pair of queues; not saved, they mean nothing
                               ///< to another process
    std::string tapInterface;  ///< "tap0", opened by the machine itself; not saved, as the above
    std::string socketPath;    ///< of passt
    std::string capturePath;   ///< pcap file with every frame; empty: none
    uint32_t slot = 0;         ///< as DriveSpec's
    template <class A>
    void visit(A& a)
    {
        a.field("kind", kind).field("id", id).field("mac", mac).field("forwards", forwards);
        a.field("restricted", restricted).field("link", linkUp);
        a.field("socket", socketPath).field("capture", capturePath).field("slot", slot);
    }
};

enum class PortEnd : uint8_t { Pty, Socket, Stdio, File };

/// A port of the virtio console. The first without a name is the console itself (hvc0).
struct ConsolePortSpec {
    std::string name; ///< of /dev/virtio-ports/NAME; empty: a console
    PortEnd end = PortEnd::Pty;
    std::string path; ///< of the socket or file
    template <class A>
    void visit(A& a)
    {
        a.field("name", name).field("end", end).field("path", path);
    }
};

/// Sockets between host and guest. `cid` 0: none.
struct VsockSpec {
    uint32_t cid = 0;
    std::string path; ///< Unix socket of the host's end
    template <class A>
    void visit(A& a)
    {
        a.field("cid", cid).field("path", path);
    }
};

/// Who says how much of its memory a guest gives back.
enum class BalloonKind : uint8_t { None, Manual, Auto };

/// A machine. Saved with its state; hostile when it comes from a file, so check() before use.
struct MachineSpec {
    static constexpr state::Tag kTag{"machine-spec", 3, 1};
    static constexpr size_t kMaxName = 128; // bytes
    static constexpr uint64_t kMinMemory = uint64_t{16} << 20;
    static constexpr uint64_t kMaxMemory = uint64_t{1} << 40;
    static constexpr uint32_t kMaxCpus = 64;
    static constexpr size_t kMaxCommandLine = 65535;
    static constexpr size_t kMaxAhciDrives = 6; // ports of the ICH9 AHCI controller
    static constexpr size_t kMaxDrives = 64;
    static constexpr size_t kMaxNics = 8;
    static constexpr size_t kMaxConsolePorts = 8;
    static constexpr uint32_t kMaxRootPorts = 8; // functions of one slot

    std::string name = "vitrine";
    uint64_t memoryBytes = uint64_t{2} << 30; ///< multiple of 1 MiB
    uint32_t cpus = 2;
    std::vector<DriveSpec> drives; ///< AHCI ports in the order of those on that bus
    BootOrder boot = BootOrder::Cdrom;
    SerialKind serial = SerialKind::None;
    std::string serialPath;   ///< for SerialKind::File
    std::string firmwarePath; ///< empty: search for SeaBIOS; "uefi": for OVMF
    std::string debugconPath; ///< file that gets what firmware writes to port 0x402; empty: none
    std::string kernelPath;   ///< kernel to start instead of firmware; empty: none
    std::string initrdPath;   ///< its initial ramdisk; empty: none
    std::string commandLine;  ///< what the kernel is told
    Accel accel = Accel::Auto;
    bool testDevices = false; ///< isa-debug-exit (0x501, 0xf4), pc-testdev
    std::vector<NicSpec> nics;
    std::vector<ConsolePortSpec> consolePorts;
    VsockSpec vsock;
    bool entropy = false; ///< virtio-rng
    BalloonKind balloon = BalloonKind::None;
    bool generationId = false; ///< vmgenid
    uint32_t rootPorts = 0;    ///< PCIe slots for what is attached while the machine runs

    template <class A>
    void visit(A& a)
    {
        a.field("name", name)
            .field("memory", memoryBytes)
            .field("cpus", cpus)
            .field("drives", drives);
        a.field("boot", boot).field("serial", serial).field("serial-path", serialPath);
        a.field("firmware", firmwarePath)
            .field("debugcon", debugconPath)
            .field("kernel", kernelPath);
        a.field("test-devices", testDevices);
        a.since(2, "initrd", initrdPath, std::string());
        a.since(2, "command-line", commandLine, std::string());
        a.since(2, "accel", accel, Accel::Auto);
        a.since(3, "nics", nics, {}).since(3, "console-ports", consolePorts, {});
        a.since(3, "vsock", vsock, VsockSpec()).since(3, "entropy", entropy, false);
        a.since(3, "balloon", balloon, BalloonKind::None);
        a.since(3, "generation-id", generationId, false);
        a.since(3, "root-ports", rootPorts, uint32_t{0});
    }

    /// One sentence when a value is out of range.
    Result<void> check() const;
    /// Gives an id to each drive and card that has none: "disk0", "cdrom0", "nic0".
    void nameDevices();
};

/// The machine a person expects who says nothing: one network card on NAT, entropy, a balloon that
/// works by itself, a generation id, and slots for what is attached while it runs. No drives.
MachineSpec usualMachine();
/// Adds a CD-ROM drive to put media into where there is none and AHCI has a port left.
void ensureCdrom(MachineSpec& machine);

/// "2G", "512M", "1048576K" or plain bytes as bytes; Invalid otherwise.
Result<uint64_t> parseSize(const std::string& text);

} // namespace vmm::spec
