// SPDX-License-Identifier: GPL-3.0-or-later
// Media newer than the database. Labels of one distribution differ in the version alone, so the
// label is looked up once more with each number in it replaced by the version of an older system:
// "Debian 12.5.0 amd64 n" is nothing the database of 2022 knows, "Debian 11.5.0 amd64 n" is. The
// newest system that is found this way, and that is older than the medium, comes closest.
#include <algorithm>
#include <optional>

#include <gio/gio.h>
extern "C" { // libosinfo's headers do not say it themselves; GLib's have templates for C++
#include <osinfo/osinfo.h>
}

#include "app/os/database_internals.h"

namespace app::os {

namespace {

using Version = std::vector<unsigned>;
constexpr size_t kMostDigits = 6;
constexpr size_t kMostNumbers = 6; // in one label

bool isDigit(char letter)
{
    return letter >= '0' && letter <= '9';
}

/// "22.04" as {22, 4}; empty when it is anything else.
Version parseVersion(const std::string& text)
{
    Version version;
    size_t at = 0;
    while (at < text.size()) {
        size_t end = at;
        while (end < text.size() && isDigit(text[end]))
            ++end;
        if (end == at || end - at > kMostDigits)
            return {};
        version.push_back(static_cast<unsigned>(std::stoul(text.substr(at, end - at))));
        if (end < text.size() && (text[end] != '.' || end + 1 == text.size()))
            return {};
        at = end + 1;
    }
    return version;
}

/// A number in a label: where it is, and its parts between dots.
struct Number {
    size_t begin = 0;
    std::vector<std::string> parts;

    /// The first `count` parts as they stand.
    std::string head(size_t count) const
    {
        std::string text;
        for (size_t i = 0; i < count; ++i)
            text += (i > 0 ? "." : "") + parts[i];
        return text;
    }
};

std::vector<Number> numbersIn(const std::string& label)
{
    std::vector<Number> numbers;
    for (size_t at = 0; at < label.size() && numbers.size() < kMostNumbers;) {
        if (!isDigit(label[at])) {
            ++at;
            continue;
        }
        Number number{at, {}};
        for (;;) {
            const size_t begin = at;
            while (at < label.size() && isDigit(label[at]))
                ++at;
            number.parts.push_back(label.substr(begin, at - begin));
            if (at + 1 >= label.size() || label[at] != '.' || !isDigit(label[at + 1]))
                break;
            ++at;
        }
        numbers.push_back(std::move(number));
    }
    return numbers;
}

/// The label with the number's first parts replaced by an older system's version; empty when that
/// system is not older.
std::string withVersion(const std::string& label, const Number& number, const OsFacts& os)
{
    const Version older = parseVersion(os.version);
    if (older.empty() || older.size() > number.parts.size())
        return {};
    const std::string head = number.head(older.size());
    const Version ours = parseVersion(head);
    if (ours.empty() || ours <= older)
        return {};
    return label.substr(0, number.begin) + os.version + label.substr(number.begin + head.size());
}

bool isMediumOf(OsinfoOs* os, OsinfoMedia* medium)
{
    const Ref<OsinfoMediaList> list(osinfo_os_get_media_list(os));
    const int count = list != nullptr ? osinfo_list_get_length(OSINFO_LIST(list.get())) : 0;
    for (int i = 0; i < count; ++i)
        if (osinfo_media_matches(medium,
                                 OSINFO_MEDIA(osinfo_list_get_nth(OSINFO_LIST(list.get()), i))))
            return true;
    return false;
}

constexpr size_t kShortestName = 5;      // "ol" and "alt" are in too many words
constexpr size_t kMostVersionDigits = 4; // more are a date

/// Letters alone, in lower case: "ARCH LINUX LIVE/RESCUE" holds "archlinux".
std::string lettersOf(const std::string& text)
{
    std::string letters;
    for (const char letter : text)
        if ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z')
            letters += static_cast<char>(letter | 0x20);
    return letters;
}

/// The first number that is a word of its own, so not the 64 of amd64.
std::optional<Number> versionIn(const std::string& text)
{
    for (const Number& number : numbersIn(text)) {
        const char before = number.begin > 0 ? text[number.begin - 1] : ' ';
        if ((before == ' ' || before == '-' || before == '\n') &&
            number.parts.front().size() <= kMostVersionDigits)
            return number;
    }
    return std::nullopt;
}

/// The longest name of a distribution that is in the text.
std::string distroIn(const OsDatabase::Private& database, const std::string& text)
{
    const std::string letters = lettersOf(text);
    std::string best;
    for (const OsFacts& facts : database.all) {
        std::string name = lettersOf(facts.distro);
        if (name == "alpinelinux")
            name = "alpine"; // its media leave the second word out
        if (name.size() >= kShortestName && facts.distro.size() > best.size() &&
            letters.find(name) != std::string::npos)
            best = facts.distro;
    }
    return best;
}

} // namespace

Nearest findByWords(const OsDatabase::Private& database, const std::string& text)
{
    Nearest best;
    const std::string distro = distroIn(database, text);
    const auto number = versionIn(text);
    for (const OsFacts& facts : database.all) {
        if (distro.empty() || facts.distro != distro)
            continue;
        const Version known = parseVersion(facts.version);
        if (known.empty() && best.os == nullptr)
            best.os = &facts; // what has no versions rolls on
        if (known.empty() || !number || known.size() > number->parts.size())
            continue;
        const std::string head = number->head(known.size());
        if (parseVersion(head) >= known &&
            (best.version.empty() || known > parseVersion(best.os->version))) {
            best.os = &facts;
            best.version = head;
        }
    }
    return best;
}

Nearest findNearest(const OsDatabase::Private& database, const VolumeDescriptors& volume)
{
    Nearest best;
    VolumeDescriptors matched;
    for (const Number& number : numbersIn(volume.volume))
        for (const OsFacts& facts : database.all) {
            VolumeDescriptors older = volume;
            older.volume = withVersion(volume.volume, number, facts);
            if (older.volume.empty() || (best.os != nullptr && parseVersion(facts.version) <=
                                                                   parseVersion(best.os->version)))
                continue;
            if (!isMediumOf(database.os(facts.id), newMedium(older).get()))
                continue;
            best.os = &facts;
            best.version = number.head(parseVersion(facts.version).size());
            matched = std::move(older);
        }
    if (best.os != nullptr)
        best.medium = identifyMedium(database, matched);
    return best.medium != nullptr ? std::move(best) : Nearest{};
}

} // namespace app::os
