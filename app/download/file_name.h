// SPDX-License-Identifier: GPL-3.0-or-later
// Names of downloaded files: what a server or an address says, made harmless.
#pragma once

#include <QByteArray>
#include <QString>
#include <QUrl>

namespace app::download {

/// A name for one file inside a folder: no separators, no leading dots, nothing invisible, at most
/// 200 bytes; "download" when nothing is left.
QString harmlessName(const QString& wish);

/// The name in a Content-Disposition header (RFC 6266), not made harmless yet; empty when there is
/// none.
QString nameInDisposition(const QByteArray& header);

/// The best of what is said: by the server, in the address asked for, in the one it led to.
QString chooseName(const QByteArray& disposition, const QUrl& asked, const QUrl& final);

} // namespace app::download
