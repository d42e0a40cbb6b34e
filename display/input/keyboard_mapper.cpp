// SPDX-License-Identifier: GPL-3.0-or-later
// Scan codes, pressed keys and host chords. evdev codes as in linux/input-event-codes.h.
#include "display/input/keyboard_mapper.h"

#include <algorithm>

#include <linux/input-event-codes.h>

#include "display/input/key_table.h"

namespace display::input {

namespace {

/// X11 keycodes are 8-255; the guest's keyboards know evdev codes below 248.
constexpr quint32 kScanCodeOffset = 8;
constexpr quint32 kLastScanCode = 255;

bool isEnter(uint16_t code)
{
    return code == KEY_ENTER || code == KEY_KPENTER;
}

} // namespace

ScanCodes scanCodesOf(const QString& platformName)
{
    const bool known =
        platformName == QLatin1String("xcb") || platformName.startsWith(QLatin1String("wayland"));
    return known ? ScanCodes::EvdevPlus8 : ScanCodes::None;
}

bool isModifierKey(int key)
{
    return key == Qt::Key_Shift || key == Qt::Key_Control || key == Qt::Key_Alt ||
           key == Qt::Key_AltGr || key == Qt::Key_Meta || key == Qt::Key_Super_L ||
           key == Qt::Key_Super_R || key == Qt::Key_Hyper_L || key == Qt::Key_Hyper_R;
}

void KeyboardMapper::setSink(core::KeyboardSink* sink)
{
    releaseAll();
    m_sink = sink;
}

uint16_t KeyboardMapper::codeOf(const QKeyEvent& event) const
{
    const quint32 scanCode = event.nativeScanCode();
    if (m_scanCodes == ScanCodes::EvdevPlus8 && scanCode > kScanCodeOffset &&
        scanCode <= kLastScanCode)
        return static_cast<uint16_t>(scanCode - kScanCodeOffset);
    return evdevCodeOf(static_cast<Qt::Key>(event.key()), event.modifiers());
}

void KeyboardMapper::setKept(const QStringList& chords)
{
    m_kept.clear();
    for (const QString& chord : chords) {
        const auto keys = QKeySequence::fromString(chord, QKeySequence::PortableText);
        if (keys.count() == 1) // what cannot be read is none
            m_kept.push_back(keys);
    }
}

HostChord KeyboardMapper::chordOf(uint16_t code, const QKeyEvent& event) const
{
    const bool chordKeys = isDown(KEY_LEFTCTRL) && isDown(KEY_LEFTALT);
    if (isEnter(code) && chordKeys)
        return HostChord::FullScreen;
    if (code == KEY_V && chordKeys)
        return HostChord::Type;
    const QKeySequence pressed(event.keyCombination());
    const bool kept = std::find(m_kept.begin(), m_kept.end(), pressed) != m_kept.end();
    return kept ? HostChord::Kept : HostChord::None;
}

HostChord KeyboardMapper::press(const QKeyEvent& event)
{
    const uint16_t code = codeOf(event);
    if (code == 0 || m_swallowed.contains(code))
        return HostChord::None;
    // A repeat of a key that was pressed elsewhere is not ours: the guest never saw it go down.
    if (event.isAutoRepeat() && !m_down.contains(code))
        return HostChord::None;
    if (const HostChord chord = chordOf(code, event); chord != HostChord::None) {
        m_swallowed.insert(code);
        m_chordOpen = false;
        return chord;
    }
    const bool fresh = m_down.insert(code).second;
    if (fresh)
        noteForChord(code);
    if (fresh || event.isAutoRepeat())
        send(code, true);
    return HostChord::None;
}

HostChord KeyboardMapper::release(const QKeyEvent& event)
{
    // X11 makes of each repeat a release and a press; the key has not moved.
    if (event.isAutoRepeat())
        return HostChord::None;
    const uint16_t code = codeOf(event);
    if (m_swallowed.erase(code) > 0 || m_down.erase(code) == 0)
        return HostChord::None;
    send(code, false);
    if (m_chordOpen && (code == KEY_LEFTCTRL || code == KEY_LEFTALT)) {
        m_chordOpen = false;
        return HostChord::Release;
    }
    return HostChord::None;
}

void KeyboardMapper::noteForChord(uint16_t code)
{
    const bool isModifier = code == KEY_LEFTCTRL || code == KEY_LEFTALT;
    m_chordOpen = isModifier && m_down.size() == 2 && isDown(KEY_LEFTCTRL) && isDown(KEY_LEFTALT);
}

void KeyboardMapper::releaseAll()
{
    for (const uint16_t code : m_down)
        send(code, false);
    m_down.clear();
    m_swallowed.clear();
    m_chordOpen = false;
}

void KeyboardMapper::send(uint16_t code, bool down) const
{
    if (m_sink)
        m_sink->key({code, down});
}

} // namespace display::input
