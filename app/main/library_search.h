// SPDX-License-Identifier: GPL-3.0-or-later
// LibrarySearch: machines found by the desktop's own search (org.gnome.Shell.SearchProvider2 and
// org.kde.krunner1).
#pragma once

#include <QDBusConnection>
#include <QObject>
#include <QString>
#include <QStringList>

#include "ui/models/library_controller.h"

namespace app::main {

/// Answers the desktop's searches on /org/vitrine/Vitrine/SearchProvider and
/// /org/vitrine/Vitrine/Runner. GUI thread; outlived by the controller.
class LibrarySearch : public QObject {
    Q_OBJECT
public:
    LibrarySearch(ui::models::LibraryController& library, QDBusConnection bus);
    ~LibrarySearch() override;

    /// Ids of the machines whose name, system or groups hold every one of `terms`; those first
    /// whose name begins with the first one.
    QStringList find(const QStringList& terms) const;
    ui::models::LibraryController& library() const { return m_library; }

signals:
    /// Show all of the library.
    void libraryWanted();

private:
    ui::models::LibraryController& m_library;
    QDBusConnection m_bus;
    QObject m_gnome; ///< carries SearchProvider2
    QObject m_kde;   ///< carries krunner1
};

} // namespace app::main
