// SPDX-License-Identifier: GPL-3.0-or-later
// The words people write for the values of a MachineSpec: on the command line, in machine.toml.
#pragma once

#include <string_view>

#include "vmm/spec/machine_spec.h"

namespace vmm::spec {

/// One word an option may have, and what it stands for.
template <class T>
struct Word {
    std::string_view name;
    T value;
};

inline constexpr Word<DriveBus> kDriveBusWords[] = {
    {"ahci", DriveBus::Ahci}, {"virtio", DriveBus::VirtioBlk}, {"scsi", DriveBus::VirtioScsi}};
inline constexpr Word<DriveCache> kDriveCacheWords[] = {{"writeback", DriveCache::Writeback},
                                                        {"writethrough", DriveCache::Writethrough},
                                                        {"direct", DriveCache::Direct}};
inline constexpr Word<WhenFull> kWhenFullWords[] = {{"pause", WhenFull::Pause},
                                                    {"report", WhenFull::Report}};
inline constexpr Word<NicKind> kNicKindWords[] = {{"user", NicKind::User},
                                                  {"tap", NicKind::Tap},
                                                  {"passt", NicKind::Passt},
                                                  {"disconnected", NicKind::None}};
inline constexpr Word<bool> kLinkWords[] = {{"up", true}, {"down", false}};
inline constexpr Word<PortEnd> kPortEndWords[] = {{"pty", PortEnd::Pty},
                                                  {"stdio", PortEnd::Stdio},
                                                  {"socket", PortEnd::Socket},
                                                  {"file", PortEnd::File}};
inline constexpr Word<BalloonKind> kBalloonWords[] = {
    {"auto", BalloonKind::Auto}, {"manual", BalloonKind::Manual}, {"none", BalloonKind::None}};
inline constexpr Word<BootOrder> kBootOrderWords[] = {
    {"cdrom", BootOrder::Cdrom}, {"disk", BootOrder::Disk}, {"menu", BootOrder::Menu}};
inline constexpr Word<Accel> kAccelWords[] = {
    {"auto", Accel::Auto}, {"kvm", Accel::Kvm}, {"soft", Accel::Soft}};

/// The word for `value`; empty for a value no word stands for.
template <class T, size_t N>
constexpr std::string_view wordFor(const Word<T> (&words)[N], T value)
{
    for (const Word<T>& word : words)
        if (word.value == value)
            return word.name;
    return {};
}

} // namespace vmm::spec
