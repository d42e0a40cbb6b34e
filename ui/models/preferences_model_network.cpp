// SPDX-License-Identifier: GPL-3.0-or-later
// PreferencesModel: the network of the first card.
#include "ui/models/preferences_model.h"

#include <QDir>
#include <QFile>
#include <linux/if_tun.h>

namespace ui::models {

namespace {

using vmm::spec::NicKind;
using vmm::spec::NicSpec;

QString text(const std::string& bytes)
{
    return QString::fromStdString(bytes);
}

/// Linux Documentation/networking/tuntap.rst: tun_flags, in hexadecimal.
bool isTap(const QString& interface)
{
    QFile file(QStringLiteral("/sys/class/net/%1/tun_flags").arg(interface));
    return file.open(QIODevice::ReadOnly) &&
           (file.readAll().trimmed().toInt(nullptr, 0) & IFF_TAP) != 0;
}

} // namespace

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
        return; // those two need more than a word: an interface, a socket
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

void PreferencesModel::useTap(const QString& interface)
{
    if (!interface.isEmpty())
        editNic([&interface](NicSpec& card) {
            card.kind = NicKind::Tap;
            card.tapInterface = interface.toStdString();
        });
}

QString PreferencesModel::tapInterface() const
{
    return nic() ? text(nic()->tapInterface) : QString();
}

QStringList PreferencesModel::tapInterfaces() const
{
    QStringList found = QDir(QStringLiteral("/sys/class/net"))
                            .entryList(QDir::AllEntries | QDir::NoDotAndDotDot, QDir::Name);
    found.removeIf([](const QString& name) { return !isTap(name); });
    if (network() == Network::Tap && !found.contains(tapInterface()))
        found.prepend(tapInterface());
    return found;
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

} // namespace ui::models
