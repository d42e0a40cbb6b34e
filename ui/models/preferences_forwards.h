// SPDX-License-Identifier: GPL-3.0-or-later
// Port forwards of a machine: rules as the configuration has them, and as people read them.
#pragma once

#include <optional>

#include <QAbstractListModel>
#include <QList>
#include <QString>
#include <QStringList>
#include <QtQml/qqmlregistration.h>

namespace ui::models {

/// One rule, "tcp:127.0.0.1:2222-10.0.2.15:22", taken apart.
struct ForwardRule {
    bool udp = false;
    QString hostAddress = QStringLiteral("127.0.0.1");
    int hostPort = 0; ///< 0: one that is free when the machine starts
    QString guestAddress;
    int guestPort = 0;

    /// Other computers may connect, not only programs of this one.
    bool open() const;
    QString text() const;
};

/// As vmm/spec/forward.h writes rules: protocol and addresses may be left out, IPv6 in brackets.
std::optional<ForwardRule> forwardRuleFrom(const QString& text);

/// A port as typed: 1 to 65535.
std::optional<int> portFrom(const QString& text);

/// Rows of forwards. Roles: rule, protocol ("TCP"), hostPort, guestPort, open. A rule nobody can
/// take apart is shown whole. GUI thread; owned by PreferencesModel.
class ForwardList : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("The preferences make it")
    Q_PROPERTY(int count READ count NOTIFY countChanged)
public:
    enum Role {
        RuleRole = Qt::UserRole + 1,
        ProtocolRole,
        HostPortRole,
        GuestPortRole,
        OpenRole,
        /// "Port 2222 of this computer leads to port 22 of the machine, TCP": for screen readers.
        SentenceRole,
    };

    using QAbstractListModel::QAbstractListModel;

    void show(const QStringList& rules);
    int count() const { return static_cast<int>(m_rules.size()); }
    /// The forward that takes `port` of this computer, if any.
    bool taken(int port, bool udp) const;
    /// The rule that leads to the guest's TCP port, if any.
    std::optional<ForwardRule> toGuestPort(int port) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    void countChanged();

private:
    QStringList m_rules;
};

} // namespace ui::models
