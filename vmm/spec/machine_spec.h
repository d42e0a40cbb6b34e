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

/// A drive on the AHCI controller. `path` empty: a CD-ROM drive without a medium.
struct DriveSpec {
    DriveKind kind = DriveKind::Cdrom;
    std::string path;
    template <class A>
    void visit(A& a)
    {
        a.field("kind", kind).field("path", path);
    }
};

/// A machine. Saved with its state; hostile when it comes from a file, so check() before use.
struct MachineSpec {
    static constexpr state::Tag kTag{"machine-spec", 2, 1};
    static constexpr uint64_t kMinMemory = uint64_t{16} << 20;
    static constexpr uint64_t kMaxMemory = uint64_t{1} << 40;
    static constexpr uint32_t kMaxCpus = 64;
    static constexpr size_t kMaxCommandLine = 65535;
    static constexpr size_t kMaxDrives = 6; // ports of the ICH9 AHCI controller

    std::string name = "vitrine";
    uint64_t memoryBytes = uint64_t{2} << 30; ///< multiple of 1 MiB
    uint32_t cpus = 2;
    std::vector<DriveSpec> drives; ///< AHCI port = index
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
    }

    /// One sentence when a value is out of range.
    Result<void> check() const;
};

/// "2G", "512M", "1048576K" or plain bytes as bytes; Invalid otherwise.
Result<uint64_t> parseSize(const std::string& text);

} // namespace vmm::spec
