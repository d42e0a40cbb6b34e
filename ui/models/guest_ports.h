// SPDX-License-Identifier: GPL-3.0-or-later
// GuestPorts: what a running guest listens on, and a forward to each by one press.
#pragma once

#include <functional>
#include <optional>

#include <QAbstractListModel>
#include <QList>
#include <QPointer>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <QtQml/qqmlregistration.h>

#include "ui/models/library_controller.h"
#include "ui/models/preferences_forwards.h"

namespace ui::models {

/// A port the guest listens on. Plain data.
struct GuestPort {
    QString address; ///< the guest's
    int port = 0;
    QString service; ///< "ssh", or empty

    bool operator==(const GuestPort&) const = default;
    /// From "10.0.2.15:22 ssh".
    static std::optional<GuestPort> from(const QString& text);
};

/// Rows of ports, ascending, asked for every few seconds while somebody looks. GUI thread.
class GuestPorts : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(ui::models::LibraryController* controller READ controller WRITE setController NOTIFY
                   targetChanged)
    Q_PROPERTY(QString machine READ machine WRITE setMachine NOTIFY targetChanged)
    /// The machine's forwards: what leads to a port already.
    Q_PROPERTY(
        ui::models::ForwardList* forwards READ forwards WRITE setForwards NOTIFY targetChanged)
    /// Somebody looks, and the machine runs.
    Q_PROPERTY(bool active READ active WRITE setActive NOTIFY activeChanged)
    Q_PROPERTY(int count READ count NOTIFY told)
    /// Why there are no rows, in a sentence; empty: there are.
    Q_PROPERTY(QString emptyText READ emptyText NOTIFY told)
public:
    enum Role {
        LabelRole = Qt::UserRole + 1, ///< "22 (ssh)"
        PortRole,
        /// "127.0.0.1:2222", which leads there; empty: nothing does.
        HereRole,
        /// For screen readers.
        SentenceRole,
    };

    explicit GuestPorts(QObject* parent = nullptr);

    LibraryController* controller() const { return m_controller; }
    void setController(LibraryController* controller);
    QString machine() const { return m_machine; }
    void setMachine(const QString& machine);
    ForwardList* forwards() const { return m_forwards; }
    void setForwards(ForwardList* forwards);
    bool active() const { return m_active; }
    void setActive(bool active);
    int count() const { return static_cast<int>(m_ports.size()); }
    QString emptyText() const;

    /// Adds a forward from a free port of this computer, for its own programs only. An empty answer
    /// means that it was passed on; else it says what is wrong.
    Q_INVOKABLE QString forward(int row);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    void targetChanged();
    void activeChanged();
    void told();

private:
    void retarget();
    void ask();
    void take(const QString& id, const QStringList& ports, const QString& problem);
    void show(const QList<GuestPort>& ports);
    void showForwards();

    QPointer<LibraryController> m_controller;
    QPointer<ForwardList> m_forwards;
    QString m_machine;
    bool m_active = false;
    bool m_asked = false; ///< without an answer so far
    bool m_told = false;  ///< there was one
    QString m_problem;
    QList<GuestPort> m_ports;
    QTimer m_pause; ///< until the next question
};

/// The port of this computer to lead to `port`: 2222 for 22, 8080 for 80, the same where that needs
/// no right, or one of those that follow; nothing when `free` says no to all of them.
std::optional<int> hostPortFor(int port, const std::function<bool(int)>& free);

} // namespace ui::models
