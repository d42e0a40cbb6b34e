// SPDX-License-Identifier: GPL-3.0-or-later
// The window's commands, and small rules about them.
#include "ui/models/library_desk.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

namespace ui::models {

namespace {

const QString kAsList = QStringLiteral("list");
const QString kOrder = QStringLiteral("order");
const QString kSize = QStringLiteral("size");
constexpr QSize kLargestWindow(16384, 16384);

/// A folder of the person's for such files; a dialog cannot show one that is missing.
QString folderFor(QStandardPaths::StandardLocation location)
{
    const QString folder = QStandardPaths::writableLocation(location);
    return QFileInfo(folder).isDir() ? folder : QDir::homePath();
}

} // namespace

LibraryDesk::LibraryDesk(LibraryController& controller, const QString& memory, QObject* parent)
    : QObject(parent),
      m_controller(controller),
      m_machines(controller),
      m_filter(m_machines),
      m_jobs(controller)
{
    if (!memory.isEmpty())
        m_memory = std::make_unique<QSettings>(memory, QSettings::IniFormat);
    recall();
    connect(&m_filter, &LibraryFilter::orderChanged, this,
            [this] { keep(kOrder, static_cast<int>(m_filter.order())); });
    m_draft.setController(&controller);
    connect(&controller, &LibraryController::deleted, this, &LibraryDesk::deleted);
    connect(&controller, &LibraryController::notice, this, &LibraryDesk::notice);
}

LibraryDesk::~LibraryDesk() = default;

void LibraryDesk::recall()
{
    if (!m_memory)
        return;
    m_asList = m_memory->value(kAsList).toBool();
    const int order = m_memory->value(kOrder).toInt();
    if (order > 0 && order <= static_cast<int>(LibraryFilter::Order::ByState))
        m_filter.setOrder(static_cast<LibraryFilter::Order>(order));
    const QSize size = m_memory->value(kSize).toSize();
    if (size.isValid())
        m_windowSize = size.boundedTo(kLargestWindow);
}

void LibraryDesk::keep(const QString& key, const QVariant& value)
{
    if (m_memory)
        m_memory->setValue(key, value);
}

void LibraryDesk::setAsList(bool asList)
{
    if (asList == m_asList)
        return;
    m_asList = asList;
    keep(kAsList, asList);
    emit asListChanged();
}

void LibraryDesk::setWindowSize(QSize size)
{
    if (size == m_windowSize)
        return;
    m_windowSize = size;
    keep(kSize, size);
    emit windowSizeChanged();
}

QString LibraryDesk::version() const
{
    return QCoreApplication::applicationVersion();
}

QUrl LibraryDesk::downloadFolder() const
{
    return QUrl::fromLocalFile(folderFor(QStandardPaths::DownloadLocation));
}

QUrl LibraryDesk::homeFolder() const
{
    return QUrl::fromLocalFile(QDir::homePath());
}

void LibraryDesk::open(const QString& id)
{
    const auto machine = m_controller.machine(id);
    if (machine && machine->state == MachineState::Broken)
        emit mendRequested(id);
    else
        m_controller.open(id);
}

void LibraryDesk::rename(const QString& id, const QString& name)
{
    const auto machine = m_controller.machine(id);
    const QString plain = name.simplified();
    if (machine && !plain.isEmpty() && plain != machine->name)
        m_controller.rename(id, plain);
}

void LibraryDesk::setInGroup(const QString& id, const QString& group, bool inGroup)
{
    const auto machine = m_controller.machine(id);
    const QString plain = group.simplified();
    if (!machine || plain.isEmpty() || machine->groups.contains(plain) == inGroup)
        return;
    QStringList groups = machine->groups;
    if (inGroup)
        groups.append(plain);
    else
        groups.removeAll(plain);
    m_controller.setGroups(id, groups);
}

QStringList LibraryDesk::groupsOf(const QString& id) const
{
    const auto machine = m_controller.machine(id);
    return machine ? machine->groups : QStringList();
}

void LibraryDesk::exportTo(const QString& id, const QUrl& file)
{
    if (file.isValid())
        m_controller.exportTo(id, file);
}

void LibraryDesk::moveTo(const QString& id, const QUrl& folder)
{
    if (folder.isValid())
        m_controller.moveTo(id, folder);
}

QUrl LibraryDesk::exportFile(const QString& name) const
{
    QString plain = name;
    plain.replace(QLatin1Char('/'), QLatin1Char('-'));
    const QDir folder(folderFor(QStandardPaths::DocumentsLocation));
    return QUrl::fromLocalFile(folder.filePath(plain + QStringLiteral(".vitrine.tar.zst")));
}

void LibraryDesk::setVisibleMachines(const QStringList& ids)
{
    if (ids == m_visible)
        return;
    m_visible = ids;
    m_controller.setVisibleMachines(ids);
}

} // namespace ui::models
