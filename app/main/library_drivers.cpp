// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/main/library_drivers.h"

#include <utility>

namespace app::main {

using download::Download;

namespace {

constexpr qsizetype kAtOnce = 4; // each has a thread and a connection

} // namespace

QList<WantedDriver> wantedDrivers(const std::vector<os::DriverSet>& sets)
{
    QList<WantedDriver> wanted;
    for (const os::DriverSet& set : sets)
        for (const std::string& name : set.files)
            wanted << WantedDriver{QString::fromStdString(name),
                                   QUrl(QString::fromStdString(set.location + '/' + name))};
    return wanted;
}

DriverFetch::DriverFetch(download::Downloader& downloader, QList<WantedDriver> wanted,
                         QObject* parent)
    : QObject(parent), m_downloader(downloader), m_wanted(std::move(wanted))
{
    for (const WantedDriver& driver : m_wanted)
        m_files.push_back({driver.name.toStdString(), {}});
}

void DriverFetch::start()
{
    next();
}

void DriverFetch::next()
{
    while (m_downloads.size() < m_wanted.size() && m_downloads.size() - m_done < kAtOnce) {
        const qsizetype index = m_downloads.size();
        const auto download = m_downloader.get(m_wanted[index].url);
        m_downloads << download;
        connect(download.get(), &Download::finished, this,
                [this, index](const QString& path) { take(index, path); });
        connect(download.get(), &Download::failed, this,
                [this](const QString& sentence) { fail(sentence); });
    }
}

void DriverFetch::take(qsizetype index, const QString& path)
{
    if (m_over)
        return;
    m_files[static_cast<size_t>(index)].path = path.toStdString();
    ++m_done;
    constexpr qsizetype kWhole = 1000;
    emit progress(static_cast<int>(m_done * kWhole / m_wanted.size()));
    if (m_done < m_wanted.size())
        return next();
    m_over = true;
    emit finished(m_files);
}

void DriverFetch::fail(const QString& sentence)
{
    if (std::exchange(m_over, true))
        return;
    for (const auto& download : m_downloads)
        download->cancel();
    emit failed(sentence);
}

void DriverFetch::cancel()
{
    for (const auto& download : m_downloads)
        download->cancel();
}

} // namespace app::main
