// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/amount.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QLocale>

#include "ui/models/quantity.h"

namespace ui::models {

namespace {

/// What people choose between `least` and `most`: 1, 2, 3, 4, 6, 8, 12, 16 ... units, and the
/// bounds.
std::vector<quint64> sizeStops(quint64 first, quint64 least, quint64 most)
{
    std::vector<quint64> stops{least};
    for (quint64 power = first; power != 0 && power <= most; power <<= 1) {
        for (const quint64 stop : {power, power + power / 2}) {
            if (stop > stops.back() && stop < most)
                stops.push_back(stop);
        }
    }
    if (most > stops.back())
        stops.push_back(most);
    return stops;
}

std::vector<quint64> countStops(quint64 least, quint64 most)
{
    std::vector<quint64> stops;
    for (quint64 stop = least; stop <= most; ++stop)
        stops.push_back(stop);
    return stops;
}

/// The slider ends where it stops being sensible; more can be typed.
quint64 sliderEnd(Amount::Kind kind, const AmountLimits& limits)
{
    constexpr quint64 kDiskEnd = 512 * kGiB;
    if (kind == Amount::Kind::Disk)
        return std::clamp(std::max(kDiskEnd, 2 * limits.recommended), limits.least, limits.most);
    quint64 host = limits.host != 0 ? limits.host : limits.most;
    if (kind == Amount::Kind::Memory)
        host -= host % kMiB; // machines have whole MiB
    return std::clamp(host, limits.least, limits.most);
}

quint64 firstStop(Amount::Kind kind)
{
    return kind == Amount::Kind::Memory ? 256 * kMiB : 4 * kGiB;
}

} // namespace

Amount::Amount(Kind kind, QObject* parent) : QObject(parent), m_kind(kind), m_stops{1} {}

void Amount::show(quint64 value, const AmountLimits& limits)
{
    m_limits = limits;
    m_value = value;
    m_typed.reset();
    const quint64 end = sliderEnd(m_kind, limits);
    if (m_kind == Kind::Cpus)
        m_stops = countStops(limits.least, end);
    else
        m_stops = sizeStops(firstStop(m_kind), limits.least, end);
    // A slider that began at 16 MiB would spend half its way on what nobody chooses.
    while (m_stops.size() > 2 && m_stops.front() < firstStop(m_kind) && m_kind != Kind::Cpus &&
           m_stops.front() < m_value)
        m_stops.erase(m_stops.begin());
    emit changed();
}

QString Amount::textOf(quint64 value) const
{
    return m_kind == Kind::Cpus ? QLocale().toString(value) : sizeText(value);
}

QString Amount::text() const
{
    return m_typed ? *m_typed : textOf(m_value);
}

std::optional<quint64> Amount::valueFrom(const QString& text) const
{
    if (m_kind == Kind::Cpus) {
        bool good = false;
        const quint64 count = QLocale().toULongLong(text.trimmed(), &good);
        return good ? std::optional(count) : std::nullopt;
    }
    auto bytes = sizeFrom(text, kGiB);
    if (bytes) // machines have whole MiB
        *bytes = (*bytes + kMiB / 2) / kMiB * kMiB;
    return bytes;
}

void Amount::type(const QString& text)
{
    if (text == this->text())
        return;
    const auto value = valueFrom(text);
    if (value && *value >= m_limits.least && *value <= m_limits.most) {
        choose(*value);
        return;
    }
    m_typed = text;
    emit changed();
}

void Amount::choose(quint64 value)
{
    const bool fresh = value != m_value;
    m_typed.reset();
    m_value = value;
    emit changed();
    if (fresh)
        emit edited();
}

void Amount::step(int direction)
{
    if (direction > 0) {
        const auto next = std::upper_bound(m_stops.begin(), m_stops.end(), m_value);
        if (next != m_stops.end())
            choose(*next);
    } else {
        const auto next = std::lower_bound(m_stops.begin(), m_stops.end(), m_value);
        if (next != m_stops.begin())
            choose(*std::prev(next));
    }
}

double Amount::positionOf(quint64 value) const
{
    if (m_stops.size() < 2 || value <= m_stops.front())
        return 0;
    const auto above = std::lower_bound(m_stops.begin(), m_stops.end(), value);
    if (above == m_stops.end())
        return 1;
    const auto below = std::prev(above);
    const double part = static_cast<double>(value - *below) / static_cast<double>(*above - *below);
    return (static_cast<double>(below - m_stops.begin()) + part) /
           static_cast<double>(m_stops.size() - 1);
}

double Amount::position() const
{
    return positionOf(m_value);
}

double Amount::recommendedPosition() const
{
    return m_limits.recommended == 0 ? -1 : positionOf(m_limits.recommended);
}

void Amount::setPosition(double position)
{
    if (!std::isfinite(position))
        return;
    const double last = static_cast<double>(m_stops.size() - 1);
    choose(m_stops[static_cast<size_t>(std::round(std::clamp(position, 0.0, 1.0) * last))]);
}

QString Amount::problem() const
{
    if (!m_typed)
        return {};
    const auto value = valueFrom(*m_typed);
    if (value && *value < m_limits.least)
        return tr("At least %1").arg(textOf(m_limits.least));
    if (value && *value > m_limits.most)
        return tr("At most %1").arg(textOf(m_limits.most));
    if (m_kind == Kind::Cpus)
        return tr("Type a number, such as 2");
    return tr("Type a size, such as %1").arg(sizeText(4 * kGiB));
}

QString Amount::warning() const
{
    if (m_limits.host != 0 && m_value > m_limits.host) {
        switch (m_kind) {
        case Kind::Memory:
            return tr("More than this computer has: the machine may not start");
        case Kind::Cpus:
            return tr("More than this computer has: everything gets slower");
        case Kind::Disk:
            return tr("More than is free now: the machine pauses when the space is used up");
        }
    }
    if (m_limits.needed != 0 && m_value < m_limits.needed)
        return tr("This system asks for at least %1").arg(textOf(m_limits.needed));
    return {};
}

QString Amount::hint() const
{
    const QString recommended = textOf(m_limits.recommended);
    const QString host = textOf(m_limits.host);
    const bool free = m_kind == Kind::Disk;
    if (m_limits.host == 0)
        return m_limits.recommended == 0 ? QString() : tr("%1 recommended").arg(recommended);
    if (m_limits.recommended == 0)
        return free ? tr("%1 free").arg(host) : tr("This computer has %1").arg(host);
    return free ? tr("%1 recommended, %2 free").arg(recommended, host)
                : tr("%1 recommended, this computer has %2").arg(recommended, host);
}

QString Amount::title() const
{
    switch (m_kind) {
    case Kind::Memory:
        return tr("Memory");
    case Kind::Cpus:
        return tr("Processors");
    case Kind::Disk:
        return tr("Disk size");
    }
    return {};
}

} // namespace ui::models
