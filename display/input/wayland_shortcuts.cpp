// SPDX-License-Identifier: GPL-3.0-or-later
// The protocol, version 1: an inhibitor is asked for, and the compositor says when it is active;
// the person may end it there, too.
#include "display/input/wayland_shortcuts.h"

#include <cstring>
#include <utility>

#include <QGuiApplication>
#include <QWindow>
#include <qpa/qplatformnativeinterface.h>
#include <wayland-client.h>

#include "keyboard-shortcuts-inhibit-unstable-v1.h"

namespace display::input {

namespace {

/// Qt 6.4 has no public way to the objects of its connection.
template <class Object>
Object* ofApplication(const char* name)
{
    QPlatformNativeInterface* native = QGuiApplication::platformNativeInterface();
    return native == nullptr ? nullptr
                             : static_cast<Object*>(native->nativeResourceForIntegration(name));
}

} // namespace

WaylandShortcuts::WaylandShortcuts(std::function<void()> changed) : ShortcutGrab(std::move(changed))
{
    static constexpr wl_registry_listener kListener = {&WaylandShortcuts::appeared,
                                                       &WaylandShortcuts::vanished};
    auto* display = ofApplication<wl_display>("wl_display");
    m_seat = ofApplication<wl_seat>("wl_seat");
    if (display == nullptr || m_seat == nullptr)
        return; // not Qt's own plugin, or no keyboard
    m_registry = wl_display_get_registry(display);
    wl_registry_add_listener(m_registry, &kListener, this);
}

WaylandShortcuts::~WaylandShortcuts()
{
    stop();
    if (m_manager != nullptr)
        zwp_keyboard_shortcuts_inhibit_manager_v1_destroy(m_manager);
    if (m_registry != nullptr)
        wl_registry_destroy(m_registry);
}

void WaylandShortcuts::appeared(void* self, wl_registry* registry, uint32_t name,
                                const char* interface, uint32_t)
{
    auto& me = *static_cast<WaylandShortcuts*>(self);
    const wl_interface& wanted = zwp_keyboard_shortcuts_inhibit_manager_v1_interface;
    if (me.m_manager != nullptr || std::strcmp(interface, wanted.name) != 0)
        return;
    me.m_manager = static_cast<zwp_keyboard_shortcuts_inhibit_manager_v1*>(
        wl_registry_bind(registry, name, &wanted, 1));
    me.inhibit();
}

/// A global that is gone answers no more; the objects made of it stay valid.
void WaylandShortcuts::vanished(void*, wl_registry*, uint32_t) {}

void WaylandShortcuts::take(QWindow& window)
{
    QPlatformNativeInterface* native = QGuiApplication::platformNativeInterface();
    auto* surface =
        native == nullptr
            ? nullptr
            : static_cast<wl_surface*>(native->nativeResourceForWindow("surface", &window));
    if (surface == m_surface)
        return; // a second inhibitor for a surface is a protocol error
    give();
    m_surface = surface;
    inhibit();
}

void WaylandShortcuts::inhibit()
{
    static constexpr zwp_keyboard_shortcuts_inhibitor_v1_listener kListener = {
        [](void* self, zwp_keyboard_shortcuts_inhibitor_v1*) {
            static_cast<WaylandShortcuts*>(self)->setHeld(true);
        },
        [](void* self, zwp_keyboard_shortcuts_inhibitor_v1*) {
            static_cast<WaylandShortcuts*>(self)->setHeld(false);
        }};
    if (m_manager == nullptr || m_surface == nullptr || m_inhibitor != nullptr)
        return;
    m_inhibitor =
        zwp_keyboard_shortcuts_inhibit_manager_v1_inhibit_shortcuts(m_manager, m_surface, m_seat);
    zwp_keyboard_shortcuts_inhibitor_v1_add_listener(m_inhibitor, &kListener, this);
}

void WaylandShortcuts::stop()
{
    if (m_inhibitor != nullptr)
        zwp_keyboard_shortcuts_inhibitor_v1_destroy(std::exchange(m_inhibitor, nullptr));
    m_surface = nullptr;
}

void WaylandShortcuts::give()
{
    stop();
    setHeld(false);
}

} // namespace display::input
