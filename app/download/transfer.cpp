// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/download/transfer.h"

#include <QDir>

#include "app/download/file_name.h"

namespace app::download {

namespace {

constexpr qint64 kWindow = qint64{4} << 20;      // read ahead of the disk
constexpr qint64 kGettingSomewhere = 256 * 1024; // failures before this much came count together
constexpr int kMostRequests = 1000;
constexpr int kMostRedirects = 10;
constexpr int kTellMs = 100;

QByteArray header(const QNetworkReply& reply, const char* name)
{
    // Hostile lengths are nobody's validator.
    const QByteArray value = reply.rawHeader(name);
    return value.size() <= 1000 ? value : QByteArray();
}

} // namespace

Transfer::~Transfer() = default;

void Transfer::cancel()
{
    m_cancelled = true;
    QMetaObject::invokeMethod(
        this, [this] { end(tr("The download was cancelled.")); }, Qt::QueuedConnection);
}

void Transfer::start()
{
    if (m_ended)
        return;
    if (liesInMemory(m_plan.folder))
        return end(
            tr("%1 lies in memory, which is lost when the computer is switched off: choose a "
               "folder on a disk.")
                .arg(m_plan.folder));
    if (!QDir().mkpath(m_plan.folder))
        return end(tr("The folder %1 cannot be made.").arg(m_plan.folder));
    m_network = std::make_unique<QNetworkAccessManager>();
    m_stall = std::make_unique<QTimer>();
    m_stall->setSingleShot(true);
    m_stall->setInterval(m_plan.patience.stallMs);
    connect(m_stall.get(), &QTimer::timeout, this, [this] {
        m_stalled = true;
        if (m_reply != nullptr)
            m_reply->abort();
    });
    m_told.start();
    const std::optional<CacheEntry> known = m_folder.find(m_plan.url);
    m_entry = known.value_or(CacheEntry{});
    m_entry.url = CacheFolder::plainUrl(m_plan.url);
    if (!useWhole() && (m_entry.name.isEmpty() || m_entry.complete || openPart()))
        ask();
}

/// A whole file may be all there is to do.
bool Transfer::useWhole()
{
    m_asked.conditional = false;
    if (!m_folder.isWhole(m_entry)) {
        if (!m_entry.complete)
            return false;
        // Somebody took or changed it: what is there is no longer ours.
        m_folder.forget(m_entry);
        m_entry = CacheEntry();
        m_entry.url = CacheFolder::plainUrl(m_plan.url);
        return false;
    }
    if (!m_plan.sha256.isEmpty() && m_plan.sha256 != m_entry.sha256)
        return false;
    const bool canAsk = !m_entry.etag.isEmpty() || !m_entry.lastModified.isEmpty();
    if (!m_plan.sha256.isEmpty() || !canAsk) {
        emit progress(m_entry.bytes, m_entry.bytes);
        m_ended = true;
        emit finished(m_folder.path(m_entry));
        return true;
    }
    m_asked.conditional = true;
    return false;
}

bool Transfer::openPart()
{
    const QString sentence = m_part.open(m_folder, m_entry, [this] { return isBusy(); });
    if (!sentence.isEmpty())
        end(sentence);
    m_farthest = m_part.bytes();
    m_pieced = m_part.bytes() > 0;
    return sentence.isEmpty() && m_part.isOpen();
}

QNetworkRequest Transfer::request() const
{
    QNetworkRequest request(m_plan.url);
    request.setAttribute(QNetworkRequest::RedirectPolicyAttribute,
                         QNetworkRequest::NoLessSafeRedirectPolicy);
    request.setMaximumRedirectsAllowed(kMostRedirects);
    request.setAttribute(QNetworkRequest::CacheLoadControlAttribute,
                         QNetworkRequest::AlwaysNetwork);
    request.setAttribute(QNetworkRequest::CookieSaveControlAttribute, QNetworkRequest::Manual);
    request.setHeader(QNetworkRequest::UserAgentHeader, QStringLiteral("Vitrine"));
    // The file as it is: lengths and sums are of that.
    request.setRawHeader("Accept-Encoding", "identity");
    if (m_asked.conditional && !m_entry.etag.isEmpty())
        request.setRawHeader("If-None-Match", m_entry.etag);
    else if (m_asked.conditional)
        request.setRawHeader("If-Modified-Since", m_entry.lastModified);
    if (m_asked.from > 0) {
        request.setRawHeader("Range", "bytes=" + QByteArray::number(m_asked.from) + '-');
        if (const QByteArray validator = validatorOf(m_entry); !validator.isEmpty())
            request.setRawHeader("If-Range", validator);
    }
    return request;
}

void Transfer::ask()
{
    if (!isBusy())
        return;
    // Without a way to tell whether it is still the same file, the rest of another could follow.
    const bool canGoOn = !validatorOf(m_entry).isEmpty() || !m_plan.sha256.isEmpty();
    m_asked.from = m_part.isOpen() && canGoOn ? m_part.bytes() : 0;
    m_asked.host = host();
    m_decided = false;
    m_stalled = false;
    ++m_requests;
    m_reply = m_network->get(request());
    m_reply->setReadBufferSize(kWindow);
    connect(m_reply, &QNetworkReply::readyRead, this, &Transfer::onReadyRead);
    connect(m_reply, &QNetworkReply::finished, this, &Transfer::onFinished);
    m_stall->start();
}

void Transfer::dropReply()
{
    m_stall->stop();
    QNetworkReply* const reply = std::exchange(m_reply, nullptr);
    if (reply == nullptr)
        return;
    reply->disconnect(this);
    if (reply->isRunning())
        reply->abort();
    reply->deleteLater();
}

void Transfer::onReadyRead()
{
    if (!isBusy() || m_reply == nullptr)
        return;
    m_stall->start();
    if (m_decided || decide())
        writeBody();
}

void Transfer::onFinished()
{
    if (!isBusy() || m_reply == nullptr)
        return;
    const QNetworkReply::NetworkError error = m_reply->error();
    const bool answered = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).isValid() &&
                          !m_stalled && error != QNetworkReply::InsecureRedirectError &&
                          error != QNetworkReply::TooManyRedirectsError &&
                          error != QNetworkReply::ProtocolUnknownError;
    if (answered && !m_decided && !decide())
        return;
    if (m_decided && !m_stalled && !writeBody())
        return;
    if (error != QNetworkReply::NoError || m_stalled)
        return onNetworkError();
    dropReply();
    if (m_total >= 0 && m_part.bytes() < m_total)
        return tryAgain(tr("The connection to %1 broke: try again later.").arg(host()));
    complete();
}

