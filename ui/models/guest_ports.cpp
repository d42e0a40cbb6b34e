// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/guest_ports.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <QRegularExpression>
#include <QScopeGuard>

namespace ui::models {

namespace {

constexpr int kMostPorts = 64;
constexpr int kFirstUnprivileged = 1024;

/// Nobody else of this computer listens there: asked as who opens the forward asks.
bool freeHere(int port)
{
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0)
        return false;
    const auto closed = qScopeGuard([socket] { ::close(socket); });
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    return ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// What a program of this computer connects to.
QString hereOf(const ForwardRule& rule)
{
    const bool six = rule.hostAddress.contains(QLatin1Char(':'));
    return QStringLiteral("%1:%2")
        .arg(six ? QStringLiteral("[::1]") : QStringLiteral("127.0.0.1"))
        .arg(rule.hostPort);
}

} // namespace

std::optional<GuestPort> GuestPort::from(const QString& text)
{
    static const QRegularExpression kForm(
        QStringLiteral("^(\\d{1,3}(?:\\.\\d{1,3}){3}):(\\d{1,5})(?: ([a-z0-9-]{1,32}))?$"));
    const auto match = kForm.match(text);
    const auto port = match.hasMatch() ? portFrom(match.captured(2)) : std::nullopt;
    if (!port)
        return std::nullopt;
    return GuestPort{match.captured(1), *port, match.captured(3)};
}

std::optional<int> hostPortFor(int port, const std::function<bool(int)>& free)
{
    constexpr int kSsh = 22;
    constexpr int kUsualSsh = 2222;
    constexpr int kShift = 8000;
    constexpr int kTries = 50;
    constexpr int kMost = 65535;
    const int first = port == kSsh ? kUsualSsh : port < kFirstUnprivileged ? port + kShift : port;
    for (int candidate = first; candidate < first + kTries && candidate <= kMost; ++candidate)
        if (free(candidate))
            return candidate;
    return std::nullopt;
}

GuestPorts::GuestPorts(QObject* parent) : QAbstractListModel(parent)
{
    constexpr int kPause = 5000; // milliseconds
    m_pause.setSingleShot(true);
    m_pause.setInterval(kPause);
    connect(&m_pause, &QTimer::timeout, this, &GuestPorts::ask);
}

void GuestPorts::setController(LibraryController* controller)
{
    if (controller == m_controller)
        return;
    if (m_controller)
        disconnect(m_controller, nullptr, this, nullptr);
    m_controller = controller;
    if (controller)
        connect(controller, &LibraryController::portsTold, this, &GuestPorts::take);
    retarget();
}

void GuestPorts::setMachine(const QString& machine)
{
    if (machine == m_machine)
        return;
    m_machine = machine;
    retarget();
}

void GuestPorts::setForwards(ForwardList* forwards)
{
    if (forwards == m_forwards)
        return;
    if (m_forwards)
        disconnect(m_forwards, nullptr, this, nullptr);
    m_forwards = forwards;
    if (forwards)
        connect(forwards, &ForwardList::modelReset, this, &GuestPorts::showForwards);
    showForwards();
    emit targetChanged();
}

void GuestPorts::setActive(bool active)
{
    if (active == m_active)
        return;
    m_active = active;
    retarget(); // what was told before is no news
    emit activeChanged();
}

void GuestPorts::retarget()
{
    m_pause.stop();
    m_asked = m_told = false;
    m_problem.clear();
    show({});
    ask();
    emit targetChanged();
}

void GuestPorts::ask()
{
    if (!m_active || !m_controller || m_machine.isEmpty() || m_asked)
        return;
    m_asked = true;
    m_controller->askPorts(m_machine);
}

void GuestPorts::take(const QString& id, const QStringList& ports, const QString& problem)
{
    if (!m_active || id != m_machine)
        return;
    m_asked = false;
    m_told = true;
    m_problem = problem;
    if (!m_problem.isEmpty()) // it stands for itself in a row
        m_problem[0] = m_problem.at(0).toUpper();
    QList<GuestPort> all;
    for (const QString& text : ports.first(std::min<qsizetype>(ports.size(), kMostPorts)))
        if (const auto port = GuestPort::from(text))
            all << *port;
    show(all);
    m_pause.start();
}

/// Rows stay as they are while nothing changes, and with them the keyboard's place.
void GuestPorts::show(const QList<GuestPort>& ports)
{
    if (ports != m_ports) {
        beginResetModel();
        m_ports = ports;
        endResetModel();
    }
    emit told();
}

void GuestPorts::showForwards()
{
    if (!m_ports.isEmpty())
        emit dataChanged(index(0), index(count() - 1), {HereRole, SentenceRole});
}

QString GuestPorts::emptyText() const
{
    if (!m_ports.isEmpty())
        return {};
    if (!m_told)
        return tr("Asking the guest…");
    return m_problem.isEmpty() ? tr("None of the usual ports") : m_problem;
}

QString GuestPorts::forward(int row)
{
    if (row < 0 || row >= count() || !m_controller)
        return {};
    if (m_forwards && m_forwards->count() >= static_cast<int>(vmm::spec::NicSpec::kMaxForwards))
        return tr("A machine has at most %1 forwards").arg(vmm::spec::NicSpec::kMaxForwards);
    const GuestPort& guest = m_ports.at(row);
    const auto here = hostPortFor(guest.port, [this](int port) {
        return (!m_forwards || !m_forwards->taken(port, false)) && freeHere(port);
    });
    if (!here)
        return tr("No free port of this computer was found for port %1").arg(guest.port);
    ForwardRule rule;
    rule.hostPort = *here;
    rule.guestAddress = guest.address;
    rule.guestPort = guest.port;
    m_controller->addForward(m_machine, rule.text());
    return {};
}

int GuestPorts::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant GuestPorts::data(const QModelIndex& index, int role) const
{
    if (index.row() < 0 || index.row() >= m_ports.size())
        return {};
    const GuestPort& guest = m_ports.at(index.row());
    const auto rule = m_forwards ? m_forwards->toGuestPort(guest.port) : std::nullopt;
    const QString title = guest.service.isEmpty()
                              ? QString::number(guest.port)
                              : tr("%1 (%2)").arg(guest.port).arg(guest.service);
    switch (role) {
    case LabelRole:
        return title;
    case PortRole:
        return guest.port;
    case HereRole:
        return rule ? hereOf(*rule) : QString();
    case SentenceRole:
        return rule ? tr("The guest listens on port %1; port %2 of this computer leads there")
                          .arg(title)
                          .arg(rule->hostPort)
                    : tr("The guest listens on port %1").arg(title);
    default:
        return {};
    }
}

QHash<int, QByteArray> GuestPorts::roleNames() const
{
    return {
        {LabelRole, "label"}, {PortRole, "port"}, {HereRole, "here"}, {SentenceRole, "sentence"}};
}

} // namespace ui::models
