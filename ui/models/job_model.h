// SPDX-License-Identifier: GPL-3.0-or-later
// JobModel: imports, clones and downloads under way, as rows.
#pragma once

#include <QAbstractListModel>
#include <QtQml/qqmlregistration.h>

#include "ui/models/library_controller.h"

namespace ui::models {

/// One row per job, in the order they were started. GUI thread. The controller outlives it.
class JobModel : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("The library makes it")
    Q_PROPERTY(int count READ count NOTIFY countChanged)
    /// Of all jobs together, 0 to 1; -1 when one of them does not know.
    Q_PROPERTY(double progress READ progress NOTIFY progressChanged)
public:
    /// In QML: jobId, title, progress (0 to 1, or -1), percent ("42 %", or empty).
    enum Role { IdRole = Qt::UserRole + 1, TitleRole, ProgressRole, PercentRole };

    explicit JobModel(LibraryController& controller, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;
    int count() const { return rowCount(); }
    double progress() const;

    Q_INVOKABLE void cancel(const QString& job);

signals:
    void countChanged();
    void progressChanged();

private:
    void take();
    void dropMissing(const QList<JobSummary>& now);
    int rowOf(const QString& job) const;

    LibraryController& m_controller;
    QList<JobSummary> m_jobs;
};

} // namespace ui::models