/// Looks at the headers; false when the body is not for us.
bool Transfer::decide()
{
    m_decided = true;
    Answer answer;
    answer.status = m_reply->attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    answer.contentRange = header(*m_reply, "Content-Range");
    answer.contentLength = header(*m_reply, "Content-Length");
    answer.contentType = header(*m_reply, "Content-Type");
    answer.etag = header(*m_reply, "ETag");
    answer.lastModified = header(*m_reply, "Last-Modified");
    return follow(judge(m_asked, answer, m_entry));
}

bool Transfer::follow(const Verdict& verdict)
{
    switch (verdict.what) {
    case Verdict::What::Take:
        return takeBody(verdict);
    case Verdict::What::StartOver:
        startOver(tr("%1 sends something else each time: try again later.").arg(host()));
        return false;
    case Verdict::What::Unchanged:
        dropReply();
        m_ended = true;
        emit progress(m_entry.bytes, m_entry.bytes);
        emit finished(m_folder.path(m_entry));
        return false;
    case Verdict::What::AlreadyWhole:
        dropReply();
        m_total = verdict.total;
        complete();
        return false;
    case Verdict::What::TryAgain:
        tryAgain(verdict.sentence);
        return false;
    case Verdict::What::GiveUp:
        break;
    }
    end(verdict.sentence);
    return false;
}

bool Transfer::takeBody(const Verdict& verdict)
{
    if (verdict.from == 0)
        noteValidators();
    m_total = verdict.total;
    m_entry.total = m_total;
    if (!m_part.isOpen() && !openPart())
        return false;
    if (verdict.from == 0) {
        m_pieced = false;
        if (const QString sentence = m_part.clear(); !sentence.isEmpty()) {
            end(sentence);
            return false;
        }
    }
    const QString sentence = m_total < 0 ? QString() : m_part.checkRoom(m_total - m_part.bytes());
    if (!sentence.isEmpty()) {
        end(sentence);
        return false;
    }
    if (!m_folder.save(m_entry)) {
        end(tr("%1 cannot be written to.").arg(m_plan.folder));
        return false;
    }
    return true;
}

/// A new file begins: what it is called, and how to know it again.
void Transfer::noteValidators()
{
    m_entry.etag = header(*m_reply, "ETag");
    m_entry.lastModified = header(*m_reply, "Last-Modified");
    m_entry.complete = false;
    if (m_entry.name.isEmpty())
        m_entry.name = m_folder.freeName(
            chooseName(m_reply->rawHeader("Content-Disposition"), m_plan.url, m_reply->url()));
}

