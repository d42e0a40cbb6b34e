// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/preferences_forwards.h"

#include <algorithm>

#include <QRegularExpression>

namespace ui::models {

namespace {

QString bracketed(const QString& address)
{
    return address.contains(QLatin1Char(':')) ? QStringLiteral("[%1]").arg(address) : address;
}

QString unbracketed(QString address)
{
    return address.remove(QLatin1Char('[')).remove(QLatin1Char(']'));
}

} // namespace

bool ForwardRule::open() const
{
    return !hostAddress.startsWith(QLatin1String("127.")) && hostAddress != QLatin1String("::1");
}

QString ForwardRule::text() const
{
    return QStringLiteral("%1:%2:%3-%4:%5")
        .arg(udp ? QStringLiteral("udp") : QStringLiteral("tcp"), bracketed(hostAddress))
        .arg(hostPort)
        .arg(bracketed(guestAddress))
        .arg(guestPort);
}

std::optional<int> portFrom(const QString& text)
{
    constexpr int kMost = 65535;
    bool good = false;
    const int port = text.trimmed().toInt(&good);
    return good && port >= 1 && port <= kMost ? std::optional(port) : std::nullopt;
}

std::optional<ForwardRule> forwardRuleFrom(const QString& text)
{
    static const QRegularExpression kShort(QStringLiteral("^(\\d{1,5}):(\\d{1,5})$"));
    static const QRegularExpression kLong(
        QStringLiteral("^(?:(tcp|udp):)?(?:(\\[[0-9a-fA-F:.]+\\]|[0-9.]+)?:)?(\\d{1,5})"
                       "-(?:(\\[[0-9a-fA-F:.]+\\]|[0-9.]+)?:)?(\\d{1,5})$"));
    ForwardRule rule;
    if (const auto match = kShort.match(text); match.hasMatch()) {
        rule.hostPort = match.captured(1).toInt();
        rule.guestPort = match.captured(2).toInt();
        return rule;
    }
    const auto match = kLong.match(text);
    if (!match.hasMatch())
        return std::nullopt;
    rule.udp = match.captured(1) == QLatin1String("udp");
    if (!match.captured(2).isEmpty())
        rule.hostAddress = unbracketed(match.captured(2));
    rule.hostPort = match.captured(3).toInt();
    rule.guestAddress = unbracketed(match.captured(4));
    rule.guestPort = match.captured(5).toInt();
    return rule;
}

void ForwardList::show(const QStringList& rules)
{
    if (rules == m_rules)
        return;
    beginResetModel();
    m_rules = rules;
    endResetModel();
    emit countChanged();
}

bool ForwardList::taken(int port, bool udp) const
{
    return std::any_of(m_rules.begin(), m_rules.end(), [&](const QString& text) {
        const auto rule = forwardRuleFrom(text);
        return rule && rule->hostPort == port && rule->udp == udp;
    });
}

std::optional<ForwardRule> ForwardList::toGuestPort(int port) const
{
    for (const QString& text : m_rules) {
        const auto rule = forwardRuleFrom(text);
        if (rule && rule->guestPort == port && !rule->udp && rule->hostPort != 0)
            return rule;
    }
    return std::nullopt;
}

int ForwardList::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : count();
}

QVariant ForwardList::data(const QModelIndex& index, int role) const
{
    if (index.row() < 0 || index.row() >= m_rules.size())
        return {};
    const QString& text = m_rules.at(index.row());
    const auto rule = forwardRuleFrom(text);
    if (role == RuleRole || !rule)
        return role == OpenRole ? QVariant(false) : QVariant(text);
    switch (role) {
    case ProtocolRole:
        return rule->udp ? QStringLiteral("UDP") : QStringLiteral("TCP");
    case HostPortRole:
        return rule->hostPort == 0 ? tr("Any") : QString::number(rule->hostPort);
    case GuestPortRole:
        return QString::number(rule->guestPort);
    case OpenRole:
        return rule->open();
    case SentenceRole:
        return tr("Port %1 of this computer leads to port %2 of the machine, %3")
            .arg(data(index, HostPortRole).toString(), data(index, GuestPortRole).toString(),
                 data(index, ProtocolRole).toString());
    default:
        return {};
    }
}

QHash<int, QByteArray> ForwardList::roleNames() const
{
    return {{RuleRole, "rule"},           {ProtocolRole, "protocol"}, {HostPortRole, "hostPort"},
            {GuestPortRole, "guestPort"}, {OpenRole, "open"},         {SentenceRole, "sentence"}};
}

} // namespace ui::models
