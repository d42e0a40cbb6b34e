// SPDX-License-Identifier: GPL-3.0-or-later
// The table of key names (linux/input-event-codes.h) and the US layout (ISO/IEC 9995-3 annex, as on
// every PC keyboard sold in the USA).
#include "app/session/keys.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include <linux/input-event-codes.h>

namespace app::session {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::input::KeyEvent;

namespace {

struct NamedKey {
    std::string_view name;
    uint16_t code;
};

// Sorted by name.
constexpr auto kKeys = std::to_array<NamedKey>({
    {"'", KEY_APOSTROPHE},
    {",", KEY_COMMA},
    {"-", KEY_MINUS},
    {".", KEY_DOT},
    {"/", KEY_SLASH},
    {"0", KEY_0},
    {"1", KEY_1},
    {"2", KEY_2},
    {"3", KEY_3},
    {"4", KEY_4},
    {"5", KEY_5},
    {"6", KEY_6},
    {"7", KEY_7},
    {"8", KEY_8},
    {"9", KEY_9},
    {";", KEY_SEMICOLON},
    {"=", KEY_EQUAL},
    {"[", KEY_LEFTBRACE},
    {"\\", KEY_BACKSLASH},
    {"]", KEY_RIGHTBRACE},
    {"`", KEY_GRAVE},
    {"a", KEY_A},
    {"alt", KEY_LEFTALT},
    {"altgr", KEY_RIGHTALT},
    {"apostrophe", KEY_APOSTROPHE},
    {"b", KEY_B},
    {"backslash", KEY_BACKSLASH},
    {"backspace", KEY_BACKSPACE},
    {"c", KEY_C},
    {"caps-lock", KEY_CAPSLOCK},
    {"capslock", KEY_CAPSLOCK},
    {"comma", KEY_COMMA},
    {"control", KEY_LEFTCTRL},
    {"ctrl", KEY_LEFTCTRL},
    {"d", KEY_D},
    {"del", KEY_DELETE},
    {"delete", KEY_DELETE},
    {"dot", KEY_DOT},
    {"down", KEY_DOWN},
    {"e", KEY_E},
    {"end", KEY_END},
    {"enter", KEY_ENTER},
    {"equal", KEY_EQUAL},
    {"esc", KEY_ESC},
    {"escape", KEY_ESC},
    {"f", KEY_F},
    {"f1", KEY_F1},
    {"f10", KEY_F10},
    {"f11", KEY_F11},
    {"f12", KEY_F12},
    {"f13", KEY_F13},
    {"f14", KEY_F14},
    {"f15", KEY_F15},
    {"f16", KEY_F16},
    {"f17", KEY_F17},
    {"f18", KEY_F18},
    {"f19", KEY_F19},
    {"f2", KEY_F2},
    {"f20", KEY_F20},
    {"f21", KEY_F21},
    {"f22", KEY_F22},
    {"f23", KEY_F23},
    {"f24", KEY_F24},
    {"f3", KEY_F3},
    {"f4", KEY_F4},
    {"f5", KEY_F5},
    {"f6", KEY_F6},
    {"f7", KEY_F7},
    {"f8", KEY_F8},
    {"f9", KEY_F9},
    {"g", KEY_G},
    {"grave", KEY_GRAVE},
    {"h", KEY_H},
    {"home", KEY_HOME},
    {"i", KEY_I},
    {"insert", KEY_INSERT},
    {"iso", KEY_102ND},
    {"j", KEY_J},
    {"k", KEY_K},
    {"kp-0", KEY_KP0},
    {"kp-1", KEY_KP1},
    {"kp-2", KEY_KP2},
    {"kp-3", KEY_KP3},
    {"kp-4", KEY_KP4},
    {"kp-5", KEY_KP5},
    {"kp-6", KEY_KP6},
    {"kp-7", KEY_KP7},
    {"kp-8", KEY_KP8},
    {"kp-9", KEY_KP9},
    {"kp-divide", KEY_KPSLASH},
    {"kp-dot", KEY_KPDOT},
    {"kp-enter", KEY_KPENTER},
    {"kp-minus", KEY_KPMINUS},
    {"kp-multiply", KEY_KPASTERISK},
    {"kp-plus", KEY_KPPLUS},
    {"l", KEY_L},
    {"left", KEY_LEFT},
    {"left-bracket", KEY_LEFTBRACE},
    {"m", KEY_M},
    {"menu", KEY_COMPOSE},
    {"meta", KEY_LEFTMETA},
    {"minus", KEY_MINUS},
    {"mute", KEY_MUTE},
    {"n", KEY_N},
    {"num-lock", KEY_NUMLOCK},
    {"numlock", KEY_NUMLOCK},
    {"o", KEY_O},
    {"p", KEY_P},
    {"page-down", KEY_PAGEDOWN},
    {"page-up", KEY_PAGEUP},
    {"pagedown", KEY_PAGEDOWN},
    {"pageup", KEY_PAGEUP},
    {"pause", KEY_PAUSE},
    {"print", KEY_SYSRQ},
    {"print-screen", KEY_SYSRQ},
    {"q", KEY_Q},
    {"r", KEY_R},
    {"return", KEY_ENTER},
    {"right", KEY_RIGHT},
    {"right-alt", KEY_RIGHTALT},
    {"right-bracket", KEY_RIGHTBRACE},
    {"right-ctrl", KEY_RIGHTCTRL},
    {"right-meta", KEY_RIGHTMETA},
    {"right-shift", KEY_RIGHTSHIFT},
    {"s", KEY_S},
    {"scroll-lock", KEY_SCROLLLOCK},
    {"scrolllock", KEY_SCROLLLOCK},
    {"semicolon", KEY_SEMICOLON},
    {"shift", KEY_LEFTSHIFT},
    {"slash", KEY_SLASH},
    {"space", KEY_SPACE},
    {"super", KEY_LEFTMETA},
    {"sysrq", KEY_SYSRQ},
    {"t", KEY_T},
    {"tab", KEY_TAB},
    {"u", KEY_U},
    {"up", KEY_UP},
    {"v", KEY_V},
    {"volume-down", KEY_VOLUMEDOWN},
    {"volume-up", KEY_VOLUMEUP},
    {"w", KEY_W},
    {"win", KEY_LEFTMETA},
    {"x", KEY_X},
    {"y", KEY_Y},
    {"z", KEY_Z},
});

constexpr bool byName(const NamedKey& a, const NamedKey& b)
{
    return a.name < b.name;
}
static_assert(std::is_sorted(kKeys.begin(), kKeys.end(), byName));

/// What the keys of the US layout give, unshifted and shifted, by the unshifted key's name.
constexpr std::string_view kPlain = "`1234567890-=[]\\;',./";
constexpr std::string_view kShifted = "~!@#$%^&*()_+{}|:\"<>?";
static_assert(kPlain.size() == kShifted.size());

struct Stroke {
    uint16_t code;
    bool shift;
};

std::string lowerCase(std::string_view text)
{
    std::string lower(text);
    for (char& c : lower)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return lower;
}

std::optional<Stroke> strokeFor(char c)
{
    if (c == '\n' || c == '\r')
        return Stroke{KEY_ENTER, false};
    if (c == '\t')
        return Stroke{KEY_TAB, false};
    if (c == ' ')
        return Stroke{KEY_SPACE, false};
    if (c == '\b')
        return Stroke{KEY_BACKSPACE, false};
    if (c == '\x1b')
        return Stroke{KEY_ESC, false};
    const size_t shifted = kShifted.find(c);
    const bool capital = c >= 'A' && c <= 'Z';
    const char key = shifted != std::string_view::npos ? kPlain[shifted] : c;
    // Control characters and bytes of other alphabets are no key's name.
    if (const auto code = keyNamed(std::string_view(&key, 1)))
        return Stroke{*code, capital || shifted != std::string_view::npos};
    return std::nullopt;
}

/// The whole character at the start of `rest`, for the error message; control bytes in hexadecimal.
std::string characterAt(std::string_view rest)
{
    size_t length = 1;
    while (length < rest.size() && length < 4 &&
           (static_cast<uint8_t>(rest[length]) & 0xc0) == 0x80)
        ++length;
    if (static_cast<uint8_t>(rest[0]) >= 0x20 && rest[0] != 0x7f)
        return std::string(rest.substr(0, length));
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "\\x%02x", static_cast<unsigned>(rest[0]) & 0xff);
    return text.data();
}

bool isSeparator(char c)
{
    return c == '-' || c == '+';
}

/// Takes the longest key name off the front of `rest`; hyphens separate and occur in names.
std::optional<uint16_t> takeKey(std::string_view& rest)
{
    std::optional<uint16_t> found;
    size_t taken = 0;
    for (size_t length = 1; length <= rest.size(); ++length) {
        if (length < rest.size() && !isSeparator(rest[length]))
            continue;
        if (const auto code = keyNamed(rest.substr(0, length))) {
            found = code;
            taken = length;
        }
    }
    rest.remove_prefix(taken);
    return found;
}

Error unknownKey(std::string_view chord, std::string_view rest)
{
    const std::string key(rest.substr(0, rest.find_first_of("-+", 1)));
    return {ErrorCode::Invalid,
            "there is no key \"" + key + "\" in \"" + std::string(chord) +
                "\"; keys are named like a, f10, enter, page-up, ctrl-alt-delete"};
}

} // namespace

