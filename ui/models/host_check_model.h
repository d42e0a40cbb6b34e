// SPDX-License-Identifier: GPL-3.0-or-later
// HostCheckModel: what this computer can do for machines, and what to do about it.
#pragma once

#include <functional>

#include <QAbstractListModel>
#include <QByteArray>
#include <QList>
#include <QtQml/qqmlregistration.h>

class QProcess;

namespace ui::models {

/// One check, as `vitrine check-host --json` says it.
struct HostCheckRow {
    enum class Verdict { Good, Limited, Bad };
    QString title;
    QString finding;
    QString advice;
    Verdict verdict = Verdict::Good;
};

/// The "checks" of that program's answer; empty when it is none.
QList<HostCheckRow> hostChecksFrom(const QByteArray& json);

/// Runs this program's own `check-host` beside the window: measuring KVM takes a virtual machine,
/// which has no place in the library's process. GUI thread; never waits.
class HostCheckModel : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(bool checking READ checking NOTIFY changed)
    /// Why there are no checks; empty: there are, or nobody asked.
    Q_PROPERTY(QString problem READ problem NOTIFY changed)
    /// All is well, or how many things are not.
    Q_PROPERTY(QString summary READ summary NOTIFY changed)
    Q_PROPERTY(Verdict worst READ worst NOTIFY changed)
public:
    enum class Verdict { Good, Limited, Bad };
    Q_ENUM(Verdict)
    enum Role { TitleRole = Qt::UserRole + 1, FindingRole, AdviceRole, VerdictRole };

    explicit HostCheckModel(QObject* parent = nullptr);
    ~HostCheckModel() override;

    /// Another program than this one; for tests.
    void setProgram(const QString& program) { m_program = program; }

    bool checking() const { return m_process != nullptr; }
    QString problem() const { return m_problem; }
    QString summary() const;
    Verdict worst() const;

    Q_INVOKABLE void check();
    /// All of it as text, for a report to somebody who helps.
    Q_INVOKABLE void copyReport() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    void changed();

private:
    void take(const QList<HostCheckRow>& rows, const QString& problem);
    void finish();

    QString m_program;
    QProcess* m_process = nullptr;
    QList<HostCheckRow> m_rows;
    QString m_problem;
};

} // namespace ui::models
