// SPDX-License-Identifier: GPL-3.0-or-later
// Sizes and rates as people read and write them.
#pragma once

#include <optional>

#include <QString>

namespace ui::models {

inline constexpr quint64 kKiB = quint64{1} << 10;
inline constexpr quint64 kMiB = quint64{1} << 20;
inline constexpr quint64 kGiB = quint64{1} << 30;

/// "512 MiB", "4 GiB", "1.5 GiB": one decimal place at most, in the person's notation.
QString sizeText(quint64 bytes);

/// What a person typed as bytes: "4", "4 GiB", "4g", "1,5 GB"; letters of either case, all units
/// binary, both decimal marks. A bare number is in `unit`. Empty when it is no size or does not
/// fit.
std::optional<quint64> sizeFrom(const QString& text, quint64 unit);

/// "0 B/s", "12 KiB/s", "3.4 MiB/s".
QString rateText(double bytesPerSecond);

} // namespace ui::models