std::optional<uint16_t> keyNamed(std::string_view name)
{
    const std::string lower = lowerCase(name);
    const auto* key = std::lower_bound(kKeys.begin(), kKeys.end(), NamedKey{lower, 0}, byName);
    if (key == kKeys.end() || key->name != lower)
        return std::nullopt;
    return key->code;
}

std::vector<std::string_view> keyNames()
{
    std::vector<std::string_view> names;
    for (const NamedKey& key : kKeys)
        names.push_back(key.name);
    return names;
}

Result<std::vector<KeyEvent>> chordEvents(std::string_view chord)
{
    std::vector<KeyEvent> events;
    std::string_view rest = chord;
    do {
        const auto code = takeKey(rest);
        if (!code)
            return unknownKey(chord, rest);
        events.push_back({*code, true});
        if (events.size() > kMaxChordKeys)
            return Error(ErrorCode::Invalid, "too many keys in one chord");
        if (rest.empty())
            break;
        rest.remove_prefix(1); // the separator
    } while (true);
    for (size_t i = events.size(); i-- > 0;)
        events.push_back({events[i].code, false});
    return events;
}

Result<std::vector<KeyEvent>> textEvents(std::string_view text)
{
    if (text.size() > kMaxTypedCharacters)
        return Error(ErrorCode::Invalid, "the text is too long to be typed; the limit is " +
                                             std::to_string(kMaxTypedCharacters) + " characters");
    std::vector<KeyEvent> events;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto stroke = strokeFor(text[i]);
        if (!stroke)
            return Error(ErrorCode::Invalid, "the character \"" + characterAt(text.substr(i)) +
                                                 "\" is not on a US keyboard");
        if (stroke->shift)
            events.push_back({KEY_LEFTSHIFT, true});
        events.push_back({stroke->code, true});
        events.push_back({stroke->code, false});
        if (stroke->shift)
            events.push_back({KEY_LEFTSHIFT, false});
    }
    return events;
}

Result<void> typable(std::string_view text)
{
    constexpr size_t kNamed = 5;
    std::vector<std::string> missing;
    for (size_t i = 0; i < text.size();) {
        if (strokeFor(text[i])) {
            ++i;
            continue;
        }
        const std::string character = characterAt(text.substr(i));
        do
            ++i; // the rest of the character, too
        while (i < text.size() && (static_cast<uint8_t>(text[i]) & 0xc0) == 0x80);
        if (std::find(missing.begin(), missing.end(), character) == missing.end())
            missing.push_back(character);
    }
    if (missing.empty())
        return {};
    std::string list;
    for (size_t i = 0; i < std::min(missing.size(), kNamed); ++i)
        list += (i == 0 ? "" : " ") + missing[i];
    return Error(ErrorCode::Invalid, "the text cannot be typed on a US keyboard, which does not "
                                     "have: " +
                                         list + (missing.size() > kNamed ? " ..." : ""));
}

} // namespace app::session
