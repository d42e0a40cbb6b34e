// SPDX-License-Identifier: GPL-3.0-or-later
// What a server's answer means (RFC 9110 sections 13 to 15).
#pragma once

#include <QByteArray>
#include <QString>

#include "app/download/cache_folder.h"

namespace app::download {

/// What was asked for.
struct Asked {
    qint64 from = 0;          ///< the first byte wanted
    bool conditional = false; ///< only if it has changed
    QString host;             ///< for sentences
};

/// The headers that count, as they came.
struct Answer {
    int status = 0;
    QByteArray contentRange;
    QByteArray contentLength;
    QByteArray contentType;
    QByteArray etag;
    QByteArray lastModified;
};

/// What to do next.
struct Verdict {
    enum class What : uint8_t {
        Take,         ///< the body is the file from `from` on
        StartOver,    ///< what we have is of no use: ask for the whole
        Unchanged,    ///< the whole file we have is still the server's
        AlreadyWhole, ///< all bytes are here
        TryAgain,     ///< the server's trouble may pass
        GiveUp,
    };
    What what = What::GiveUp;
    qint64 from = 0;
    qint64 total = -1;
    QString sentence; ///< of TryAgain and GiveUp
};

/// Decides by the headers alone; trusts none of them. `known`: what was written down. Pure.
Verdict judge(const Asked& asked, const Answer& answer, const CacheEntry& known);

/// Whether a file starts like a web page, whatever the server called it.
bool looksLikeWebPage(const QByteArray& start);

/// What is said about one that came instead of the file.
QString webPageSentence(const QString& host);

/// A validator by which the server can tell whether a part still fits; empty when it has none that
/// is strong enough (RFC 9110 section 13.1.5).
QByteArray validatorOf(const CacheEntry& entry);

} // namespace app::download
