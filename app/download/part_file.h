// SPDX-License-Identifier: GPL-3.0-or-later
// The unfinished file of one download.
#pragma once

#include <functional>

#include <QByteArray>
#include <QCoreApplication>
#include <QCryptographicHash>
#include <QString>

#include "app/download/cache_folder.h"
#include "vmm/base/unique_fd.h"

namespace app::download {

/// NAME.part: grows, is added up meanwhile, and becomes NAME. Holds its lock, so that two programs
/// never write one file. Errors are sentences; an empty one is success. The download's thread only.
class PartFile {
    Q_DECLARE_TR_FUNCTIONS(app::download::PartFile)
public:
    /// Opens what is there or makes it, and adds it up. `goOn` is asked now and then; when it says
    /// no, the sentence is empty but isOpen() is false.
    QString open(const CacheFolder& folder, const CacheEntry& entry,
                 const std::function<bool()>& goOn);
    bool isOpen() const { return m_fd.valid(); }
    /// Lets go of it; what was loaded stays.
    void close() { m_fd.reset(); }

    qint64 bytes() const { return m_bytes; }
    QString append(const QByteArray& data);
    QString clear();
    /// Whether the rest fits on the disk.
    QString checkRoom(qint64 missing) const;
    QByteArray sha256() const { return m_hash.result().toHex(); }

    /// Everything to the disk, and under its own name; `entry` then describes the whole file.
    QString finish(CacheEntry& entry);
    /// Away with it and with what is known of it.
    void discard(const CacheEntry& entry);

private:
    QString writeSentence(int number) const;
    QString addUp(const std::function<bool()>& goOn);

    CacheFolder m_folder{QString()};
    QString m_path;
    QString m_target;
    vmm::UniqueFd m_fd;
    qint64 m_bytes = 0;
    QCryptographicHash m_hash{QCryptographicHash::Sha256};
};

} // namespace app::download
