// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/preferences_model.h"

#include <algorithm>

#include <unistd.h>

#include <QClipboard>
#include <QFileInfo>
#include <QGuiApplication>
#include <QStandardPaths>
#include <QThread>

#include "ui/models/quantity.h"

namespace ui::models {

namespace {

using app::library::CloseAction;
using app::library::MachineConfig;
using vmm::spec::BalloonKind;
using vmm::spec::BootOrder;
using vmm::spec::DriveKind;
using vmm::spec::DriveSpec;
using vmm::spec::MachineSpec;
using vmm::spec::NicKind;
using vmm::spec::NicSpec;

const char kUefiName[] = "uefi"; // MachineSpec::firmwarePath

quint64 hostMemory()
{
    const long pages = ::sysconf(_SC_PHYS_PAGES);
    const long size = ::sysconf(_SC_PAGE_SIZE);
    return pages > 0 && size > 0 ? static_cast<quint64>(pages) * static_cast<quint64>(size) : 0;
}

/// A disk's size as typed; disks have whole MiB.
std::optional<quint64> wholeMiB(const QString& size)
{
    auto bytes = sizeFrom(size, kGiB);
    if (bytes)
        *bytes = (*bytes + kMiB - 1) / kMiB * kMiB;
    return bytes;
}

QString text(const std::string& bytes)
{
    return QString::fromStdString(bytes);
}

QString fileName(const std::string& path)
{
    return QFileInfo(text(path)).fileName();
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
    return m_summary.state != MachineState::Off && m_summary.state != MachineState::Failed;
}

bool PreferencesModel::running() const
{
    return m_summary.state == MachineState::Running || m_summary.state == MachineState::Paused;
}

QString PreferencesModel::laterText() const
{
    return alive() ? tr("At next start") : QString();
}

bool PreferencesModel::givesBack() const
{
    return m_config.hardware.balloon == BalloonKind::Auto;
}

void PreferencesModel::setGivesBack(bool givesBack)
{
    if (givesBack != this->givesBack())
        edit([givesBack](MachineConfig& config) {
            config.hardware.balloon = givesBack ? BalloonKind::Auto : BalloonKind::None;
        });
}

QString PreferencesModel::addDisk(const QString& size)
{
    const auto bytes = wholeMiB(size);
    if (!bytes || *bytes < kMiB)
        return tr("Type a size, such as %1").arg(sizeText(20 * kGiB));
    if (m_controller)
        m_controller->addDisk(m_machine, *bytes);
    return {};
}

QString PreferencesModel::growDisk(const QString& disk, const QString& size)
{
    const quint64 now = m_disks.bytes(disk);
    const auto bytes = wholeMiB(size);
    if (!bytes)
        return tr("Type a size, such as %1").arg(sizeText(now + 20 * kGiB));
    if (*bytes <= now)
        return tr("The disk has %1; it can only grow").arg(sizeText(now));
    if (m_controller)
        m_controller->growDisk(m_machine, disk, *bytes);
    return {};
}

void PreferencesModel::detachDisk(const QString& disk)
{
    if (m_controller)
        m_controller->detachDisk(m_machine, disk);
}

bool PreferencesModel::hasDrive() const
{
    return drive() != nullptr;
}

QString PreferencesModel::mediumName() const
{
    return drive() ? fileName(drive()->path) : QString();
}

QUrl PreferencesModel::mediumFolder() const
{
    const QString there = drive() ? QFileInfo(text(drive()->path)).path() : QString();
    const QString downloads = QStandardPaths::writableLocation(QStandardPaths::DownloadLocation);
    return QUrl::fromLocalFile(QFileInfo(there).isAbsolute() ? there : downloads);
}

void PreferencesModel::insertMedium(const QUrl& file)
{
    if (m_controller && file.isLocalFile())
        m_controller->insertMedium(m_machine, file);
}

void PreferencesModel::ejectMedium()
{
    if (m_controller)
        m_controller->ejectMedium(m_machine);
}

PreferencesModel::Network PreferencesModel::network() const
{
    if (!nic())
        return Network::None;
    switch (nic()->kind) {
    case NicKind::User:
        return Network::Nat;
    case NicKind::Tap:
        return Network::Tap;
    case NicKind::Passt:
        return Network::Passt;
    case NicKind::None:
        return Network::None;
    }
    return Network::None;
}

void PreferencesModel::setNetwork(Network network)
{
    if (network == this->network() || network == Network::Tap || network == Network::Passt)
        return; // those two need more than a word: a descriptor, a socket
    editNic([network](NicSpec& card) {
        card.kind = network == Network::Nat ? NicKind::User : NicKind::None;
    });
}

void PreferencesModel::usePasst(const QUrl& socket)
{
    if (socket.isLocalFile())
        editNic([&socket](NicSpec& card) {
            card.kind = NicKind::Passt;
            card.socketPath = socket.toLocalFile().toStdString();
        });
}

bool PreferencesModel::linkUp() const
{
    return nic() && nic()->linkUp;
}

void PreferencesModel::setLinkUp(bool up)
{
    if (up != linkUp())
        editNic([up](NicSpec& card) { card.linkUp = up; });
}

bool PreferencesModel::restricted() const
{
    return nic() && nic()->restricted;
}

void PreferencesModel::setRestricted(bool restricted)
{
    if (restricted != this->restricted())
        editNic([restricted](NicSpec& card) { card.restricted = restricted; });
}

QString PreferencesModel::passtSocket() const
{
    return nic() ? text(nic()->socketPath) : QString();
}

QString PreferencesModel::macText() const
{
    return nic() ? text(nic()->mac) : QString();
}

QString PreferencesModel::sshCommand() const
{
    constexpr int kSsh = 22;
    const auto rule = m_forwards.toGuestPort(kSsh);
    if (!rule)
        return {};
    const bool six = rule->hostAddress.contains(QLatin1Char(':'));
    return QStringLiteral("ssh -p %1 %2")
        .arg(rule->hostPort)
        .arg(six ? QStringLiteral("::1") : QStringLiteral("127.0.0.1"));
}

QString PreferencesModel::addForward(const QString& hostPort, const QString& guestPort, bool udp,
                                     bool others)
{
    const auto host = portFrom(hostPort);
    const auto guest = portFrom(guestPort);
    if (!host || !guest)
        return tr("Ports are numbers from 1 to 65535");
    if (m_forwards.taken(*host, udp))
        return tr("Port %1 of this computer is forwarded already").arg(*host);
    if (m_forwards.count() >= static_cast<int>(NicSpec::kMaxForwards))
        return tr("A machine has at most %1 forwards").arg(NicSpec::kMaxForwards);
    ForwardRule rule;
    rule.udp = udp;
    rule.hostPort = *host;
    rule.guestPort = *guest;
    if (others)
        rule.hostAddress = QStringLiteral("0.0.0.0");
    if (m_controller)
        m_controller->addForward(m_machine, rule.text());
    return {};
}

void PreferencesModel::removeForward(const QString& rule)
{
    if (m_controller)
        m_controller->removeForward(m_machine, rule);
}

PreferencesModel::Boot PreferencesModel::boot() const
{
    return static_cast<Boot>(m_config.hardware.boot);
}

void PreferencesModel::setBoot(Boot boot)
{
    if (boot != this->boot())
        edit(
            [boot](MachineConfig& config) { config.hardware.boot = static_cast<BootOrder>(boot); });
}

PreferencesModel::Firmware PreferencesModel::firmware() const
{
    const std::string& path = m_config.hardware.firmwarePath;
    if (path.empty())
        return Firmware::Bios;
    return path == kUefiName ? Firmware::Uefi : Firmware::Own;
}

void PreferencesModel::setFirmware(Firmware firmware)
{
    if (firmware == this->firmware() || firmware == Firmware::Own)
        return;
    edit([firmware](MachineConfig& config) {
        config.hardware.firmwarePath = firmware == Firmware::Uefi ? kUefiName : "";
    });
}

QString PreferencesModel::firmwareFile() const
{
    return firmware() == Firmware::Own ? text(m_config.hardware.firmwarePath) : QString();
}

void PreferencesModel::useFirmwareFile(const QUrl& file)
{
    if (file.isLocalFile())
        edit([&file](MachineConfig& config) {
            config.hardware.firmwarePath = file.toLocalFile().toStdString();
        });
}

QString PreferencesModel::kernel() const
{
    return text(m_config.hardware.kernelPath);
}

void PreferencesModel::setKernel(const QString& file)
{
    if (file == kernel())
        return;
    edit([&file](MachineConfig& config) {
        config.hardware.kernelPath = file.toStdString();
        if (file.isEmpty()) { // they are for a kernel only
            config.hardware.initrdPath.clear();
            config.hardware.commandLine.clear();
        }
    });
}

void PreferencesModel::useKernelFile(const QUrl& file)
{
    if (file.isLocalFile())
        setKernel(file.toLocalFile());
}

QString PreferencesModel::initrd() const
{
    return text(m_config.hardware.initrdPath);
}

void PreferencesModel::setInitrd(const QString& file)
{
    if (file != initrd())
        edit([&file](MachineConfig& config) { config.hardware.initrdPath = file.toStdString(); });
}

void PreferencesModel::useInitrdFile(const QUrl& file)
{
    if (file.isLocalFile())
        setInitrd(file.toLocalFile());
}

QString PreferencesModel::commandLine() const
{
    return text(m_config.hardware.commandLine);
}

void PreferencesModel::setCommandLine(const QString& line)
{
    if (line != commandLine())
        edit([&line](MachineConfig& config) { config.hardware.commandLine = line.toStdString(); });
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
