// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/download/part_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <QDateTime>
#include <QFile>
#include <QFileInfo>
#include <QLocale>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace app::download {

namespace {

constexpr qsizetype kBlock = qsizetype{1} << 20;

QString inWords(qint64 bytes)
{
    return QLocale().formattedDataSize(bytes, 1, QLocale::DataSizeSIFormat);
}

QString reason(int number)
{
    return QString::fromLocal8Bit(std::strerror(number));
}

qint64 freeBytes(const QString& path)
{
    struct statvfs facts = {};
    if (::statvfs(QFile::encodeName(path), &facts) != 0)
        return INT64_MAX; // the write will tell
    return static_cast<qint64>(facts.f_bavail * facts.f_frsize);
}

/// Without replacing a file, unless it is the older version of this one.
bool rename(const QByteArray& from, const QByteArray& to, bool replace)
{
    if (!replace && ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (!replace && errno != EINVAL) // EINVAL: this file system cannot promise it
        return false;
    if (!replace && ::access(to, F_OK) == 0) {
        errno = EEXIST;
        return false;
    }
    return ::rename(from, to) == 0;
}

} // namespace

QString PartFile::open(const CacheFolder& folder, const CacheEntry& entry,
                       const std::function<bool()>& goOn)
{
    m_folder = folder;
    m_path = folder.partPath(entry);
    m_target = folder.path(entry);
    m_fd.reset(::open(QFile::encodeName(m_path), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                      S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH));
    if (!m_fd.valid())
        return writeSentence(errno);
    if (::flock(m_fd.get(), LOCK_EX | LOCK_NB) != 0) {
        m_fd.reset();
        return tr("%1 is being downloaded already.").arg(entry.name);
    }
    return addUp(goOn);
}

QString PartFile::addUp(const std::function<bool()>& goOn)
{
    m_hash.reset();
    m_bytes = 0;
    QByteArray block(kBlock, Qt::Uninitialized);
    while (true) {
        const ssize_t count =
            ::pread(m_fd.get(), block.data(), static_cast<size_t>(kBlock), m_bytes);
        if (count < 0)
            return tr("%1 cannot be read: %2.").arg(m_path, reason(errno));
        if (count == 0)
            return {};
        m_hash.addData(QByteArrayView(block.constData(), count));
        m_bytes += count;
        if (!goOn()) {
            m_fd.reset();
            return {};
        }
    }
}

QString PartFile::append(const QByteArray& data)
{
    qsizetype written = 0;
    while (written < data.size()) {
        const ssize_t count =
            ::pwrite(m_fd.get(), data.constData() + written,
                     static_cast<size_t>(data.size() - written), m_bytes + written);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            return writeSentence(count < 0 ? errno : EIO); // what did get there is right
        }
        written += count;
    }
    m_hash.addData(data);
    m_bytes += data.size();
    return {};
}

QString PartFile::clear()
{
    if (::ftruncate(m_fd.get(), 0) != 0)
        return writeSentence(errno);
    m_hash.reset();
    m_bytes = 0;
    return {};
}

QString PartFile::checkRoom(qint64 missing) const
{
    const QString folder = QFileInfo(m_path).path();
    const qint64 left = freeBytes(folder);
    if (left >= missing)
        return {};
    return tr("There is not enough room on %1: %2 needed, %3 free.")
        .arg(folder, inWords(missing), inWords(left));
}

QString PartFile::finish(CacheEntry& entry)
{
    if (::fsync(m_fd.get()) != 0)
        return writeSentence(errno);
    const bool older = m_folder.isUntouched(entry);
    if (!older && QFileInfo::exists(m_target)) {
        // Somebody put another file there meanwhile.
        m_folder.forget(entry);
        entry.name = m_folder.freeName(entry.name);
        m_target = m_folder.path(entry);
    }
    if (!rename(QFile::encodeName(m_path), QFile::encodeName(m_target), older))
        return writeSentence(errno);
    const QFileInfo file(m_target);
    entry.complete = true;
    entry.bytes = m_bytes;
    entry.total = m_bytes;
    entry.sha256 = sha256();
    entry.modified = file.lastModified().toMSecsSinceEpoch();
    if (!m_folder.save(entry))
        return tr("%1 cannot be written to.").arg(file.path());
    const vmm::UniqueFd parent(
        ::open(QFile::encodeName(file.path()), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    (void)::fsync(parent.get()); // the content is safe; the name at worst is found again
    m_fd.reset();
    return {};
}

void PartFile::discard(const CacheEntry& entry)
{
    m_folder.remove(entry, false);
    m_fd.reset();
}

QString PartFile::writeSentence(int number) const
{
    const QString folder = QFileInfo(m_path).path();
    if (number == ENOSPC || number == EDQUOT)
        return tr("There is not enough room on %1: %2 free.")
            .arg(folder, inWords(freeBytes(folder)));
    if (number == EFBIG)
        return tr("%1 cannot hold files that large: choose another disk.").arg(folder);
    return tr("%1 cannot be written: %2.").arg(m_path, reason(number));
}

} // namespace app::download
