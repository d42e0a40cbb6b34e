// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/download/answer.h"

#include <optional>

#include <QCoreApplication>

namespace app::download {

namespace {

using What = Verdict::What;

/// Sentences of this file.
struct Words {
    Q_DECLARE_TR_FUNCTIONS(app::download::Answer)
};

std::optional<qint64> number(const QByteArray& text)
{
    bool right = false;
    const qint64 value = text.trimmed().toLongLong(&right);
    return right && value >= 0 ? std::optional(value) : std::nullopt;
}

/// "bytes 100-199/200", "bytes 100-199/*", "bytes */200" (RFC 9110 section 14.4).
struct ContentRange {
    qint64 first = -1;
    qint64 last = -1;
    qint64 total = -1;
};

std::optional<ContentRange> parseContentRange(const QByteArray& header)
{
    const QByteArray text = header.trimmed();
    const qsizetype slash = text.indexOf('/');
    if (!text.toLower().startsWith("bytes ") || slash < 0)
        return std::nullopt;
    ContentRange range;
    const QByteArray total = text.mid(slash + 1).trimmed();
    const QByteArray span = text.mid(6, slash - 6).trimmed();
    if (total != "*") {
        const std::optional<qint64> value = number(total);
        if (!value)
            return std::nullopt;
        range.total = *value;
    }
    if (span == "*")
        return range;
    const qsizetype dash = span.indexOf('-');
    const std::optional<qint64> first = number(span.left(qMax<qsizetype>(dash, 0)));
    const std::optional<qint64> last = number(span.mid(dash + 1));
    if (dash < 0 || !first || !last || *last < *first || (range.total >= 0 && *last >= range.total))
        return std::nullopt;
    range.first = *first;
    range.last = *last;
    return range;
}

Verdict giveUp(const QString& sentence)
{
    return {What::GiveUp, 0, -1, sentence};
}

Verdict takeAll(const Asked& asked, const Answer& answer)
{
    const QByteArray type = answer.contentType.toLower();
    if (type.startsWith("text/html") || type.startsWith("application/xhtml"))
        return giveUp(webPageSentence(asked.host));
    return {What::Take, 0, number(answer.contentLength).value_or(-1), {}};
}

Verdict takeRest(const Asked& asked, const Answer& answer, const CacheEntry& known)
{
    const std::optional<ContentRange> range = parseContentRange(answer.contentRange);
    const auto differ = [](const QByteArray& now, const QByteArray& then) {
        return !now.isEmpty() && !then.isEmpty() && now != then;
    };
    const bool other =
        differ(answer.etag, known.etag) || differ(answer.lastModified, known.lastModified);
    const bool fits = range && range->first == asked.from && asked.from > 0 && !other &&
                      (range->total < 0 || known.total < 0 || range->total == known.total);
    if (!fits)
        return {What::StartOver, 0, -1, {}};
    return {What::Take, asked.from, range->total >= 0 ? range->total : known.total, {}};
}

Verdict beyondTheEnd(const Asked& asked, const Answer& answer)
{
    const std::optional<ContentRange> range = parseContentRange(answer.contentRange);
    if (asked.from > 0 && range && range->total == asked.from)
        return {What::AlreadyWhole, asked.from, asked.from, {}};
    if (asked.from > 0)
        return {What::StartOver, 0, -1, {}};
    return giveUp(Words::tr("%1 does not give out the file.").arg(asked.host));
}

Verdict refusal(const Asked& asked, int status)
{
    switch (status) {
    case 401:
    case 403:
    case 407:
        return giveUp(
            Words::tr("%1 does not give the file to everybody (error %2): download it in a "
                      "browser, and open it from there.")
                .arg(asked.host)
                .arg(status));
    case 404:
    case 410:
        return giveUp(Words::tr("There is no such file on %1 (error %2): check the address.")
                          .arg(asked.host)
                          .arg(status));
    case 408:
    case 425:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return {What::TryAgain, 0, -1,
                Words::tr("%1 has trouble of its own (error %2): try again later.")
                    .arg(asked.host)
                    .arg(status)};
    default:
        return giveUp(Words::tr("%1 gave an answer that makes no sense for a file (%2).")
                          .arg(asked.host)
                          .arg(status));
    }
}

} // namespace

Verdict judge(const Asked& asked, const Answer& answer, const CacheEntry& known)
{
    switch (answer.status) {
    case 200:
        return takeAll(asked, answer);
    case 206:
        return takeRest(asked, answer, known);
    case 304:
        if (asked.conditional)
            return {What::Unchanged, 0, known.bytes, {}};
        break;
    case 416:
        return beyondTheEnd(asked, answer);
    default:
        break;
    }
    return refusal(asked, answer.status);
}

bool looksLikeWebPage(const QByteArray& start)
{
    const QByteArray text = start.left(512).trimmed().toLower();
    return text.startsWith("<!doctype html") || text.startsWith("<html");
}

QString webPageSentence(const QString& host)
{
    return Words::tr(
               "%1 answered with a web page instead of the file: download it in a browser, and "
               "open it from there.")
        .arg(host);
}

QByteArray validatorOf(const CacheEntry& entry)
{
    if (!entry.etag.isEmpty() && !entry.etag.startsWith("W/"))
        return entry.etag;
    return entry.etag.isEmpty() ? entry.lastModified : QByteArray();
}

} // namespace app::download
