// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/download/downloader.h"

#include <algorithm>

#include <QStandardPaths>
#include <QThread>

#include "app/download/cache_folder.h"
#include "app/download/transfer.h"

namespace app::download {

namespace {

/// A transfer and its thread, for the GUI thread.
class RunningDownload final : public Download {
public:
    explicit RunningDownload(const TransferPlan& plan) : m_transfer(new Transfer(plan))
    {
        m_thread.setObjectName(QStringLiteral("download"));
        m_transfer->moveToThread(&m_thread);
        connect(&m_thread, &QThread::finished, m_transfer, &QObject::deleteLater);
        connect(m_transfer, &Transfer::progress, this, &Download::progress);
        connect(m_transfer, &Transfer::finished, this, &Download::finished);
        connect(m_transfer, &Transfer::failed, this, &Download::failed);
        connect(&m_thread, &QThread::started, m_transfer, &Transfer::start);
        m_thread.start();
    }
    ~RunningDownload() override
    {
        m_transfer->cancel();
        m_thread.quit();
        m_thread.wait();
    }

    void cancel() override { m_transfer->cancel(); }

private:
    QThread m_thread;
    Transfer* m_transfer; // gone with the thread
};

/// An address that nothing can be got from.
class RefusedDownload final : public Download {
public:
    explicit RefusedDownload(const QString& sentence)
    {
        QMetaObject::invokeMethod(
            this, [this, sentence] { emit failed(sentence); }, Qt::QueuedConnection);
    }
    void cancel() override {}
};

QString under(QStandardPaths::StandardLocation location, const QString& folder)
{
    const QString base = QStandardPaths::writableLocation(location);
    return base.isEmpty() ? QString() : base + folder;
}

QStringList usualPlaces()
{
    return {under(QStandardPaths::GenericCacheLocation, QStringLiteral("/vitrine/downloads")),
            under(QStandardPaths::GenericDataLocation, QStringLiteral("/vitrine/downloads")),
            under(QStandardPaths::DownloadLocation, QStringLiteral("/Vitrine"))};
}

bool isSha256(const QString& text)
{
    const bool hexadecimal = std::all_of(text.begin(), text.end(), [](QChar character) {
        return (character >= u'0' && character <= u'9') || (character >= u'a' && character <= u'f');
    });
    return text.isEmpty() || (text.size() == 64 && hexadecimal);
}

bool isWebAddress(const QUrl& url)
{
    return url.isValid() && !url.host().isEmpty() &&
           (url.scheme() == QLatin1String("http") || url.scheme() == QLatin1String("https"));
}

} // namespace

Download::~Download() = default;

Downloader::Downloader(QObject* parent) : QObject(parent)
{
    const QStringList places = usualPlaces();
    m_folder = firstOnDisk(places);
    if (m_folder.isEmpty())
        m_folder = places.first(); // each download says why it is refused
    else if (m_folder != places.first())
        m_notice =
            tr("%1 lies in memory, so downloads are kept in %2.").arg(places.first(), m_folder);
}

Downloader::Downloader(const QString& folder, QObject* parent) : QObject(parent), m_folder(folder)
{}

Downloader::~Downloader() = default;

std::shared_ptr<Download> Downloader::get(const QUrl& url, const QString& sha256)
{
    const QString sum = sha256.trimmed().toLower();
    if (!isWebAddress(url))
        return std::make_shared<RefusedDownload>(
            tr("%1 is not an address to download from.").arg(url.toDisplayString()));
    if (!isSha256(sum))
        return std::make_shared<RefusedDownload>(tr("%1 is not a SHA-256 sum.").arg(sha256));
    const QString key = url.toString(QUrl::FullyEncoded | QUrl::RemoveFragment) + u' ' + sum;
    if (const std::shared_ptr<Download> running = m_running.value(key))
        return running;
    const TransferPlan plan{url.adjusted(QUrl::RemoveFragment), sum.toLatin1(), m_folder,
                            m_patience};
    auto download = std::make_shared<RunningDownload>(plan);
    m_running.insert(key, download);
    // Before anybody else hears of it, so that the next get() begins anew.
    const auto over = [this, key] { forget(key); };
    connect(download.get(), &Download::finished, this, over);
    connect(download.get(), &Download::failed, this, over);
    return download;
}

void Downloader::forget(const QString& key)
{
    // It is speaking now and may not go away while it does.
    QMetaObject::invokeMethod(
        this, [held = m_running.take(key)] {}, Qt::QueuedConnection);
}

QList<CachedFile> Downloader::cachedFiles() const
{
    const CacheFolder cache(m_folder);
    QList<CachedFile> files;
    for (const CacheEntry& entry : cache.entries())
        files.append({cache.path(entry), entry.url, cache.bytesOnDisk(entry), entry.complete});
    return files;
}

qint64 Downloader::bytesInCache() const
{
    qint64 bytes = 0;
    for (const CachedFile& file : cachedFiles())
        bytes += file.bytes;
    return bytes;
}

void Downloader::emptyCache()
{
    const CacheFolder cache(m_folder);
    for (const CacheEntry& entry : cache.entries())
        cache.remove(entry, true);
}

} // namespace app::download
