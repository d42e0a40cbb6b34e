// SPDX-License-Identifier: GPL-3.0-or-later
// DriverFetch: the drivers an unattended installation wants, out of the web or the cache.
#pragma once

#include <memory>
#include <vector>

#include <QList>
#include <QObject>
#include <QString>
#include <QUrl>

#include "app/download/downloader.h"
#include "app/install/express_install.h"
#include "app/os/drivers.h"

namespace app::main {

/// One of them.
struct WantedDriver {
    QString name; ///< on the script's disc
    QUrl url;
};
QList<WantedDriver> wantedDrivers(const std::vector<os::DriverSet>& sets);

/// Downloads a few at a time; all of them, or none are of use. GUI thread; start() once. Neither
/// signal comes during a call, and only one of them, once. The downloader must outlive it.
class DriverFetch : public QObject {
    Q_OBJECT
public:
    DriverFetch(download::Downloader& downloader, QList<WantedDriver> wanted,
                QObject* parent = nullptr);

    void start();
    /// Gives up; failed() follows.
    void cancel();

signals:
    void progress(int perMille);
    void finished(const std::vector<app::install::DriverFile>& files);
    void failed(const QString& sentence);

private:
    void next();
    void take(qsizetype index, const QString& path);
    void fail(const QString& sentence);

    download::Downloader& m_downloader;
    const QList<WantedDriver> m_wanted;
    QList<std::shared_ptr<download::Download>> m_downloads; ///< started; kept, as one is calling us
    std::vector<install::DriverFile> m_files;               ///< by index; empty path: not yet
    qsizetype m_done = 0;
    bool m_over = false;
};

} // namespace app::main
