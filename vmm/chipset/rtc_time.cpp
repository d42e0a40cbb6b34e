// SPDX-License-Identifier: GPL-3.0-or-later
// Calendar arithmetic and register encoding of the MC146818A (datasheet "Time, calendar and alarm
// locations").
#include "vmm/chipset/rtc_time.h"

#include <algorithm>
#include <chrono>

#include "vmm/chipset/rtc_regs.h"

namespace vmm::chipset::rtc {

namespace {
constexpr int64_t kDay = 86'400;

int64_t floorDivide(int64_t value, int64_t by)
{
    return value / by - (value % by < 0 ? 1 : 0);
}
} // namespace

Date dateOf(int64_t seconds)
{
    const int64_t day = floorDivide(seconds, kDay);
    const auto inDay = static_cast<unsigned>(seconds - day * kDay);
    const std::chrono::sys_days days{std::chrono::days{day}};
    const std::chrono::year_month_day calendar{days};
    Date date;
    date.second = inDay % 60;
    date.minute = inDay / 60 % 60;
    date.hour = inDay / 3600;
    date.weekday = std::chrono::weekday{days}.c_encoding() + 1;
    date.day = static_cast<unsigned>(calendar.day());
    date.month = static_cast<unsigned>(calendar.month());
    date.year = static_cast<int>(calendar.year());
    return date;
}

int64_t secondsOf(const Date& date)
{
    const std::chrono::year_month_day firstOfMonth{
        std::chrono::year{date.year}, std::chrono::month{std::clamp(date.month, 1U, 12U)},
        std::chrono::day{1}};
    const int64_t days =
        std::chrono::sys_days{firstOfMonth}.time_since_epoch().count() + date.day - 1;
    return days * kDay + int64_t{date.hour} * 3600 + int64_t{date.minute} * 60 + date.second;
}

uint8_t Encoding::number(unsigned value) const
{
    return static_cast<uint8_t>(binary ? value : value / 10 % 10 * 16 + value % 10);
}

unsigned Encoding::value(uint8_t number) const
{
    return binary ? number : static_cast<unsigned>(number / 16 * 10 + number % 16);
}

uint8_t Encoding::hour(unsigned value) const
{
    if (hours24)
        return number(value);
    const uint8_t pm = value >= 12 ? kPm : 0;
    return number(value % 12 == 0 ? 12 : value % 12) | pm;
}

unsigned Encoding::hourValue(uint8_t number) const
{
    if (hours24)
        return value(number);
    const unsigned hour = value(number & ~kPm & 0xff);
    if (hour < 1 || hour > 12)
        return 24; // no such hour
    return hour % 12 + ((number & kPm) != 0 ? 12 : 0);
}

std::optional<int64_t> Alarm::next(int64_t seconds) const
{
    if (second.value_or(0) > 59 || minute.value_or(0) > 59 || hour.value_or(0) > 23)
        return std::nullopt;
    int64_t at = seconds + 1;
    for (const int64_t limit = at + kDay; at < limit;) {
        const int64_t inDay = at - floorDivide(at, kDay) * kDay;
        if (hour && inDay / 3600 != *hour)
            at += 3600 - inDay % 3600;
        else if (minute && inDay / 60 % 60 != *minute)
            at += 60 - inDay % 60;
        else if (second && inDay % 60 != *second)
            at += 1;
        else
            return at;
    }
    return std::nullopt;
}

} // namespace vmm::chipset::rtc
