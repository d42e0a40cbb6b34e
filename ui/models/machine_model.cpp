// SPDX-License-Identifier: GPL-3.0-or-later
// Words and decisions of the machine window.
#include "ui/models/machine_model.h"

#include <algorithm>
#include <array>
#include <utility>

#include <QClipboard>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QGuiApplication>
#include <QSettings>
#include <QStandardPaths>

namespace ui::models {

namespace {

/// The words of vmm::console::runStateName.
MachineModel::State stateOf(const QString& word)
{
    using State = MachineModel::State;
    static constexpr std::array<std::pair<const char*, State>, 5> kWords = {
        {{"paused", State::Paused},
         {"running", State::Running},
         {"suspended", State::Suspended},
         {"panicked", State::Panicked},
         {"stopped", State::Stopped}}};
    const auto* const found = std::find_if(kWords.begin(), kWords.end(), [&](const auto& entry) {
        return word == QLatin1String(entry.first);
    });
    return found == kWords.end() ? State::Absent : found->second;
}

/// A machine's name as part of a file name.
QString fileNamePart(QString name)
{
    constexpr qsizetype kLongest = 80;
    name.replace(QLatin1Char('/'), QLatin1Char('-'));
    name.remove(QChar(u'\0'));
    return name.left(kLongest);
}

} // namespace

MachineModel::MachineModel(QObject* parent) : QObject(parent)
{
    constexpr int kPatience = 60'000; // a busy guest writes much before it is off
    m_patience.setSingleShot(true);
    m_patience.setInterval(kPatience);
    connect(&m_patience, &QTimer::timeout, this, [this] {
        if (m_ending == Ending::ShuttingDown)
            setEnding(Ending::DoesNotReact);
    });
    connect(this, &MachineModel::stateChanged, this, [this] {
        if (!alive() && m_ending != Ending::No)
            setEnding(Ending::No);
    });
    readKeptChords();
}

MachineModel::~MachineModel() = default;

void MachineModel::setController(MachineController* controller)
{
    if (m_controller)
        disconnect(m_controller, nullptr, this, nullptr);
    m_controller = controller;
    setTyping(false);
    if (m_ending != Ending::No)
        setEnding(Ending::No);
    // The old console must be gone from the window before its machine goes.
    const auto old = std::exchange(m_console, nullptr);
    emit consoleChanged();
    if (controller) {
        m_console = std::make_unique<display::item::GuestConsole>(
            *controller->display(), *controller->keyboard(), *controller->pointer());
        connectController();
        emit consoleChanged();
    }
    emit nameChanged();
    emit stateChanged();
    emit mediumChanged();
}

void MachineModel::connectController()
{
    connect(m_controller, &MachineController::stateChanged, this, &MachineModel::stateChanged);
    connect(m_controller, &MachineController::mediumChanged, this, &MachineModel::mediumChanged);
    connect(m_controller, &MachineController::message, this, &MachineModel::notice);
    connect(m_controller, &MachineController::screenshotSaved, this, [this](const QString& path) {
        emit notice(tr("Screenshot saved as %1").arg(QDir::toNativeSeparators(path)));
    });
    connect(m_controller, &MachineController::onCloseKnown, this, &MachineModel::closeAs);
    connect(m_controller, &MachineController::suspendProgress, this, [this](int percent) {
        if (m_ending == Ending::Suspending) // it may be saved for another reason
            setEnding(Ending::Suspending, percent);
    });
    connect(m_controller, &MachineController::suspendEnded, this,
            [this] { setEnding(Ending::No); });
    connect(m_controller, &MachineController::kept, this, [this] {
        if (std::exchange(m_closing, false) && alive())
            m_controller->askOnClose();
    });
    connect(m_controller, &MachineController::typingEnded, this, [this](const QString& problem) {
        setTyping(false);
        if (!problem.isEmpty())
            emit notice(problem);
    });
}

void MachineModel::setFailure(const QString& sentence, const QString& details, bool canStartAfresh)
{
    m_failure = sentence;
    m_failureDetails = details;
    m_canStartAfresh = canStartAfresh;
    emit failureChanged();
}

QString MachineModel::name() const
{
    return m_controller ? m_controller->name() : m_name;
}

void MachineModel::setName(const QString& name)
{
    m_name = name;
    emit nameChanged();
}

void MachineModel::readKeptChords()
{
    const QSettings settings(QSettings::IniFormat, QSettings::UserScope, QStringLiteral("vitrine"),
                             QStringLiteral("vitrine"));
    const auto chords = settings.value(QStringLiteral("keyboard/kept")).toStringList();
    if (chords == m_keptChords)
        return;
    m_keptChords = chords;
    emit keptChordsChanged();
}

MachineModel::State MachineModel::state() const
{
    return m_controller ? stateOf(m_controller->runState()) : State::Absent;
}

QString MachineModel::stateText() const
{
    switch (state()) {
    case State::Absent:
        return tr("Starting");
    case State::Paused:
        return tr("Paused");
    case State::Running:
        return tr("Running");
    case State::Suspended:
        return tr("Asleep");
    case State::Panicked:
        return tr("Crashed");
    case State::Stopped:
        return tr("Off");
    }
    return {};
}

bool MachineModel::alive() const
{
    return state() != State::Absent && state() != State::Stopped;
}

QString MachineModel::mediumPath() const
{
    return m_controller ? m_controller->medium() : QString();
}

QString MachineModel::mediumName() const
{
    return QFileInfo(mediumPath()).fileName();
}

QUrl MachineModel::discFolder() const
{
    const QString downloads = QStandardPaths::writableLocation(QStandardPaths::DownloadLocation);
    return QUrl::fromLocalFile(QFileInfo(downloads).isDir() ? downloads : QDir::homePath());
}

void MachineModel::togglePause()
{
    if (!alive())
        return;
    if (state() == State::Paused)
        m_controller->resume();
    else
        m_controller->pause();
}

void MachineModel::reset()
{
    if (alive())
        m_controller->reset();
}

void MachineModel::shutDown()
{
    if (!alive())
        return;
    m_controller->powerButton();
    emit notice(tr("The machine was asked to shut down"));
}

void MachineModel::forceOff()
{
    if (alive())
        m_controller->powerOff();
}

void MachineModel::sendKeys(const QString& chord)
{
    if (!alive())
        return;
    m_controller->display()->expectChange();
    m_controller->sendKeys(chord);
}

void MachineModel::sendFunctionKey(int number)
{
    sendKeys(QStringLiteral("ctrl-alt-f%1").arg(std::clamp(number, 1, 12)));
}

QString MachineModel::screenshotPath(const QString& folder, const QString& machine)
{
    const QString time =
        QDateTime::currentDateTime().toString(QStringLiteral("yyyy-MM-dd HH-mm-ss"));
    const QString stem =
        QDir(folder).filePath(QStringLiteral("%1 %2").arg(fileNamePart(machine), time));
    QString path = stem + QStringLiteral(".png");
    for (int number = 2; QFileInfo::exists(path); ++number)
        path = QStringLiteral("%1 (%2).png").arg(stem).arg(number);
    return path;
}

void MachineModel::takeScreenshot()
{
    if (!m_controller)
        return;
    const QString folder = QStandardPaths::writableLocation(QStandardPaths::PicturesLocation);
    if (!QDir().mkpath(folder)) {
        emit notice(tr("%1: the folder cannot be created").arg(folder));
        return;
    }
    m_controller->screenshot(screenshotPath(folder, name()));
}

void MachineModel::insertMedium(const QUrl& file)
{
    if (!alive())
        return;
    if (!file.isLocalFile()) {
        emit notice(tr("Only files of this computer can be inserted"));
        return;
    }
    m_controller->insertMedium(file.toLocalFile());
}

void MachineModel::ejectMedium()
{
    if (alive())
        m_controller->ejectMedium();
}

// --- closing ---

bool MachineModel::requestClose()
{
    if (!alive())
        return true;
    if (m_ending == Ending::No)
        m_controller->askOnClose();
    return false;
}

void MachineModel::closeAs(MachineController::OnClose what)
{
    using OnClose = MachineController::OnClose;
    if (!alive())
        return;
    switch (what) {
    case OnClose::AskToTurnOff:
        emit turnOffQuestion();
        return;
    case OnClose::Hide:
        emit hideRequested();
        return;
    case OnClose::Suspend:
        suspend();
        return;
    case OnClose::ShutDown:
        shutDownToClose();
        return;
    case OnClose::AskToKeep:
        emit keepQuestion(false);
        return;
    }
}

void MachineModel::shutDownToClose()
{
    setEnding(Ending::ShuttingDown);
    m_patience.start();
    if (state() == State::Paused) // it can only follow when it runs
        m_controller->resume();
    m_controller->powerButton();
}

void MachineModel::suspend()
{
    if (!alive() || m_ending != Ending::No)
        return;
    setEnding(Ending::Suspending);
    m_controller->suspend();
}

void MachineModel::setSuspending(bool active)
{
    if (active && m_ending != Ending::Suspending)
        setEnding(Ending::Suspending);
    else if (!active && m_ending == Ending::Suspending)
        setEnding(Ending::No);
}

void MachineModel::cancelSuspend()
{
    if (m_controller && m_ending == Ending::Suspending)
        m_controller->cancelSuspend();
}

void MachineModel::stayOpen()
{
    if (m_ending == Ending::ShuttingDown || m_ending == Ending::DoesNotReact)
        setEnding(Ending::No);
}

void MachineModel::keep()
{
    if (!m_controller)
        return;
    m_closing = true;
    m_controller->keep();
}

void MachineModel::discard()
{
    if (m_controller)
        m_controller->discard();
}

void MachineModel::startAfresh()
{
    if (!m_canStartAfresh)
        return;
    setFailure({}, {});
    emit startAfreshRequested();
}

void MachineModel::setEnding(Ending ending, int percent)
{
    if (ending != Ending::ShuttingDown)
        m_patience.stop();
    m_ending = ending;
    m_suspendPercent = percent;
    emit endingChanged();
}

// --- the clipboard ---

void MachineModel::typeClipboard()
{
    if (!alive() || m_typing)
        return;
    QString text = QGuiApplication::clipboard()->text();
    if (text.isEmpty()) {
        emit notice(tr("There is no text in the clipboard"));
        return;
    }
    text.replace(QLatin1String("\r\n"), QLatin1String("\n"));
    setTyping(true);
    m_controller->display()->expectChange();
    m_controller->typeText(text);
}

void MachineModel::cancelTyping()
{
    if (m_controller && m_typing)
        m_controller->cancelTyping();
}

void MachineModel::setTyping(bool typing)
{
    if (typing == m_typing)
        return;
    m_typing = typing;
    emit typingChanged();
}

bool MachineModel::acceptsDrop(const QList<QUrl>& urls) const
{
    static const QStringList kEndings = {QStringLiteral(".iso"), QStringLiteral(".img"),
                                         QStringLiteral(".cdr")};
    if (!alive() || urls.size() != 1 || !urls.first().isLocalFile())
        return false;
    const QString path = urls.first().toLocalFile();
    return std::any_of(kEndings.begin(), kEndings.end(), [&path](const QString& ending) {
        return path.endsWith(ending, Qt::CaseInsensitive);
    });
}

void MachineModel::drop(const QList<QUrl>& urls)
{
    if (acceptsDrop(urls))
        insertMedium(urls.first());
    else if (alive())
        emit notice(tr("Drop one disc image, such as an .iso file, to insert it"));
}

} // namespace ui::models
