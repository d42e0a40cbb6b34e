// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/download/cache_folder.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>

#include "vmm/base/unique_fd.h"

namespace app::download {

namespace {

using namespace Qt::StringLiterals;

constexpr qint64 kMaxEntryBytes = 64 * 1024;
constexpr qsizetype kMaxEntries = 10000;
constexpr auto kEntryEnding = ".download"_L1;

QByteArray bytesIn(const QJsonObject& object, QLatin1StringView key)
{
    return object.value(key).toString().toLatin1();
}

qint64 numberIn(const QJsonObject& object, QLatin1StringView key, qint64 otherwise)
{
    return object.value(key).toInteger(otherwise);
}

/// A running download holds the lock of its unfinished file.
bool isActive(const QString& partPath)
{
    const vmm::UniqueFd part(
        ::open(QFile::encodeName(partPath), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    return part.valid() && ::flock(part.get(), LOCK_EX | LOCK_NB) != 0;
}

} // namespace

QUrl CacheFolder::plainUrl(const QUrl& url)
{
    return url.adjusted(QUrl::RemoveUserInfo | QUrl::RemoveFragment);
}

QString CacheFolder::entryPath(const QString& name) const
{
    return m_path + "/."_L1 + name + kEntryEnding;
}

std::optional<CacheEntry> CacheFolder::read(const QString& fileName) const
{
    QFile file(m_path + u'/' + fileName);
    if (QFileInfo(file).isSymLink() || !file.open(QIODevice::ReadOnly))
        return std::nullopt;
    const QJsonObject object = QJsonDocument::fromJson(file.read(kMaxEntryBytes)).object();
    CacheEntry entry;
    entry.url = QUrl(object.value("url"_L1).toString(), QUrl::StrictMode);
    // The entry's own name says which file it is about, not its content: that stays in this folder.
    entry.name = fileName.mid(1, fileName.size() - 1 - kEntryEnding.size());
    if (!entry.url.isValid() || entry.name.isEmpty())
        return std::nullopt;
    entry.etag = bytesIn(object, "etag"_L1);
    entry.lastModified = bytesIn(object, "lastModified"_L1);
    entry.total = numberIn(object, "total"_L1, -1);
    entry.complete = object.value("complete"_L1).toBool();
    entry.sha256 = bytesIn(object, "sha256"_L1);
    entry.bytes = numberIn(object, "bytes"_L1, 0);
    entry.modified = numberIn(object, "modified"_L1, 0);
    return entry;
}

QList<CacheEntry> CacheFolder::entries() const
{
    QList<CacheEntry> found;
    const QStringList names =
        QDir(m_path).entryList({".*"_L1 + kEntryEnding}, QDir::Files | QDir::Hidden, QDir::Name);
    for (const QString& name : names.first(qMin(names.size(), kMaxEntries)))
        if (std::optional<CacheEntry> entry = read(name))
            found.append(*std::move(entry));
    return found;
}

std::optional<CacheEntry> CacheFolder::find(const QUrl& url) const
{
    const QUrl wanted = plainUrl(url);
    for (const CacheEntry& entry : entries())
        if (entry.url == wanted)
            return entry;
    return std::nullopt;
}

QString CacheFolder::freeName(const QString& wish) const
{
    const qsizetype dot = wish.lastIndexOf(u'.');
    const QString stem = dot > 0 ? wish.left(dot) : wish;
    const QString ending = dot > 0 ? wish.mid(dot) : QString();
    QString name = wish;
    for (int number = 2;
         QFileInfo::exists(m_path + u'/' + name) ||
         QFileInfo::exists(m_path + u'/' + name + ".part"_L1) || QFileInfo::exists(entryPath(name));
         ++number)
        name = u"%1 (%2)%3"_s.arg(stem, QString::number(number), ending);
    return name;
}

bool CacheFolder::save(const CacheEntry& entry) const
{
    const QJsonObject object = {
        {"url"_L1, entry.url.toString(QUrl::FullyEncoded)},
        {"etag"_L1, QString::fromLatin1(entry.etag)},
        {"lastModified"_L1, QString::fromLatin1(entry.lastModified)},
        {"total"_L1, entry.total},
        {"complete"_L1, entry.complete},
        {"sha256"_L1, QString::fromLatin1(entry.sha256)},
        {"bytes"_L1, entry.bytes},
        {"modified"_L1, entry.modified},
    };
    QSaveFile file(entryPath(entry.name));
    const QByteArray text = QJsonDocument(object).toJson();
    return file.open(QIODevice::WriteOnly) && file.write(text) == text.size() && file.commit();
}

void CacheFolder::remove(const CacheEntry& entry, bool keepActive) const
{
    if (keepActive && isActive(partPath(entry)))
        return;
    QFile::remove(partPath(entry));
    QFile::remove(path(entry));
    QFile::remove(entryPath(entry.name));
}

void CacheFolder::forget(const CacheEntry& entry) const
{
    QFile::remove(entryPath(entry.name));
}

qint64 CacheFolder::bytesOnDisk(const CacheEntry& entry) const
{
    return QFileInfo(path(entry)).size() + QFileInfo(partPath(entry)).size();
}

bool CacheFolder::isUntouched(const CacheEntry& entry) const
{
    const QFileInfo file(path(entry));
    return entry.bytes > 0 && file.isFile() && !file.isSymLink() && file.size() == entry.bytes &&
           file.lastModified().toMSecsSinceEpoch() == entry.modified;
}

bool liesInMemory(const QString& path)
{
    QString existing = QDir::cleanPath(QFileInfo(path).absoluteFilePath());
    while (!QFileInfo::exists(existing) && existing.size() > 1)
        existing = QFileInfo(existing).path();
    struct statfs facts = {};
    if (::statfs(QFile::encodeName(existing), &facts) != 0)
        return false;
    return facts.f_type == TMPFS_MAGIC || facts.f_type == RAMFS_MAGIC;
}

QString firstOnDisk(const QStringList& places)
{
    for (const QString& place : places)
        if (!place.isEmpty() && !liesInMemory(place))
            return place;
    return {};
}

} // namespace app::download
