// SPDX-License-Identifier: GPL-3.0-or-later
// KeyboardMapper: the window's key events as the guest's, by place on the keyboard.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include <QKeyEvent>
#include <QKeySequence>
#include <QString>
#include <QStringList>

#include "display/core/input_sinks.h"

namespace display::input {

/// What QKeyEvent::nativeScanCode() means on this platform. EvdevPlus8: X11 keycode, on xcb and
/// Wayland the evdev code plus 8. None: it says nothing, keys are found by name.
enum class ScanCodes { None, EvdevPlus8 };

/// The meaning on the Qt platform `name` ("xcb", "wayland", "offscreen", "vnc", ...).
ScanCodes scanCodesOf(const QString& platformName);

/// Shift, Ctrl, Alt, Super and their like.
bool isModifierKey(int key);

/// What a key event was beside being sent to the guest.
enum class HostChord {
    None,
    Release,    ///< left Ctrl and left Alt were pressed and let go with nothing in between
    FullScreen, ///< Ctrl+Alt+Enter; the Enter is not sent to the guest
    Type,       ///< Ctrl+Alt+V, likewise: the clipboard's text is to be typed
    Kept,       ///< one of setKept(), likewise
};

/// Turns key events into KeyboardSink calls: by scan code, so independent of the layout; each key
/// goes down once until it goes up (auto-repeat is passed on as repeats); keys pressed elsewhere
/// are never let go here, and releaseAll() leaves no key down. GUI thread only. The sink outlives
/// it or is set to null first.
class KeyboardMapper {
public:
    explicit KeyboardMapper(ScanCodes scanCodes) : m_scanCodes(scanCodes) {}

    /// Keys that are down are let go in the old sink.
    void setSink(core::KeyboardSink* sink);
    /// Chords that are none of the guest's business: "Alt+Tab", as QKeySequence's portable text.
    void setKept(const QStringList& chords);
    HostChord press(const QKeyEvent& event);
    HostChord release(const QKeyEvent& event);
    /// Lets every key go: the focus is lost, the machine stops.
    void releaseAll();

    bool anyDown() const { return !m_down.empty(); }
    bool isDown(uint16_t code) const { return m_down.contains(code); }

private:
    uint16_t codeOf(const QKeyEvent& event) const;
    void noteForChord(uint16_t code);
    void send(uint16_t code, bool down) const;

    HostChord chordOf(uint16_t code, const QKeyEvent& event) const;

    ScanCodes m_scanCodes;
    std::vector<QKeySequence> m_kept;
    core::KeyboardSink* m_sink = nullptr;
    std::set<uint16_t> m_down;
    std::set<uint16_t> m_swallowed; // pressed as part of a host chord: their release is ours too
    bool m_chordOpen = false;       // Ctrl and Alt are down and nothing else came
};

} // namespace display::input
