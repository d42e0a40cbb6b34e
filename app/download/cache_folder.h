// SPDX-License-Identifier: GPL-3.0-or-later
// The folder downloads lie in, and what is written down about each.
#pragma once

#include <optional>

#include <QByteArray>
#include <QList>
#include <QString>
#include <QStringList>
#include <QUrl>

namespace app::download {

/// What is known of one download; kept in ".NAME.download" (JSON).
struct CacheEntry {
    QUrl url; ///< without user and password
    QString name;
    QByteArray etag;
    QByteArray lastModified;
    qint64 total = -1;
    bool complete = false;
    QByteArray sha256;   ///< hexadecimal; of a complete file
    qint64 bytes = 0;    ///< of a complete file, to see whether somebody changed it
    qint64 modified = 0; ///< likewise: milliseconds since 1970
};

/// One folder; holds nothing but its path. Any thread.
class CacheFolder {
public:
    explicit CacheFolder(QString path) : m_path(std::move(path)) {}

    /// The address as it is written down and compared.
    static QUrl plainUrl(const QUrl& url);

    std::optional<CacheEntry> find(const QUrl& url) const;
    QList<CacheEntry> entries() const;
    /// `wish`, or "wish (2)": no file or download has it.
    QString freeName(const QString& wish) const;
    /// Atomically; false when the disk refuses.
    bool save(const CacheEntry& entry) const;
    /// The files and the entry. With `keepActive`, not what a download is writing now.
    void remove(const CacheEntry& entry, bool keepActive) const;

    /// Only what is written down.
    void forget(const CacheEntry& entry) const;

    QString path(const CacheEntry& entry) const { return m_path + u'/' + entry.name; }
    QString partPath(const CacheEntry& entry) const
    {
        return path(entry) + QStringLiteral(".part");
    }
    qint64 bytesOnDisk(const CacheEntry& entry) const;
    /// It is all there, and as we left it.
    bool isWhole(const CacheEntry& entry) const { return entry.complete && isUntouched(entry); }
    /// The file is there and as we left it, though perhaps older than the entry.
    bool isUntouched(const CacheEntry& entry) const;

private:
    QString entryPath(const QString& name) const;
    std::optional<CacheEntry> read(const QString& fileName) const;

    QString m_path;
};

/// Whether files under `path`, or where it would be made, are in memory and gone after a restart
/// (tmpfs, ramfs).
bool liesInMemory(const QString& path);

/// The first of `places` that lies on a disk; empty when none does.
QString firstOnDisk(const QStringList& places);

} // namespace app::download
