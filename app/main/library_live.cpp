// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_live.h"

#include <algorithm>

#include "app/library/config_edit.h"

namespace app::main {

using library::MachineConfig;
using vmm::spec::DriveBus;
using vmm::spec::DriveKind;
using vmm::spec::DriveLimits;
using vmm::spec::DriveSpec;
using vmm::spec::NicSpec;

namespace {

QString text(const std::string& string)
{
    return QString::fromStdString(string);
}

template <class Device>
Device* byId(std::vector<Device>& devices, const std::string& id)
{
    const auto found = std::find_if(devices.begin(), devices.end(),
                                    [&](const Device& device) { return device.id == id; });
    return found == devices.end() ? nullptr : &*found;
}

bool contains(const std::vector<std::string>& rules, const std::string& rule)
{
    return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

/// Media go into the first CD-ROM drive only: that is what the interface offers.
void planMedium(std::vector<DriveSpec>& now, std::vector<DriveSpec>& wished, QList<LiveCall>& calls)
{
    const auto isCdrom = [](const DriveSpec& drive) { return drive.kind == DriveKind::Cdrom; };
    const auto first = std::find_if(now.begin(), now.end(), isCdrom);
    if (first == now.end())
        return;
    const DriveSpec* other = byId(wished, first->id);
    if (!other || other->kind != DriveKind::Cdrom || other->path == first->path)
        return;
    first->path = other->path;
    if (other->path.empty())
        calls << LiveCall{QStringLiteral("EjectMedium"), {}};
    else
        calls << LiveCall{QStringLiteral("InsertMedium"), {text(other->path)}};
}

/// Disks come and go in the machine's slots; one it began with stays until its next start, which
/// the machine says itself.
void planDisks(std::vector<DriveSpec>& now, std::vector<DriveSpec>& wished,
               const std::filesystem::path& bundle, QList<LiveCall>& calls)
{
    const auto left = [&](const DriveSpec& drive) {
        return drive.kind == DriveKind::Disk && !byId(wished, drive.id);
    };
    for (const DriveSpec& drive : now)
        if (left(drive))
            calls << LiveCall{QStringLiteral("Detach"), {text(drive.id)}};
    std::erase_if(now, left);
    for (const DriveSpec& drive : wished) {
        if (drive.kind != DriveKind::Disk || byId(now, drive.id))
            continue;
        const QString file = text((bundle / drive.path).string()); // or as it is, when absolute
        calls << LiveCall{QStringLiteral("AttachDisk"),
                          {QStringLiteral("%1,bus=%2,id=%3")
                               .arg(file,
                                    drive.bus == DriveBus::VirtioScsi ? QStringLiteral("scsi")
                                                                      : QStringLiteral("virtio"),
                                    text(drive.id))}};
        now.push_back(drive);
    }
}

void planLimits(std::vector<DriveSpec>& now, std::vector<DriveSpec>& wished, QList<LiveCall>& calls)
{
    for (DriveSpec& drive : now) {
        const DriveSpec* other = byId(wished, drive.id);
        if (!other || drive.kind != DriveKind::Disk)
            continue;
        const DriveLimits& limits = other->limits;
        if (limits.bytesPerSecond == drive.limits.bytesPerSecond &&
            limits.operationsPerSecond == drive.limits.operationsPerSecond)
            continue;
        drive.limits = limits;
        calls << LiveCall{QStringLiteral("LimitDisk"),
                          {text(drive.id), QStringLiteral("bps=%1,iops=%2")
                                               .arg(limits.bytesPerSecond)
                                               .arg(limits.operationsPerSecond)}};
    }
}

void planForwards(NicSpec& now, const NicSpec& wished, QList<LiveCall>& calls)
{
    for (const std::string& rule : now.forwards)
        if (!contains(wished.forwards, rule))
            calls << LiveCall{QStringLiteral("RemoveForward"), {text(now.id), text(rule)}};
    for (const std::string& rule : wished.forwards)
        if (!contains(now.forwards, rule))
            calls << LiveCall{QStringLiteral("AddForward"), {text(now.id), text(rule)}};
    now.forwards = wished.forwards;
}

void planCards(std::vector<NicSpec>& now, std::vector<NicSpec>& wished, QList<LiveCall>& calls)
{
    for (NicSpec& card : now) {
        const NicSpec* other = byId(wished, card.id);
        if (!other || other->kind != card.kind)
            continue;
        planForwards(card, *other, calls);
        if (other->linkUp == card.linkUp)
            continue;
        card.linkUp = other->linkUp;
        calls << LiveCall{
            QStringLiteral("SetLink"),
            {text(card.id), card.linkUp ? QStringLiteral("up") : QStringLiteral("down")}};
    }
}

} // namespace

LivePlan livePlan(const MachineConfig& running, const MachineConfig& wished,
                  const std::filesystem::path& bundle)
{
    LivePlan plan;
    MachineConfig now = running;
    MachineConfig then = wished;
    now.hardware.nameDevices();
    then.hardware.nameDevices();
    planMedium(now.hardware.drives, then.hardware.drives, plan.calls);
    planDisks(now.hardware.drives, then.hardware.drives, bundle, plan.calls);
    planLimits(now.hardware.drives, then.hardware.drives, plan.calls);
    planCards(now.hardware.nics, then.hardware.nics, plan.calls);
    // Nothing the guest would see.
    now.hardware.name = then.hardware.name;
    now.groups = then.groups;
    now.notes = then.notes;
    now.onClose = then.onClose;
    now.disposable = then.disposable;
    now.install = then.install;
    plan.atNextStart = !library::sameConfig(now, then);
    return plan;
}

} // namespace app::main
