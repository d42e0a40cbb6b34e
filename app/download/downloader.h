// SPDX-License-Identifier: GPL-3.0-or-later
// Downloader: media from http(s) servers into a cache the person can see and empty (RFC 9110).
#pragma once

#include <memory>

#include <QHash>
#include <QList>
#include <QObject>
#include <QString>
#include <QUrl>

namespace app::download {

/// One download: resumed where it broke off, checked, cancellable. Emits on the thread it lives on.
class Download : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;
    ~Download() override;
    /// Gives up; what was loaded stays for a later try.
    virtual void cancel() = 0;

signals:
    /// `total` -1: the server does not say.
    void progress(qint64 received, qint64 total);
    /// The whole file, checked, at `path`.
    void finished(const QString& path);
    /// One sentence; also for Cancelled.
    void failed(const QString& sentence);
};

/// How long a server is waited for.
struct Patience {
    int stallMs = 30000;     ///< nothing came for that long: the connection counts as broken
    int firstPauseMs = 1000; ///< before trying again; doubled each time
    int longestPauseMs = 30000;
    int tries = 6; ///< in a row without getting anywhere
};

/// A file in the cache.
struct CachedFile {
    QString path; ///< of an unfinished one: where it will be
    QUrl url;
    qint64 bytes = 0;
    bool complete = false;
};

/// Makes downloads. GUI thread; the work is done on a thread for each. Files lie in
/// $XDG_CACHE_HOME/vitrine/downloads (never in memory: another place is taken then, see notice()),
/// unfinished ones as NAME.part; ".NAME.download" holds what is needed to go on and to know whether
/// a file is still the server's.
class Downloader : public QObject {
    Q_OBJECT
public:
    explicit Downloader(QObject* parent = nullptr);
    explicit Downloader(const QString& folder, QObject* parent = nullptr);
    ~Downloader() override;

    /// `sha256`: hexadecimal, or empty. The same address twice is one download. A file that is
    /// there already and unchanged is finished at once; one without a sum to compare is asked for
    /// at the server. Its signals come later, never during the call. Goes on, whoever holds it,
    /// until it is finished, has failed, was cancelled, or the Downloader is gone.
    std::shared_ptr<Download> get(const QUrl& url, const QString& sha256 = {});

    QString folder() const { return m_folder; }
    /// Why files are not where they are expected to be; empty when they are.
    QString notice() const { return m_notice; }

    void setPatience(const Patience& patience) { m_patience = patience; }

    QList<CachedFile> cachedFiles() const;
    qint64 bytesInCache() const;
    /// Removes what was downloaded; a download under way goes on. Touches nothing that is not ours.
    void emptyCache();

private:
    void forget(const QString& key);

    QString m_folder;
    QString m_notice;
    Patience m_patience;
    QHash<QString, std::shared_ptr<Download>> m_running;
};

} // namespace app::download
