// SPDX-License-Identifier: GPL-3.0-or-later
// What the sheets and preferences ask of the pretended library: disks, folders, downloads, the
// catalogue.
#include <algorithm>

#include <QRegularExpression>

#include "ui/models/demo_library.h"

namespace ui::models {

namespace {

constexpr quint64 kGiBytes = quint64{1} << 30;

struct Medium {
    const char* id;
    const char* name;
    const char* logo;
    const char* vendor;
    const char* variant;
    bool live;
    bool endOfLife;
    int year;
};

const Medium kMedia[] = {
    {"debian12", "Debian 12", "os-debian", "Debian Project", "Netinst", false, false, 2023},
    {"debian12", "Debian 12", "os-debian", "Debian Project", "GNOME", true, false, 2023},
    {"debian11", "Debian 11", "os-debian", "Debian Project", "Netinst", false, false, 2021},
    {"fedora39", "Fedora Linux 39", "os-fedora", "Fedora Project", "Workstation", true, false,
     2023},
    {"fedora39", "Fedora Linux 39", "os-fedora", "Fedora Project", "Server", false, false, 2023},
    {"fedora39", "Fedora Linux 39", "os-fedora", "Fedora Project", "", false, false, 2023},
    {"ubuntu22.04", "Ubuntu 22.04 LTS", "os-ubuntu", "Canonical Ltd", "", true, false, 2022},
    {"opensuse15.5", "openSUSE Leap 15.5", "os-opensuse", "openSUSE Project", "Network install",
     false, false, 2023},
    {"alpine3.18", "Alpine Linux 3.18", "os-alpine", "Alpine Linux Project", "", false, false,
     2023},
    {"freebsd13.2", "FreeBSD 13.2", "os-freebsd", "FreeBSD Project", "", false, false, 2023},
    {"haiku-r1", "Haiku R1 Beta 4", "os-haiku", "Haiku, Inc.", "", true, false, 2022},
    {"debian7", "Debian 7", "os-debian", "Debian Project", "Netinst", false, true, 2013},
};

CatalogueEntry entryOf(const Medium& medium)
{
    CatalogueEntry entry;
    entry.osId = QString::fromLatin1(medium.id);
    entry.osName = QString::fromLatin1(medium.name);
    entry.osLogo = QStringLiteral("qrc:/org/vitrine/icons/%1.svg").arg(QLatin1String(medium.logo));
    entry.vendor = QString::fromLatin1(medium.vendor);
    entry.variant = QString::fromLatin1(medium.variant);
    entry.url = QUrl(
        QStringLiteral("https://example.org/%1-%2.iso").arg(entry.osId, entry.variant.toLower()));
    entry.live = medium.live;
    entry.installer = !medium.live;
    entry.endOfLife = medium.endOfLife;
    entry.released = QDate(medium.year, 6, 10);
    return entry;
}

} // namespace

void DemoLibrary::loadSystems()
{
    QList<SystemName> systems;
    for (const Medium& medium : kMedia) {
        const CatalogueEntry entry = entryOf(medium);
        if (systems.isEmpty() || systems.last().osId != entry.osId)
            systems.append({entry.osId, entry.osName, entry.osLogo});
    }
    emit systemsLoaded(systems);
}

void DemoLibrary::withSystem(const MachineDraft& draft, const QString& osId)
{
    MachineDraft filled = draft;
    for (const Medium& medium : kMedia) {
        if (osId == QLatin1String(medium.id)) {
            const CatalogueEntry entry = entryOf(medium);
            filled.config.os = osId.toStdString();
            filled.osName = entry.osName;
            filled.osLogo = entry.osLogo;
        }
    }
    filled.config.hardware.memoryBytes = 2 * kGiBytes;
    filled.recommendedMemory = 2 * kGiBytes;
    emit systemFilledIn(filled);
}

void DemoLibrary::loadCatalogue()
{
    QList<CatalogueEntry> entries;
    for (const Medium& medium : kMedia)
        entries.append(entryOf(medium));
    emit catalogueLoaded(entries, {});
}

void DemoLibrary::addFolder(const QUrl& folder)
{
    if (m_folders.contains(folder.toLocalFile()))
        return;
    m_folders.append(folder.toLocalFile());
    emit foldersChanged();
    emit notice(tr("Machines in %1 are shown from now on").arg(folder.fileName()), {});
}

void DemoLibrary::removeFolder(const QString& folder)
{
    if (folder != m_folders.first() && m_folders.removeOne(folder))
        emit foldersChanged();
}

QString DemoLibrary::downloadFolder() const
{
    return QStringLiteral("/cache/vitrine/downloads");
}

void DemoLibrary::emptyDownloads()
{
    m_downloadBytes = 0;
    emit downloadsChanged();
}

QList<DiskSummary> DemoLibrary::disks(const QString& id) const
{
    if (!m_disks.contains(id) && machine(id))
        m_disks.insert(id, {{QStringLiteral("disk0"), QStringLiteral("disk0.raw"), 20 * kGiBytes,
                             7 * kGiBytes / 2}});
    return m_disks.value(id);
}

void DemoLibrary::addDisk(const QString& id, quint64 bytes)
{
    QList<DiskSummary> now = disks(id);
    const QString name = QStringLiteral("disk%1").arg(now.size());
    now.append({name, name + QStringLiteral(".raw"), bytes, 0});
    m_disks.insert(id, now);
    emit machineChanged(id);
    emit configApplied(id, true);
}

void DemoLibrary::growDisk(const QString& id, const QString& disk, quint64 bytes)
{
    QList<DiskSummary> now = disks(id);
    for (DiskSummary& summary : now) {
        if (summary.id == disk)
            summary.bytes = std::max(summary.bytes, bytes);
    }
    m_disks.insert(id, now);
    emit machineChanged(id);
}

void DemoLibrary::detachDisk(const QString& id, const QString& disk)
{
    QList<DiskSummary> now = disks(id);
    now.removeIf([&](const DiskSummary& summary) { return summary.id == disk; });
    m_disks.insert(id, now);
    emit machineChanged(id);
    emit configApplied(id, true);
}

QString DemoLibrary::configText(const QString& id) const
{
    const auto now = machine(id);
    if (!now || m_texts.contains(id))
        return m_texts.value(id);
    return QStringLiteral("schema = 1\nname = \"%1\"\ncpus = %2\nmemory = \"%3 MiB\"\n\n"
                          "[[disk]]\nfile = \"disk0.raw\"\nbus = \"virtio\"\n")
        .arg(now->name)
        .arg(now->cpus)
        .arg(now->memoryBytes >> 20);
}

QString DemoLibrary::configTextProblem(const QString&, const QString& text) const
{
    static const QRegularExpression kLine(
        QStringLiteral("^\\s*(#.*|\\[.*\\]|[A-Za-z0-9_-]+\\s*=\\s*\\S.*)?$"));
    const QStringList lines = text.split(QLatin1Char('\n'));
    for (qsizetype i = 0; i < lines.size(); ++i) {
        if (!kLine.match(lines.at(i)).hasMatch())
            return tr("machine.toml, line %1: expected a key and its value").arg(i + 1);
    }
    return text.contains(QLatin1String("schema"))
               ? QString()
               : tr("machine.toml, line 1: the key \"schema\" is missing");
}

void DemoLibrary::setConfigText(const QString& id, const QString& text)
{
    const QString problem = configTextProblem(id, text);
    if (problem.isEmpty())
        m_texts.insert(id, text);
    emit configTextChecked(id, problem);
}

} // namespace ui::models
