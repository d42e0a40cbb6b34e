// SPDX-License-Identifier: GPL-3.0-or-later
// The windows' texts in the person's language.
#pragma once

#include <QLocale>

class QGuiApplication;

namespace translations {

/// Gives `application` its texts, and Qt's own, in the first language of `locale` that there is:
/// LANGUAGE, LC_ALL, LC_MESSAGES and LANG decide which those are. English without one. Also says
/// whether the language is written from right to left. Call it before the first text is asked
/// for; the texts live as long as the application. GUI thread.
void install(QGuiApplication& application, const QLocale& locale = QLocale());

} // namespace translations
