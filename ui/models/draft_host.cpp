// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/draft_host.h"

#include <algorithm>

#include <pwd.h>
#include <unistd.h>

#include <QFile>
#include <QLocale>
#include <QRegularExpression>
#include <QSet>
#include <QTimeZone>

namespace ui::models {

namespace {

constexpr qint64 kMostOfFile = 1 << 20;

QString readText(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.read(kMostOfFile)) : QString();
}

void sortByText(QList<Choice>& choices)
{
    std::sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
        return QString::localeAwareCompare(a.text, b.text) < 0;
    });
}

/// `choices` with `current` among them.
QList<Choice> withCurrent(QList<Choice> choices, const QString& current)
{
    const bool there = std::any_of(choices.begin(), choices.end(),
                                   [&](const Choice& choice) { return choice.code == current; });
    if (!there && !current.isEmpty())
        choices.prepend({current, current});
    return choices;
}

/// "de_DE" of the person's locale; "C" is nobody's language.
QString hostLanguage()
{
    const QString name = QLocale::system().name();
    return name.contains(QLatin1Char('_')) ? name : QStringLiteral("en_US");
}

/// "Deutsch (Deutschland)": a language in its own words, begun as a line begins.
QString languageText(const QLocale& locale)
{
    QString language = locale.nativeLanguageName();
    if (language.isEmpty())
        language = QLocale::languageToString(locale.language());
    language[0] = language.at(0).toUpper();
    const QString country = locale.nativeTerritoryName();
    return country.isEmpty() ? language : QStringLiteral("%1 (%2)").arg(language, country);
}

} // namespace

QString keyboardFrom(const QString& text)
{
    static const QRegularExpression kLayout(
        QStringLiteral("^\\s*(?:export\\s+)?XKBLAYOUT=\"?([a-z]{2,16})\\b"),
        QRegularExpression::MultilineOption);
    return kLayout.match(text).captured(1);
}

QList<Choice> layoutsFrom(const QString& text)
{
    static const QRegularExpression kLine(QStringLiteral("^\\s+([a-z]{2,16})\\s+(\\S.*)$"));
    QList<Choice> choices;
    bool inside = false;
    for (const QString& line : text.split(QLatin1Char('\n'))) {
        if (line.startsWith(QLatin1Char('!')))
            inside = line.mid(1).trimmed() == QLatin1String("layout");
        else if (const auto match = kLine.match(line); inside && match.hasMatch())
            choices.append({match.captured(1), match.captured(2).trimmed()});
    }
    choices.removeIf([](const Choice& choice) { return choice.code == QLatin1String("custom"); });
    sortByText(choices);
    return choices;
}

HostPerson hostPerson()
{
    HostPerson person;
    if (const passwd* entry = ::getpwuid(::getuid()); entry && ::getuid() != 0) {
        person.user = QString::fromLocal8Bit(entry->pw_name);
        person.fullName = QString::fromLocal8Bit(entry->pw_gecos).section(QLatin1Char(','), 0, 0);
    }
    person.language = hostLanguage();
    person.keyboard = keyboardFrom(readText(QStringLiteral("/etc/default/keyboard")));
    if (person.keyboard.isEmpty())
        person.keyboard = QStringLiteral("us");
    person.timeZone = QString::fromLatin1(QTimeZone::systemTimeZoneId());
    if (person.timeZone.isEmpty())
        person.timeZone = QStringLiteral("Etc/UTC");
    return person;
}

QList<Choice> languageChoices(const QString& current)
{
    QList<Choice> choices;
    QSet<QString> seen;
    const auto locales =
        QLocale::matchingLocales(QLocale::AnyLanguage, QLocale::AnyScript, QLocale::AnyTerritory);
    for (const QLocale& locale : locales) {
        const QString code = locale.name();
        if (!code.contains(QLatin1Char('_')) || seen.contains(code))
            continue;
        seen.insert(code);
        choices.append({code, languageText(locale)});
    }
    sortByText(choices);
    return withCurrent(choices, current);
}

QList<Choice> keyboardChoices(const QString& current)
{
    return withCurrent(layoutsFrom(readText(QStringLiteral("/usr/share/X11/xkb/rules/base.lst"))),
                       current);
}

QList<Choice> timeZoneChoices(const QString& current)
{
    QList<Choice> choices;
    for (const QByteArray& id : QTimeZone::availableTimeZoneIds()) {
        const QString code = QString::fromLatin1(id);
        // "Europe/Berlin", and not "EST5EDT" or "posix/Europe/Berlin".
        if (code.contains(QLatin1Char('/')) && code.at(0).isUpper())
            choices.append({code, QString(code).replace(QLatin1Char('_'), QLatin1Char(' '))});
    }
    sortByText(choices);
    return withCurrent(choices, current);
}

} // namespace ui::models
