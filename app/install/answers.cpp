// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/install/answers.h"

#include <algorithm>
#include <string_view>

namespace app::install {

namespace {

constexpr size_t kMostText = 256;
constexpr size_t kMostHostNameOfWindows = 15; // NetBIOS
constexpr size_t kMostHostName = 63;          // RFC 1123
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

vmm::Error wrong(std::string sentence)
{
    return vmm::Error(vmm::ErrorCode::Invalid, std::move(sentence));
}

bool consistsOf(std::string_view text, std::initializer_list<std::string_view> sets)
{
    return std::all_of(text.begin(), text.end(), [&sets](char letter) {
        return std::any_of(sets.begin(), sets.end(), [letter](std::string_view set) {
            return set.find(letter) != std::string_view::npos;
        });
    });
}

bool hasAny(std::string_view text, std::string_view letters)
{
    return text.find_first_of(letters) != std::string_view::npos;
}

/// The length of the UTF-8 sequence (RFC 3629) at the front of `text`; 0 when it is none.
size_t sequenceLength(std::string_view text)
{
    const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
    if (byte(0) < 0x80)
        return 1;
    const size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
    if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length)
        return 0;
    for (size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xc0) != 0x80)
            return 0;
    const bool tooLong = (byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xf0 && byte(1) < 0x90);
    const bool surrogate = byte(0) == 0xed && byte(1) > 0x9f;
    const bool tooHigh = byte(0) == 0xf4 && byte(1) > 0x8f;
    // C1 controls and the two separators end a line for some readers.
    const bool control =
        (byte(0) == 0xc2 && byte(1) < 0xa0) ||
        (length == 3 && text.substr(0, 2) == "\xe2\x80" && (byte(2) == 0xa8 || byte(2) == 0xa9));
    return tooLong || surrogate || tooHigh || control ? 0 : length;
}

/// One line of UTF-8 without control characters, blanks around it, or too much of it.
bool isLine(std::string_view text)
{
    if (text.size() > kMostText || (!text.empty() && (text.front() == ' ' || text.back() == ' ')))
        return false;
    while (!text.empty()) {
        const size_t length = sequenceLength(text);
        if (length == 0 || static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7f)
            return false;
        text.remove_prefix(length);
    }
    return true;
}

vmm::Result<void> checkLines(const ExpressAnswers& answers)
{
    struct Row {
        const char* what;
        const std::string& text;
    };
    for (const Row& row :
         {Row{"user name", answers.user}, Row{"full name", answers.fullName},
          Row{"password", answers.password}, Row{"computer's name", answers.hostName}})
        if (!isLine(row.text))
            return wrong(std::string("the ") + row.what +
                         " may not hold control characters, start or end with a blank, or be "
                         "longer than 256 bytes");
    return {};
}

/// useradd(8): what each distribution accepts.
bool isUnixUser(std::string_view user)
{
    return user.size() <= 32 && consistsOf(user, {kLower, kDigits, "_-"}) &&
           consistsOf(user.substr(0, 1), {kLower, "_"}) && user != "root";
}

vmm::Result<void> checkUser(const ExpressAnswers& answers, os::ScriptKind kind)
{
    if (answers.user.empty())
        return wrong("the installation needs a user name");
    if (answers.password.empty())
        return wrong("the installation needs a password");
    if (kind == os::ScriptKind::Unattend) {
        if (answers.user.size() > 20 || hasAny(answers.user, "\"/\\[]:;|=,+*?<>@%") ||
            answers.user.back() == '.')
            return wrong("Windows accepts user names of at most 20 letters without \" / \\ [ ] : ; "
                         "| = , + * ? < > @ %");
        return {};
    }
    if (!isUnixUser(answers.user))
        return wrong("the user name must be lower-case letters, digits, - and _, start with a "
                     "letter and have at most 32 of them; root is taken");
    if (hasAny(answers.fullName, ":,=\\\"'"))
        return wrong("the full name may not hold : , = \\ or quotes");
    return {};
}

vmm::Result<void> checkHostName(const std::string& name, os::ScriptKind kind)
{
    const size_t most = kind == os::ScriptKind::Unattend ? kMostHostNameOfWindows : kMostHostName;
    if (name.empty() || name.size() > most || name.front() == '-' || name.back() == '-' ||
        !consistsOf(name, {kLower, kUpper, kDigits, "-"}))
        return wrong("the computer's name must be letters, digits and -, at most " +
                     std::to_string(most) + " of them");
    return {};
}