/// Takes what has come; false when that ended this request.
bool Transfer::writeBody()
{
    const QByteArray data = m_reply->readAll();
    if (data.isEmpty())
        return true;
    if (m_part.bytes() == 0 && looksLikeWebPage(data)) {
        m_part.discard(m_entry);
        end(webPageSentence(host()));
        return false;
    }
    if (m_total >= 0 && data.size() > m_total - m_part.bytes()) {
        startOver(tr("%1 sent more than it announced: try again later.").arg(host()));
        return false;
    }
    if (const QString sentence = m_part.append(data); !sentence.isEmpty()) {
        end(sentence);
        return false;
    }
    m_everGained = true;
    // Bytes that were here before are no progress.
    m_gained += qMax<qint64>(m_part.bytes() - m_farthest, 0);
    m_farthest = qMax(m_farthest, m_part.bytes());
    if (m_gained >= kGettingSomewhere)
        m_failures = 0;
    tell(false);
    return true;
}

void Transfer::onNetworkError()
{
    const QNetworkReply::NetworkError error = m_reply->error();
    const QString words = m_reply->errorString();
    const bool stalled = m_stalled;
    dropReply();
    if (m_asked.conditional && m_folder.isWhole(m_entry)) {
        // The server cannot be asked, but the file is here and whole.
        m_ended = true;
        emit finished(m_folder.path(m_entry));
        return;
    }
    if (stalled)
        return tryAgain(tr("%1 does not answer: try again later.").arg(host()));
    switch (error) {
    case QNetworkReply::InsecureRedirectError:
        return end(
            tr("%1 leads from a protected address to an unprotected one, which is not followed.")
                .arg(host()));
    case QNetworkReply::TooManyRedirectsError:
    case QNetworkReply::ProtocolUnknownError:
        return end(tr("The address leads in circles or nowhere: check it."));
    case QNetworkReply::SslHandshakeFailedError:
        return end(tr("%1 cannot prove who it is: %2.").arg(host(), words));
    case QNetworkReply::HostNotFoundError:
        if (!m_everGained)
            return end(
                tr("There is no server called %1: check the address and the network.").arg(host()));
        break;
    case QNetworkReply::ConnectionRefusedError:
        if (!m_everGained)
            return end(tr("%1 does not accept connections: check the address.").arg(host()));
        break;
    default:
        break;
    }
    tryAgain(tr("The connection to %1 broke: try again later.").arg(host()));
}

void Transfer::tryAgain(const QString& sentence)
{
    dropReply();
    if (!isBusy())
        return;
    m_gained = 0;
    m_pieced = m_pieced || m_part.bytes() > 0;
    if (++m_failures >= m_plan.patience.tries || m_requests >= kMostRequests)
        return end(sentence);
    int pause = m_plan.patience.firstPauseMs;
    for (int i = 1; i < m_failures && pause < m_plan.patience.longestPauseMs; ++i)
        pause *= 2;
    QTimer::singleShot(qMin(pause, m_plan.patience.longestPauseMs), this, &Transfer::ask);
}

void Transfer::startOver(const QString& sentence)
{
    dropReply();
    if (m_part.isOpen())
        if (const QString problem = m_part.clear(); !problem.isEmpty())
            return end(problem);
    tryAgain(sentence);
}

void Transfer::complete()
{
    if (m_part.bytes() == 0) {
        m_part.discard(m_entry);
        return end(tr("%1 sent an empty file: check the address.").arg(host()));
    }
    const QByteArray sum = m_part.sha256();
    if (!m_plan.sha256.isEmpty() && sum != m_plan.sha256) {
        if (m_pieced) // the pieces may be of two versions
            return startOver(
                tr("%1 is damaged: its sum is not the expected one.").arg(m_entry.name));
        m_part.discard(m_entry);
        return end(
            tr("%1 is damaged or not the expected file: its sum is wrong. Try another server.")
                .arg(m_entry.name));
    }
    const QString sentence = m_part.finish(m_entry);
    if (!sentence.isEmpty())
        return end(sentence);
    m_total = m_part.bytes();
    tell(true);
    m_ended = true;
    emit finished(m_folder.path(m_entry));
}

void Transfer::end(const QString& failure)
{
    if (m_network != nullptr)
        dropReply();
    if (std::exchange(m_ended, true))
        return;
    m_part.close();
    emit failed(failure);
}

void Transfer::tell(bool now)
{
    if (!now && m_told.elapsed() < kTellMs)
        return;
    m_told.restart();
    emit progress(m_part.bytes(), m_total);
}

} // namespace app::download
