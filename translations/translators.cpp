// SPDX-License-Identifier: GPL-3.0-or-later
#include "translations/translators.h"

#include <QCoreApplication>
#include <QGuiApplication>
#include <QLibraryInfo>
#include <QString>
#include <QTranslator>

namespace translations {

namespace {

const QString kFolder = QStringLiteral(":/org/vitrine/translations");
const QString kOurs = QStringLiteral("vitrine");
const QString kJoint = QStringLiteral("_");

/// What Qt says itself: dialogs of files, names of keys. Absent where its texts are not installed.
void installQtTexts(QGuiApplication& application, const QLocale& language)
{
    const QString folder = QLibraryInfo::path(QLibraryInfo::TranslationsPath);
    for (const char* catalogue : {"qtbase", "qtdeclarative"}) {
        auto* const texts = new QTranslator(&application);
        if (texts->load(language, QLatin1String(catalogue), kJoint, folder))
            QCoreApplication::installTranslator(texts);
    }
}

} // namespace

void install(QGuiApplication& application, const QLocale& locale)
{
    auto* const texts = new QTranslator(&application);
    // English is a file too, for its plurals and so that "en, then de" does not become German.
    if (!texts->load(locale, kOurs, kJoint, kFolder) &&
        !texts->load(QLocale(QLocale::English), kOurs, kJoint, kFolder))
        return;
    const QLocale language(texts->language());
    installQtTexts(application, language);
    QCoreApplication::installTranslator(texts); // the last one is asked first
    QGuiApplication::setLayoutDirection(language.textDirection());
}

} // namespace translations
