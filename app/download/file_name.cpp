// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/download/file_name.h"

#include <QList>

namespace app::download {

namespace {

constexpr qsizetype kMaxBytes = 200; // of the 255 a name may have: room for ours around it

bool isHarmless(QChar character)
{
    switch (character.category()) {
    case QChar::Other_Control:
    case QChar::Other_Format: // among them those that turn the direction of reading
    case QChar::Other_NotAssigned:
    case QChar::Separator_Line:
    case QChar::Separator_Paragraph:
        return false;
    default:
        return character != u'/' && character != u'\\' && character != u':' && character != u'*' &&
               character != u'?' && character != u'"' && character != u'<' && character != u'>' &&
               character != u'|';
    }
}

/// Cuts in front of the ending, which says what the file is.
QString shortened(QString name)
{
    const qsizetype dot = name.lastIndexOf(u'.');
    const QString ending = dot > 0 && name.size() - dot <= 12 ? name.mid(dot) : QString();
    QString stem = name.left(name.size() - ending.size());
    while ((stem + ending).toUtf8().size() > kMaxBytes)
        stem.chop(stem.size() > 1 && stem.back().isLowSurrogate() ? 2 : 1);
    return stem + ending;
}

QList<QByteArray> parametersOf(const QByteArray& header)
{
    QList<QByteArray> parts;
    QByteArray part;
    bool quoted = false;
    for (const char character : header.left(4096)) {
        if (character == '"')
            quoted = !quoted;
        if (character == ';' && !quoted) {
            parts.append(part.trimmed());
            part.clear();
        } else {
            part += character;
        }
    }
    parts.append(part.trimmed());
    return parts;
}

bool hasEnding(const QString& name)
{
    const qsizetype dot = name.lastIndexOf(u'.');
    return dot > 0 && dot + 1 < name.size();
}

} // namespace

QString harmlessName(const QString& wish)
{
    QString name;
    for (const QChar character : wish.left(1000))
        name += isHarmless(character) ? character : QChar(u'_');
    name = name.trimmed();
    while (name.startsWith(u'.') || name.startsWith(u' '))
        name.remove(0, 1);
    name = shortened(name);
    if (name.endsWith(u".part"))
        name.append(u"_"); // our own ending
    const bool empty = name.count(u'_') == name.size();
    return empty ? QStringLiteral("download") : name;
}

QString nameInDisposition(const QByteArray& header)
{
    QString plain;
    for (const QByteArray& parameter : parametersOf(header)) {
        const qsizetype equals = parameter.indexOf('=');
        const QByteArray key = parameter.left(qMax<qsizetype>(equals, 0)).trimmed().toLower();
        QByteArray value = parameter.mid(equals + 1).trimmed();
        if (key == "filename*") {
            const qsizetype language = value.indexOf("''");
            if (language > 0 && value.left(language).toLower() == "utf-8")
                return QUrl::fromPercentEncoding(value.mid(language + 2));
        } else if (key == "filename") {
            if (value.size() >= 2 && value.startsWith('"') && value.endsWith('"'))
                value = value.mid(1, value.size() - 2);
            plain = QString::fromUtf8(value);
        }
    }
    return plain;
}

QString chooseName(const QByteArray& disposition, const QUrl& asked, const QUrl& final)
{
    if (const QString said = nameInDisposition(disposition); !said.isEmpty())
        return harmlessName(said);
    if (hasEnding(asked.fileName()) || !hasEnding(final.fileName()))
        return harmlessName(asked.fileName());
    return harmlessName(final.fileName());
}

} // namespace app::download
