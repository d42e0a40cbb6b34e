// SPDX-License-Identifier: GPL-3.0-or-later
// What this computer's own settings propose for a new guest: person, language, keyboard, time zone.
#pragma once

#include <QList>
#include <QString>

namespace ui::models {

/// One thing to choose: what installers want, and what people read.
struct Choice {
    QString code; ///< "de_DE", "de", "Europe/Berlin"
    QString text; ///< "Deutsch (Deutschland)"
    bool operator==(const Choice&) const = default;
};

/// The person at this computer, as an installer would ask.
struct HostPerson {
    QString user;
    QString fullName;
    QString language;
    QString keyboard;
    QString timeZone;
};

/// Asks the environment and small files of /etc. GUI thread; some microseconds.
HostPerson hostPerson();

/// The layout of /etc/default/keyboard ("XKBLAYOUT=de,us"); empty when it says none.
QString keyboardFrom(const QString& text);
/// The section "! layout" of xkeyboard-config's base.lst, sorted by what people read.
QList<Choice> layoutsFrom(const QString& text);

/// All there is to choose from; each list holds `current`, even when nobody else knows it.
QList<Choice> languageChoices(const QString& current);
QList<Choice> keyboardChoices(const QString& current);
QList<Choice> timeZoneChoices(const QString& current);

} // namespace ui::models
