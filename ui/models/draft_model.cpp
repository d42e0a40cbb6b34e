// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/draft_model.h"

#include <algorithm>
#include <array>
#include <utility>

#include <QRegularExpression>

#include "ui/models/quantity.h"

namespace ui::models {

namespace {

using vmm::spec::MachineSpec;

const char kUefiName[] = "uefi"; // MachineSpec::firmwarePath

bool isWindows(const MachineDraft& draft)
{
    return draft.config.os.find("microsoft.com") != std::string::npos;
}

AmountLimits memoryLimits(const MachineDraft& draft)
{
    return {MachineSpec::kMinMemory, MachineSpec::kMaxMemory, draft.minimumMemory,
            draft.recommendedMemory, draft.hostMemory};
}

AmountLimits cpuLimits(const MachineDraft& draft)
{
    return {1, MachineSpec::kMaxCpus, 0, 0, static_cast<quint64>(std::max(draft.hostCpus, 0))};
}

AmountLimits diskLimits(const MachineDraft& draft)
{
    constexpr quint64 kMost = quint64{64} << 40; // 64 TiB: more than any file system takes
    return {64 * kMiB, kMost, 0, 0, draft.freeDiskBytes};
}

bool isReserved(const QString& user)
{
    static const std::array<QLatin1String, 6> kTaken = {
        QLatin1String("root"),   QLatin1String("daemon"), QLatin1String("bin"),
        QLatin1String("nobody"), QLatin1String("admin"),  QLatin1String("administrator")};
    return std::any_of(kTaken.begin(), kTaken.end(), [&](QLatin1String taken) {
        return user.compare(taken, Qt::CaseInsensitive) == 0;
    });
}

} // namespace

DraftModel::DraftModel(QObject* parent)
    : QObject(parent),
      m_memory(Amount::Kind::Memory),
      m_cpus(Amount::Kind::Cpus),
      m_disk(Amount::Kind::Disk)
{
    for (const Amount* amount : {&m_memory, &m_cpus, &m_disk})
        connect(amount, &Amount::changed, this, &DraftModel::edited);
    for (const ChoiceList* list : {&m_languages, &m_keyboards, &m_timeZones})
        connect(list, &ChoiceList::currentChanged, this, &DraftModel::edited);
    connect(this, &DraftModel::draftChanged, this, &DraftModel::edited);
}

void DraftModel::setController(LibraryController* controller)
{
    if (controller == m_controller)
        return;
    if (m_controller)
        disconnect(m_controller, nullptr, this, nullptr);
    m_controller = controller;
    m_systems.setController(controller);
    if (controller) {
        connect(controller, &LibraryController::draftReady, this, &DraftModel::add);
        connect(controller, &LibraryController::systemFilledIn, this, &DraftModel::fillInSystem);
    }
    emit controllerChanged();
}

QString DraftModel::waitingText() const
{
    return m_queue.isEmpty() ? QString() : tr("%n more to come", nullptr, waiting());
}

void DraftModel::beginEmpty()
{
    if (m_controller)
        add(m_controller->emptyDraft());
}

void DraftModel::add(const MachineDraft& draft)
{
    m_queue.append(draft);
    if (!m_active)
        showNext();
    else
        emit waitingChanged();
}

void DraftModel::showNext()
{
    m_active = !m_queue.isEmpty();
    m_draft = m_active ? m_queue.takeFirst() : MachineDraft();
    m_draft.ticket = ++m_tickets;
    m_canChooseSystem = m_active && m_draft.osName.isEmpty();
    m_systems.setSearch({});
    if (m_active) {
        if (m_draft.canExpress)
            fillPerson();
        showAmounts();
    }
    emit waitingChanged();
    emit draftChanged();
}

void DraftModel::fillPerson()
{
    const HostPerson person = hostPerson();
    const auto fill = [](QString& field, const QString& value) {
        if (field.isEmpty())
            field = value;
    };
    fill(m_draft.user, person.user);
    fill(m_draft.fullName, person.fullName);
    fill(m_draft.language, person.language);
    fill(m_draft.keyboard, person.keyboard);
    fill(m_draft.timeZone, person.timeZone);
    m_languages.show(languageChoices(m_draft.language), m_draft.language);
    m_keyboards.show(keyboardChoices(m_draft.keyboard), m_draft.keyboard);
    m_timeZones.show(timeZoneChoices(m_draft.timeZone), m_draft.timeZone);
}

void DraftModel::showAmounts()
{
    const MachineSpec& hardware = m_draft.config.hardware;
    m_memory.show(hardware.memoryBytes, memoryLimits(m_draft));
    m_cpus.show(hardware.cpus, cpuLimits(m_draft));
    AmountLimits limits = diskLimits(m_draft);
    limits.recommended = m_draft.diskBytes;
    m_disk.show(m_draft.diskBytes, limits);
}

void DraftModel::chooseSystem(int row)
{
    const QString osId = m_systems.osId(row);
    if (m_controller && m_active && !osId.isEmpty())
        m_controller->withSystem(m_draft, osId);
}

/// Unless another draft is shown by now. What was typed meanwhile stays.
void DraftModel::fillInSystem(const MachineDraft& draft)
{
    if (!m_active || draft.ticket != m_draft.ticket)
        return;
    const bool tries = m_draft.tryLive;
    const std::string name = m_draft.config.hardware.name;
    m_draft = draft;
    m_draft.tryLive = tries;
    m_draft.config.hardware.name = name;
    showAmounts();
    emit edited();
}

QString DraftModel::osText() const
{
    if (!m_draft.osName.isEmpty())
        return m_draft.osName;
    return m_draft.source == MachineDraft::Source::Empty ? tr("No system yet")
                                                         : tr("Unknown system");
}

QString DraftModel::kindText() const
{
    using Source = MachineDraft::Source;
    switch (m_draft.source) {
    case Source::Installer:
        return tr("Installer");
    case Source::LiveMedium:
        return tr("Live system");
    case Source::DiskImage:
        return tr("Disk image");
    case Source::Appliance:
        return tr("Appliance");
    case Source::Bundle:
        return tr("Machine");
    case Source::Empty:
        return tr("Empty machine");
    }
    return {};
}

template <class T>
void DraftModel::change(T& field, const T& value)
{
    if (field == value)
        return;
    field = value;
    emit edited();
}

QString DraftModel::name() const
{
    return QString::fromStdString(m_draft.config.hardware.name);
}

void DraftModel::setName(const QString& name)
{
    change(m_draft.config.hardware.name, name.toStdString());
}

QString DraftModel::nameProblem() const
{
    const QString name = this->name().trimmed();
    if (name.isEmpty())
        return tr("Give the machine a name");
    if (name.toUtf8().size() > static_cast<qsizetype>(MachineSpec::kMaxName))
        return tr("This name is too long");
    if (name.contains(QLatin1Char('/')))
        return tr("A name has no slash");
    if (name.startsWith(QLatin1Char('.')))
        return tr("A name does not start with a dot");
    const bool printable = std::all_of(name.begin(), name.end(), [](QChar letter) {
        return letter.category() != QChar::Other_Control;
    });
    return printable ? QString() : tr("A name is written in letters and signs");
}

bool DraftModel::uefi() const
{
    return m_draft.config.hardware.firmwarePath == kUefiName;
}

void DraftModel::setUefi(bool uefi)
{
    if (uefi != this->uefi())
        change(m_draft.config.hardware.firmwarePath, std::string(uefi ? kUefiName : ""));
}

void DraftModel::setTryLive(bool tryLive)
{
    change(m_draft.tryLive, tryLive);
}

void DraftModel::setExpress(bool express)
{
    change(m_draft.express, express);
}

void DraftModel::setUser(const QString& user)
{
    change(m_draft.user, user);
}

QString DraftModel::userProblem() const
{
    static const QRegularExpression kUnix(QStringLiteral("^[a-z_][a-z0-9_-]{0,31}$"));
    static const QRegularExpression kWindows(
        QStringLiteral("^(?![. ])[^\"/\\\\\\[\\]:;|=,+*?<>@\\x00-\\x1f]{1,20}$"));
    if (!express())
        return {};
    if (m_draft.user.isEmpty())
        return tr("Choose a user name");
    if (isReserved(m_draft.user))
        return tr("The system has this name for itself; choose another");
    if (isWindows(m_draft))
        return kWindows.match(m_draft.user).hasMatch()
                   ? QString()
                   : tr("At most 20 characters, without signs such as / and @");
    return kUnix.match(m_draft.user).hasMatch() ? QString()
                                                : tr("Small letters, digits and hyphens only");
}

void DraftModel::setFullName(const QString& name)
{
    change(m_draft.fullName, name);
}

void DraftModel::setPassword(const QString& password)
{
    change(m_draft.password, password);
}

QString DraftModel::passwordProblem() const
{
    return express() && m_draft.password.isEmpty() ? tr("Choose a password") : QString();
}

void DraftModel::setProductKey(const QString& key)
{
    change(m_draft.productKey, key.trimmed().toUpper());
}

QString DraftModel::productKeyProblem() const
{
    static const QRegularExpression kKey(QStringLiteral("^([A-Z0-9]{5}-){4}[A-Z0-9]{5}$"));
    if (!express() || !m_draft.needsProductKey)
        return {};
    if (m_draft.productKey.isEmpty())
        return tr("This system asks for a product key");
    return kKey.match(m_draft.productKey).hasMatch() ? QString()
                                                     : tr("Five groups of five letters or digits");
}

QString DraftModel::problem() const
{
    for (const QString& problem : {nameProblem(), m_memory.problem(), m_cpus.problem(),
                                   makesDisk() ? m_disk.problem() : QString(), userProblem(),
                                   passwordProblem(), productKeyProblem()}) {
        if (!problem.isEmpty())
            return problem;
    }
    return {};
}

QString DraftModel::startText() const
{
    if (tryLive())
        return tr("Try it");
    return express() ? tr("Install") : tr("Create and start");
}

bool DraftModel::create(bool start)
{
    if (!m_active || !m_controller || !problem().isEmpty())
        return false;
    MachineSpec& hardware = m_draft.config.hardware;
    hardware.name = name().trimmed().toStdString();
    hardware.memoryBytes = m_memory.value();
    hardware.cpus = static_cast<uint32_t>(m_cpus.value());
    m_draft.tryLive = tryLive();
    m_draft.express = express();
    if (makesDisk())
        m_draft.diskBytes = m_disk.value();
    if (m_draft.express) {
        m_draft.language = m_languages.code();
        m_draft.keyboard = m_keyboards.code();
        m_draft.timeZone = m_timeZones.code();
    } else {
        m_draft.password.clear();
    }
    m_controller->create(m_draft, start);
    showNext();
    return true;
}

void DraftModel::cancel()
{
    showNext();
}

} // namespace ui::models
