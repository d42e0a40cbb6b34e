// SPDX-License-Identifier: GPL-3.0-or-later
// WaylandShortcuts: keyboard-shortcuts-inhibit-unstable-v1 beside Qt's connection.
#pragma once

#include <cstdint>

#include "display/input/shortcut_grab.h"

struct wl_registry;
struct wl_seat;
struct wl_surface;
struct zwp_keyboard_shortcuts_inhibit_manager_v1;
struct zwp_keyboard_shortcuts_inhibitor_v1;

namespace display::input {

/// The objects live in the default queue of Qt's wl_display, which Qt dispatches on the GUI thread:
/// nothing is waited for here. What was taken before the compositor has named its globals is asked
/// for when it does.
class WaylandShortcuts final : public ShortcutGrab {
public:
    explicit WaylandShortcuts(std::function<void()> changed);
    ~WaylandShortcuts() override;

    void take(QWindow& window) override;
    void give() override;
    /// No client may press keys: only gives.
    bool hand(unsigned int) override
    {
        give();
        return false;
    }

private:
    static void appeared(void* self, wl_registry* registry, uint32_t name, const char* interface,
                         uint32_t version);
    static void vanished(void* self, wl_registry* registry, uint32_t name);
    void inhibit();
    void stop();

    wl_registry* m_registry = nullptr;
    wl_seat* m_seat = nullptr;       // Qt's
    wl_surface* m_surface = nullptr; // the window's, while it is wanted
    zwp_keyboard_shortcuts_inhibit_manager_v1* m_manager = nullptr;
    zwp_keyboard_shortcuts_inhibitor_v1* m_inhibitor = nullptr;
};

} // namespace display::input
