// SPDX-License-Identifier: GPL-3.0-or-later
// ShortcutGrab: the desktop's own shortcuts for a window, while it has the keyboard.
#pragma once

#include <functional>
#include <memory>

class QWindow;

namespace display::input {

/// Asks the window system to leave its shortcuts to a window: X11 by grabbing the keyboard, Wayland
/// by keyboard-shortcuts-inhibit-unstable-v1. Elsewhere, and where it is refused, nothing happens.
/// GUI thread; never waits.
class ShortcutGrab {
public:
    /// What this platform has. `changed` is called when held() has changed, also by the compositor.
    static std::unique_ptr<ShortcutGrab> create(std::function<void()> changed);
    virtual ~ShortcutGrab() = default;
    ShortcutGrab(const ShortcutGrab&) = delete;
    ShortcutGrab& operator=(const ShortcutGrab&) = delete;

    /// Nothing new when it was taken already. The window outlives it, or give() comes first.
    virtual void take(QWindow& window) = 0;
    virtual void give() = 0;
    /// The keys held down now are the desktop's: gives the shortcuts back, and presses the key with
    /// this native scan code once more where clients may do that; else false. Modifiers stay as
    /// they are.
    virtual bool hand(unsigned int scanCode) = 0;
    bool held() const { return m_held; }

protected:
    explicit ShortcutGrab(std::function<void()> changed) : m_changed(std::move(changed)) {}
    void setHeld(bool held);

private:
    std::function<void()> m_changed;
    bool m_held = false;
};

} // namespace display::input
