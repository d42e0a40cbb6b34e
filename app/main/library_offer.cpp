// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_offer.h"

#include <algorithm>

#include <QCoreApplication>

#include "app/main/library_systems.h"

namespace app::main {

using making::Draft;
using ui::models::MachineDraft;
using vmm::spec::DriveKind;
using vmm::spec::DriveSpec;

namespace {

/// Sentences of this file.
struct Words {
    Q_DECLARE_TR_FUNCTIONS(app::main::LibraryOffer)
};

QString text(const std::string& string)
{
    return QString::fromStdString(string);
}

MachineDraft::Source shownSource(Draft::Source source)
{
    switch (source) {
    case Draft::Source::Empty:
        return MachineDraft::Source::Empty;
    case Draft::Source::Installer:
        return MachineDraft::Source::Installer;
    case Draft::Source::LiveMedium:
        return MachineDraft::Source::LiveMedium;
    case Draft::Source::DiskImage:
        return MachineDraft::Source::DiskImage;
    case Draft::Source::Appliance:
        return MachineDraft::Source::Appliance;
    }
    return MachineDraft::Source::Empty;
}

Draft::Source sourceOf(MachineDraft::Source source)
{
    switch (source) {
    case MachineDraft::Source::Installer:
        return Draft::Source::Installer;
    case MachineDraft::Source::LiveMedium:
        return Draft::Source::LiveMedium;
    case MachineDraft::Source::DiskImage:
        return Draft::Source::DiskImage;
    case MachineDraft::Source::Appliance:
        return Draft::Source::Appliance;
    case MachineDraft::Source::Bundle: // is imported, no draft
    case MachineDraft::Source::Empty:
        return Draft::Source::Empty;
    }
    return Draft::Source::Empty;
}

/// The person's answers about an unattended installation.
install::ExpressAnswers answersOf(const MachineDraft& sheet)
{
    install::ExpressAnswers answers;
    answers.user = sheet.user.toStdString();
    answers.fullName = sheet.fullName.toStdString();
    answers.password = sheet.password.toStdString();
    answers.language = sheet.language.toStdString();
    answers.keyboard = sheet.keyboard.toStdString();
    answers.timeZone = sheet.timeZone.toStdString();
    answers.productKey = sheet.productKey.toStdString();
    return answers;
}

bool isDisk(const DriveSpec& drive)
{
    return drive.kind == DriveKind::Disk;
}

/// The disk leaves the drives of `draft`: it is one to make.
void takeDisk(Draft& draft, quint64 bytes)
{
    auto& drives = draft.config.hardware.drives;
    const auto found = std::find_if(drives.begin(), drives.end(), isDisk);
    if (found == drives.end())
        return;
    draft.diskBus = found->bus;
    draft.disks.push_back({bytes, found->path});
    std::erase_if(drives, isDisk);
}

} // namespace

MachineDraft sheetOf(const Draft& draft)
{
    MachineDraft sheet;
    sheet.source = shownSource(draft.source);
    sheet.sourceName = text(draft.file.filename().string());
    sheet.osName = text(draft.osName);
    sheet.osLogo = LibrarySystems::logoSource(draft.osFamily, draft.osDistro);
    sheet.canBios = draft.canBios;
    sheet.canUefi = draft.canUefi;
    sheet.canExpress = draft.canExpress;
    sheet.canTryLive = draft.canTryLive;
    sheet.needsProductKey = draft.needsProductKey;
    sheet.minimumMemory = draft.minimumMemory;
    sheet.recommendedMemory = draft.recommendedMemory;
    sheet.hostMemory = draft.host.memoryBytes;
    sheet.hostCpus = static_cast<int>(draft.host.cpus);
    sheet.freeDiskBytes = draft.host.freeDiskBytes;
    sheet.tryLive = draft.tryLive;
    sheet.config = draft.config;
    for (const making::DraftDisk& disk : draft.disks) {
        DriveSpec drive{DriveKind::Disk, disk.source.string()};
        drive.bus = draft.diskBus;
        sheet.config.hardware.drives.push_back(std::move(drive));
        sheet.diskBytes += disk.bytes;
    }
    return sheet;
}

Draft draftOf(const MachineDraft& sheet)
{
    Draft draft;
    draft.source = sourceOf(sheet.source);
    draft.osName = sheet.osName.toStdString();
    draft.tryLive = sheet.tryLive;
    draft.config = sheet.config;
    takeDisk(draft, sheet.diskBytes);
    const auto& drives = draft.config.hardware.drives;
    const bool disc =
        draft.source == Draft::Source::Installer || draft.source == Draft::Source::LiveMedium;
    if (disc && !drives.empty())
        draft.file = drives.front().path;
    else if (!disc && !draft.disks.empty())
        draft.file = draft.disks.front().source;
    draft.express = sheet.express;
    if (sheet.express)
        draft.answers = answersOf(sheet);
    return draft;
}

MachineDraft sheetWithSystem(const MachineDraft& sheet, const os::OsDatabase& database,
                             const QString& osId, const making::HostMeans& means)
{
    const auto facts = database.find(osId.toStdString());
    if (!facts)
        return sheet;
    Draft draft = draftOf(sheet);
    draft.host = means;
    draft.osName.clear(); // of a system that was chosen before
    const Draft before = draft;
    making::recommend(draft, *facts);
    if (draft.source == Draft::Source::Appliance) {
        draft.config.hardware = before.config.hardware;
        draft.diskBus = before.diskBus;
        draft.canBios = sheet.canBios;
        draft.canUefi = sheet.canUefi;
    }
    MachineDraft changed = sheetOf(draft);
    changed.ticket = sheet.ticket;
    changed.sourceName = sheet.sourceName;
    changed.canTryLive = sheet.canTryLive;
    return changed;
}

MachineDraft emptySheet(const making::HostMeans& means)
{
    MachineDraft sheet = sheetOf(making::plainDraft(means));
    sheet.config.hardware.name = Words::tr("New machine").toStdString();
    return sheet;
}

Offered lookAt(const QString& path, const os::OsDatabase* database, const making::HostMeans& means)
{
    const std::filesystem::path file = path.toStdString();
    if (making::isMachine(file))
        return {Offered::Kind::Bundle, {}, {}};
    const auto draft = making::draftFor(file, database, means);
    if (!draft)
        return {Offered::Kind::Unusable, {}, text(draft.error().sentence())};
    return {Offered::Kind::Draft, sheetOf(*draft), {}};
}

} // namespace app::main
