// SPDX-License-Identifier: GPL-3.0-or-later
// Downloader: media from http(s) servers into a cache the person can see and empty.
#pragma once

#include <memory>

#include <QObject>
#include <QString>
#include <QUrl>

class QNetworkAccessManager;

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

/// Makes downloads. GUI thread. Files lie in $XDG_CACHE_HOME/vitrine/downloads (never on tmpfs: the
/// person is told where else to put it), unfinished ones as NAME.part with what is needed to go on.
class Downloader : public QObject {
    Q_OBJECT
public:
    explicit Downloader(QObject* parent = nullptr);
    explicit Downloader(const QString& folder, QObject* parent = nullptr);
    ~Downloader() override;

    /// `sha256`: hexadecimal, or empty. The same address twice is one download. A file that is
    /// there already and unchanged is finished at once.
    std::shared_ptr<Download> get(const QUrl& url, const QString& sha256 = {});

    QString folder() const { return m_folder; }
    qint64 bytesInCache() const;
    void emptyCache();

private:
    const QString m_folder;
    std::unique_ptr<QNetworkAccessManager> m_network;
};

} // namespace app::download
