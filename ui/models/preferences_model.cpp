// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/preferences_model.h"

#include <algorithm>

#include <unistd.h>

#include <QClipboard>
#include <QGuiApplication>
#include <QThread>

namespace ui::models {

namespace {

using app::library::CloseAction;
using app::library::MachineConfig;
using vmm::spec::DriveKind;
using vmm::spec::DriveSpec;
using vmm::spec::MachineSpec;
using vmm::spec::NicSpec;

quint64 hostMemory()
{
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long size = ::sysconf(_SC_PAGE_SIZE);
    return pages > 0 && size > 0 ? static_cast<quint64>(pages) * static_cast<quint64>(size) : 0;
}

QString text(const std::string& bytes)
{
    return QString::fromStdString(bytes);
}

} // namespace

PreferencesModel::PreferencesModel(QObject* parent)
    : QObject(parent), m_memory(Amount::Kind::Memory), m_cpus(Amount::Kind::Cpus)
{
    constexpr int kSettled = 600; // milliseconds after the last step
    m_settle.setSingleShot(true);
    m_settle.setInterval(kSettled);
    connect(&m_settle, &QTimer::timeout, this, &PreferencesModel::writeAmounts);
    for (const Amount* amount : {&m_memory, &m_cpus})
        connect(amount, &Amount::edited, this, [this] { m_settle.start(); });
}

PreferencesModel::~PreferencesModel()
{
    flush();
}

void PreferencesModel::setController(LibraryController* controller)
{
    if (controller == m_controller)
        return;
    flush();
    if (m_controller)
        disconnect(m_controller, nullptr, this, nullptr);
    m_controller = controller;
    if (controller) {
        connect(controller, &LibraryController::machineChanged, this,
                &PreferencesModel::takeChange);
        connect(controller, &LibraryController::machineRemoved, this,
                &PreferencesModel::takeChange);
        connect(controller, &LibraryController::configApplied, this,
                &PreferencesModel::takeApplied);
        connect(controller, &LibraryController::notice, this, &PreferencesModel::takeNotice);
    }
    reload();
    emit targetChanged();
}

void PreferencesModel::setMachine(const QString& machine)
{
    if (machine == m_machine)
        return;
    flush();
    m_machine = machine;
    m_unanswered = 0;
    m_log.clear();
    reload();
    emit targetChanged();
}

void PreferencesModel::takeChange(const QString& id)
{
    if (id == m_machine)
        reload();
}

void PreferencesModel::takeNotice(const QString&, const QString& id)
{
    if (id != m_machine || m_unanswered == 0)
        return;
    m_unanswered = 0; // it was refused: back to what is written
    reload();
}

void PreferencesModel::takeApplied(const QString& id, bool atNextStart)
{
    if (id != m_machine)
        return;
    m_unanswered = std::max(m_unanswered - 1, 0);
    reload();
    if (alive())
        emit applied(atNextStart ? tr("This takes effect at the next start")
                                 : tr("This is in effect now"));
}

void PreferencesModel::reload()
{
    const auto summary = m_controller ? m_controller->machine(m_machine) : std::nullopt;
    const auto config = m_controller ? m_controller->config(m_machine) : std::nullopt;
    m_summary = summary.value_or(MachineSummary());
    if (m_unanswered == 0) // else what the person chose is newer
        m_config = config.value_or(MachineConfig());
    m_valid = summary.has_value() && config.has_value();
    m_disks.show(m_valid ? m_controller->disks(m_machine) : QList<DiskSummary>());
    QStringList rules;
    if (const NicSpec* card = nic()) {
        for (const std::string& rule : card->forwards)
            rules << text(rule);
    }
    m_forwards.show(rules);
    if (!m_settle.isActive()) // what the person is stepping stays
        showAmounts();
    emit changed();
}

void PreferencesModel::showAmounts()
{
    const MachineSpec& hardware = m_config.hardware;
    m_memory.show(hardware.memoryBytes,
                  {MachineSpec::kMinMemory, MachineSpec::kMaxMemory, 0, 0, hostMemory()});
    m_cpus.show(hardware.cpus, {1, MachineSpec::kMaxCpus, 0, 0,
                                static_cast<quint64>(std::max(QThread::idealThreadCount(), 1))});
}

void PreferencesModel::flush()
{
    if (!m_settle.isActive())
        return;
    m_settle.stop();
    writeAmounts();
}

void PreferencesModel::writeAmounts()
{
    edit([this](MachineConfig& config) {
        config.hardware.memoryBytes = m_memory.value();
        config.hardware.cpus = static_cast<uint32_t>(m_cpus.value());
    });
}

void PreferencesModel::edit(const std::function<void(MachineConfig&)>& change)
{
    if (!m_controller || !m_valid)
        return;
    // On top of what was changed before, which the controller may still be writing.
    change(m_config);
    ++m_unanswered;
    m_controller->setConfig(m_machine, MachineConfig(m_config));
    emit changed();
}

void PreferencesModel::editNic(const std::function<void(NicSpec&)>& change)
{
    edit([&change](MachineConfig& config) {
        if (config.hardware.nics.empty()) {
            config.hardware.nics.emplace_back();
            config.hardware.nameDevices();
        }
        change(config.hardware.nics.front());
    });
}

const NicSpec* PreferencesModel::nic() const
{
    return m_config.hardware.nics.empty() ? nullptr : &m_config.hardware.nics.front();
}

const DriveSpec* PreferencesModel::drive() const
{
    const auto& drives = m_config.hardware.drives;
    const auto found = std::find_if(drives.begin(), drives.end(), [](const DriveSpec& candidate) {
        return candidate.kind == DriveKind::Cdrom;
    });
    return found == drives.end() ? nullptr : &*found;
}

bool PreferencesModel::alive() const
{
    return m_summary.state != MachineState::Off && m_summary.state != MachineState::Failed &&
           !broken();
}

bool PreferencesModel::running() const
{
    return m_summary.state == MachineState::Running || m_summary.state == MachineState::Paused;
}

QString PreferencesModel::laterText() const
{
    return alive() ? tr("At next start") : QString();
}

PreferencesModel::Closing PreferencesModel::closing() const
{
    return static_cast<Closing>(m_config.onClose);
}

void PreferencesModel::setClosing(Closing closing)
{
    if (closing != this->closing())
        edit([closing](MachineConfig& config) {
            config.onClose = static_cast<CloseAction>(closing);
        });
}

void PreferencesModel::setDisposable(bool disposable)
{
    if (disposable != m_config.disposable)
        edit([disposable](MachineConfig& config) { config.disposable = disposable; });
}

void PreferencesModel::readLog()
{
    m_log = m_controller ? m_controller->logText(m_machine) : QString();
    emit logChanged();
}

void PreferencesModel::copyText(const QString& text) const
{
    QGuiApplication::clipboard()->setText(text);
}

} // namespace ui::models
