// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/quantity.h"

#include <array>
#include <cmath>
#include <utility>

#include <QCoreApplication>
#include <QLocale>
#include <QRegularExpression>

namespace ui::models {

namespace {

/// Texts of this file.
struct Words {
    Q_DECLARE_TR_FUNCTIONS(ui::models::Quantity)
};

/// `number` with one decimal place unless it is whole.
QString numberText(double number)
{
    const double rounded = std::round(number * 10) / 10;
    const bool whole = rounded == std::floor(rounded);
    return QLocale().toString(rounded, 'f', whole || rounded >= 100 ? 0 : 1);
}

/// The bytes of a unit's first letter; 0: there is no such unit.
quint64 unitOf(QChar letter)
{
    switch (letter.toLower().unicode()) {
    case u'b':
        return 1;
    case u'k':
        return kKiB;
    case u'm':
        return kMiB;
    case u'g':
        return kGiB;
    case u't':
        return kGiB << 10;
    default:
        return 0;
    }
}

} // namespace

QString sizeText(quint64 bytes)
{
    const std::array<std::pair<quint64, QString>, 4> units = {{{kGiB << 10, Words::tr("%1 TiB")},
                                                               {kGiB, Words::tr("%1 GiB")},
                                                               {kMiB, Words::tr("%1 MiB")},
                                                               {kKiB, Words::tr("%1 KiB")}}};
    for (const auto& [unit, text] : units) {
        if (bytes >= unit)
            return text.arg(numberText(static_cast<double>(bytes) / static_cast<double>(unit)));
    }
    return Words::tr("%1 B").arg(bytes);
}

std::optional<quint64> sizeFrom(const QString& text, quint64 unit)
{
    static const QRegularExpression kShape(
        QStringLiteral("^\\s*(\\d{1,12})(?:[.,](\\d{1,6}))?\\s*(?:([kmgt])(?:i?b)?|(b))?\\s*$"),
        QRegularExpression::CaseInsensitiveOption);
    const auto match = kShape.match(text);
    if (!match.hasMatch())
        return std::nullopt;
    const QString letter = match.captured(3) + match.captured(4);
    if (!letter.isEmpty())
        unit = unitOf(letter.front());
    const double number = QLocale::c().toDouble(match.captured(1) + QLatin1Char('.') +
                                                match.captured(2) + QLatin1Char('0'));
    const double bytes = std::round(number * static_cast<double>(unit));
    constexpr double kMost = 9007199254740992.0; // whole numbers stay exact up to here (2^53)
    if (bytes > kMost)
        return std::nullopt;
    return static_cast<quint64>(bytes);
}

QString rateText(double bytesPerSecond)
{
    const double whole = std::isfinite(bytesPerSecond) ? std::max(0.0, bytesPerSecond) : 0.0;
    constexpr double kMost = 1e15;
    return Words::tr("%1/s").arg(sizeText(static_cast<quint64>(std::min(whole, kMost))));
}

} // namespace ui::models
