// SPDX-License-Identifier: GPL-3.0-or-later
// CatalogueModel: the systems that can be downloaded.
#pragma once

#include <QAbstractListModel>
#include <QPointer>
#include <QtQml/qqmlregistration.h>

#include "ui/models/library_controller.h"

namespace ui::models {

/// The media of one system. Roles: title, kindText. GUI thread; owned by CatalogueModel.
class CatalogueVariants : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("The catalogue makes it")
    Q_PROPERTY(int count READ count NOTIFY countChanged)
public:
    enum Role { TitleRole = Qt::UserRole + 1, KindRole, HostRole };

    using QAbstractListModel::QAbstractListModel;

    void show(const QList<CatalogueEntry>& entries);
    int count() const { return static_cast<int>(m_entries.size()); }
    QUrl url(int row) const { return m_entries.value(row).url; }

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    void countChanged();

private:
    QList<CatalogueEntry> m_entries;
};

/// One row per system, found by what is typed: every word in its name, maker or variants. Systems
/// that get no updates any more come last. GUI thread; the controller reads the catalogue.
class CatalogueModel : public QAbstractListModel {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(ui::models::LibraryController* controller READ controller WRITE setController NOTIFY
                   controllerChanged)
    Q_PROPERTY(QString search READ search WRITE setSearch NOTIFY searchChanged)
    Q_PROPERTY(bool loading READ loading NOTIFY loadingChanged)
    /// Why there is nothing; empty: there is something, or nothing fits what is searched.
    Q_PROPERTY(QString problem READ problem NOTIFY loadingChanged)
    Q_PROPERTY(int count READ count NOTIFY countChanged)
    /// The row whose media are shown; -1: none.
    Q_PROPERTY(int current READ current WRITE setCurrent NOTIFY currentChanged)
    Q_PROPERTY(QString currentName READ currentName NOTIFY currentChanged)
    Q_PROPERTY(ui::models::CatalogueVariants* variants READ variants CONSTANT)
public:
    /// Names in QML are those of roleNames().
    enum Role {
        NameRole = Qt::UserRole + 1,
        LogoRole,
        VendorRole,
        NoteRole, ///< "Installer, released in 2023"
        EndOfLifeRole,
    };

    explicit CatalogueModel(QObject* parent = nullptr);

    LibraryController* controller() const { return m_controller; }
    void setController(LibraryController* controller);
    QString search() const { return m_search; }
    void setSearch(const QString& search);
    bool loading() const { return m_loading; }
    QString problem() const { return m_problem; }
    int count() const { return static_cast<int>(m_shown.size()); }
    int current() const { return m_current; }
    void setCurrent(int row);
    QString currentName() const;
    CatalogueVariants* variants() { return &m_variants; }

    /// Reads the catalogue when it has not been read.
    Q_INVOKABLE void load();
    /// Offers the medium of the current system to the controller, which downloads it.
    Q_INVOKABLE void choose(int variant);

    int rowCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;

signals:
    void controllerChanged();
    void searchChanged();
    void loadingChanged();
    void countChanged();
    void currentChanged();
    /// A medium was handed to the controller.
    void chosen(const QString& name);

private:
    struct System {
        QList<CatalogueEntry> media; ///< at least one
        QString words;               ///< what is searched
    };
    void take(const QList<CatalogueEntry>& entries, const QString& problem);
    void filter();
    const System* at(int row) const;

    QPointer<LibraryController> m_controller;
    QList<System> m_systems;
    QList<qsizetype> m_shown; ///< rows of m_systems
    QString m_search;
    QString m_problem;
    bool m_loading = false;
    int m_current = -1;
    CatalogueVariants m_variants;
};

} // namespace ui::models
