// SPDX-License-Identifier: GPL-3.0-or-later
// Transfer: one download from its first request to the whole file.
#pragma once

#include <atomic>
#include <memory>

#include <QElapsedTimer>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QObject>
#include <QTimer>

#include "app/download/answer.h"
#include "app/download/downloader.h"
#include "app/download/part_file.h"

namespace app::download {

/// What to get, and where to.
struct TransferPlan {
    QUrl url;
    QByteArray sha256; ///< hexadecimal, lower case; empty: none
    QString folder;
    Patience patience;
};

/// Talks to the server and writes the file, again and again until it is there. Lives on a thread of
/// its own, where it may block; cancel() comes from any thread.
///
///     start -> [ask -> answer -> body]... -> whole -> finished
///               ^        |       |              `---> wrong sum: once more, or failed
///               `-pause<-'-------'  broken, stalled, server's trouble
class Transfer : public QObject {
    Q_OBJECT
public:
    explicit Transfer(TransferPlan plan) : m_plan(std::move(plan)), m_folder(m_plan.folder) {}
    ~Transfer() override;

    void start();
    void cancel();

signals:
    void progress(qint64 received, qint64 total);
    void finished(const QString& path);
    void failed(const QString& sentence);

private:
    // What is there already.
    bool useWhole();
    bool openPart();

    // One request.
    void ask();
    QNetworkRequest request() const;
    void onReadyRead();
    void onFinished();
    bool decide();
    bool follow(const Verdict& verdict);
    bool takeBody(const Verdict& verdict);
    bool writeBody();
    void noteValidators();
    void dropReply();

    // Ways on.
    void tryAgain(const QString& sentence);
    void startOver(const QString& sentence);
    void complete();
    void onNetworkError();
    void end(const QString& failure);
    void tell(bool now);

    bool isBusy() const { return !m_ended && !m_cancelled.load(); }
    QString host() const { return m_plan.url.host(); }

    const TransferPlan m_plan;
    const CacheFolder m_folder;
    std::atomic<bool> m_cancelled{false};
    std::unique_ptr<QNetworkAccessManager> m_network;
    QNetworkReply* m_reply = nullptr; // of m_network
    std::unique_ptr<QTimer> m_stall;
    CacheEntry m_entry;
    PartFile m_part;
    QElapsedTimer m_told;
    Asked m_asked;
    qint64 m_total = -1;
    qint64 m_farthest = 0; // as much was loaded once
    qint64 m_gained = 0;   // since the last failure
    int m_failures = 0;    // in a row
    int m_requests = 0;
    bool m_decided = false; // the headers of this reply
    bool m_stalled = false;
    bool m_pieced = false;     // parts of different answers
    bool m_everGained = false; // in this session
    bool m_ended = false;
};

} // namespace app::download
