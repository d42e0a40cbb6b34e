// SPDX-License-Identifier: GPL-3.0-or-later
// Calendar arithmetic and register encoding of the MC146818A (datasheet "Time, calendar and alarm
// locations").
#pragma once

#include <cstdint>
#include <optional>

namespace vmm::chipset::rtc {

/// A moment split into what the clock's registers count. Values read from guest registers may lie
/// outside their ranges.
struct Date {
    unsigned second = 0;
    unsigned minute = 0;
    unsigned hour = 0;
    unsigned weekday = 1; ///< 1 is Sunday
    unsigned day = 1;
    unsigned month = 1;
    int year = 1970;
    bool operator==(const Date&) const = default;
};

/// The date of `seconds` since 1970-01-01; the years -32000 to 32000 are exact.
Date dateOf(int64_t seconds);
/// The reverse; too large values carry over (second 75 is 15 of the next minute), the month is
/// brought into 1-12, the weekday is not looked at.
int64_t secondsOf(const Date& date);

/// How registers hold numbers: bits DM and 24/12 of register B.
struct Encoding {
    bool binary = false;
    bool hours24 = true;

    uint8_t number(unsigned value) const;
    unsigned value(uint8_t number) const;
    uint8_t hour(unsigned value) const;
    unsigned hourValue(uint8_t number) const;
};

/// When the alarm rings: an empty part matches everything.
struct Alarm {
    std::optional<unsigned> second;
    std::optional<unsigned> minute;
    std::optional<unsigned> hour;

    /// The first match later than `seconds` (since 1970), less than a day and a second away;
    /// nothing when a part is out of its range. A few hundred steps at most.
    std::optional<int64_t> next(int64_t seconds) const;
};

} // namespace vmm::chipset::rtc
