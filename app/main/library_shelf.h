// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryShelf: the bundles on the disk, looked at again whenever something changes there.
#pragma once

#include <filesystem>
#include <vector>

#include <QFileSystemWatcher>
#include <QHash>
#include <QMap>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QTimer>

#include "app/library/library.h"
#include "app/main/library_errands.h"

namespace app::main {

/// Which folders a library is made of; a test has its own.
struct LibraryPlace {
    std::filesystem::path home = library::Library::defaultHome();
    std::filesystem::path settings = library::Library::defaultSettings();

    vmm::Result<library::Library> open() const { return library::Library::open(home, settings); }
};

/// One bundle as it lies there.
struct ShelfMachine {
    library::MachineEntry entry;
    quint64 diskBytes = 0;
    qint64 pictureTime = 0; ///< when thumbnail.png was written, milliseconds since 1970; 0: none
    qint64 configTime = 0;  ///< as that, of machine.toml
};

/// What is on the shelf, by id; a broken bundle's id is its path, unless its own was known. GUI
/// thread; the disk is read on another.
class LibraryShelf : public QObject {
    Q_OBJECT
public:
    explicit LibraryShelf(LibraryPlace place, QObject* parent = nullptr);
    ~LibraryShelf() override;

    const LibraryPlace& place() const { return m_place; }
    const QMap<QString, ShelfMachine>& machines() const { return m_machines; }
    const QStringList& folders() const { return m_folders; }
    /// Looks again soon; several wishes at once are one.
    void refresh();

signals:
    /// The disk has been looked at; every time, whether something changed or not.
    void listed();
    /// The folders, or the list of them, cannot be read: one sentence, once for each reason.
    void failed(const QString& sentence);

private:
    struct Listing {
        QMap<QString, ShelfMachine> machines;
        QStringList folders;
        QString problem;  ///< nothing else is known then
        QString settings; ///< what is wrong with the list of folders
    };
    QHash<QString, QString> knownIds() const;
    static Listing look(const LibraryPlace& place, const QHash<QString, QString>& ids);
    void lookNow();
    void take(Listing listing);
    void watch();

    const LibraryPlace m_place;
    QMap<QString, ShelfMachine> m_machines;
    QStringList m_folders;
    QString m_told; ///< of the list of folders
    QFileSystemWatcher m_watcher;
    QTimer m_soon;
    bool m_looking = false;
    bool m_again = false;
    Errands m_errands{1}; // last: its thread is waited for first
};

} // namespace app::main