vmm::Result<void> checkPlace(const ExpressAnswers& answers)
{
    if (answers.language.empty() || answers.language.size() > 32 ||
        !consistsOf(answers.language, {kLower, kUpper, kDigits, "_@"}))
        return wrong("the language must be a locale such as en_US");
    if (answers.keyboard.empty() || answers.keyboard.size() > 32 ||
        !consistsOf(answers.keyboard, {kLower, kUpper, kDigits, "_-"}))
        return wrong("the keyboard must be a layout such as us");
    if (answers.timeZone.empty() || answers.timeZone.size() > 64 ||
        answers.timeZone.find("..") != std::string::npos || answers.timeZone.front() == '/' ||
        !consistsOf(answers.timeZone, {kLower, kUpper, kDigits, "_+-/"}))
        return wrong("the time zone must be a name such as Europe/Berlin");
    return {};
}

/// RFC 3986, without a user: a script's file is no place for one more password.
vmm::Result<void> checkProxy(const std::string& proxy, os::ScriptKind kind)
{
    constexpr std::string_view kHttp = "http://";
    if (proxy.empty())
        return {};
    if (kind != os::ScriptKind::Preseed)
        return wrong("a proxy can be given for Debian and Ubuntu only");
    if (proxy.size() > kMostText || proxy.substr(0, kHttp.size()) != kHttp ||
        proxy.size() == kHttp.size() ||
        !consistsOf(proxy.substr(kHttp.size()), {kLower, kUpper, kDigits, ".-_:/[]"}))
        return wrong("the proxy must be an address such as http://proxy.example:3128/");
    return {};
}

/// '$' in the format is a letter or a digit, everything else itself.
bool fits(std::string_view key, std::string_view format)
{
    return key.size() == format.size() &&
           std::equal(key.begin(), key.end(), format.begin(), [](char letter, char wanted) {
               return wanted == '$' ? consistsOf({&letter, 1}, {kUpper, kDigits})
                                    : letter == wanted;
           });
}

vmm::Result<std::string> productKey(const ExpressAnswers& answers, const ScriptFacts& script)
{
    std::string key = answers.productKey;
    std::transform(key.begin(), key.end(), key.begin(), [](char letter) {
        const size_t at = kLower.find(letter);
        return at != std::string_view::npos ? kUpper[at] : letter;
    });
    if (key.empty() && script.needsProductKey)
        return wrong("this operating system needs a product key to be installed without questions");
    if (!key.empty() && (key.size() > 64 || !consistsOf(key, {kUpper, kDigits, "-"}) ||
                         (!script.productKeyFormat.empty() && !fits(key, script.productKeyFormat))))
        return wrong("the product key must look like " +
                     (script.productKeyFormat.empty() ? std::string("letters, digits and -")
                                                      : script.productKeyFormat) +
                     ", with a letter or a digit for each $");
    return key;
}

/// Kickstart's %post is a shell script that has the password in single quotes, and gives it to
/// echo, which takes "-n" for an option.
vmm::Result<std::string> shellQuoted(const std::string& text)
{
    if (text.front() == '-')
        return wrong("the password may not start with - for this operating system");
    std::string quoted;
    for (const char letter : text)
        quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    return quoted;
}

/// A preseed file has no quotes: a backslash at the end would join two lines.
vmm::Result<std::string> preseedLine(const std::string& text)
{
    if (text.back() == '\\')
        return wrong("the password may not end with \\ for this operating system");
    return text;
}

vmm::Result<std::string> quotedPassword(const std::string& password, os::ScriptKind kind)
{
    switch (kind) {
    case os::ScriptKind::Preseed:
        return preseedLine(password);
    case os::ScriptKind::Kickstart:
        return shellQuoted(password);
    case os::ScriptKind::Autoyast:
    case os::ScriptKind::Unattend:
        return password; // XML, which libxslt escapes
    }
    return password;
}

} // namespace

std::string hostNameOf(std::string_view machine)
{
    std::string name;
    for (const char letter : machine) {
        if (name.size() == kMostHostNameOfWindows)
            break;
        if (consistsOf({&letter, 1}, {kLower, kUpper, kDigits}))
            name += letter;
        else if (!name.empty() && name.back() != '-')
            name += '-';
    }
    if (name.ends_with('-'))
        name.pop_back();
    return name.empty() ? "guest" : name;
}

vmm::Result<os::ScriptAnswers> scriptAnswers(const ExpressAnswers& answers,
                                             const ScriptFacts& script)
{
    TRY(checkLines(answers));
    TRY(checkUser(answers, script.kind));
    TRY(checkHostName(answers.hostName, script.kind));
    TRY(checkPlace(answers));
    TRY(checkProxy(answers.proxy, script.kind));
    os::ScriptAnswers made;
    made.user = answers.user;
    made.fullName = answers.fullName.empty() ? answers.user : answers.fullName;
    made.password = TRY(quotedPassword(answers.password, script.kind));
    made.hostName = answers.hostName;
    made.language = answers.language;
    made.keyboard = answers.keyboard;
    made.timeZone = answers.timeZone;
    made.productKey = TRY(productKey(answers, script));
    made.targetDisk = script.targetDisk;
    return made;
}

} // namespace app::install
