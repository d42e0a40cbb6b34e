// SPDX-License-Identifier: GPL-3.0-or-later
// X11's grab, and which platform has what.
#include "display/input/shortcut_grab.h"

#include <utility>

#include <QGuiApplication>
#include <QPointer>
#include <QTimer>
#include <QWindow>
#include <xcb/xtest.h>

#include "display/input/wayland_shortcuts.h"

namespace display::input {

namespace {

class NoGrab final : public ShortcutGrab {
public:
    explicit NoGrab(std::function<void()> changed) : ShortcutGrab(std::move(changed)) {}
    void take(QWindow&) override {}
    void give() override {}
    bool hand(unsigned int) override { return false; }
};

/// XGrabKeyboard. Another client may have it for a moment, as a window manager does while it shows
/// its list of windows; so it is asked for again a few times.
class X11Grab final : public ShortcutGrab {
public:
    explicit X11Grab(std::function<void()> changed) : ShortcutGrab(std::move(changed))
    {
        constexpr int kPause = 200; // milliseconds
        m_again.setInterval(kPause);
        m_again.callOnTimeout([this] { tryOnce(); });
    }
    ~X11Grab() override { release(); }

    void take(QWindow& window) override
    {
        if (held() || m_again.isActive())
            return;
        m_window = &window;
        m_tries = 0;
        tryOnce();
    }
    void give() override
    {
        release();
        setHeld(false);
    }
    bool hand(unsigned int scanCode) override
    {
        give();
        const auto* x11 = qApp->nativeInterface<QNativeInterface::QX11Application>();
        if (x11 == nullptr || scanCode > UINT8_MAX)
            return false;
        xcb_connection_t* connection = x11->connection();
        for (const uint8_t type : {uint8_t{XCB_KEY_RELEASE}, uint8_t{XCB_KEY_PRESS}})
            xcb_test_fake_input(connection, type, static_cast<uint8_t>(scanCode), XCB_CURRENT_TIME,
                                XCB_WINDOW_NONE, 0, 0, 0);
        return xcb_flush(connection) > 0;
    }

private:
    void tryOnce()
    {
        constexpr int kMost = 10;
        const bool taken = m_window && m_window->setKeyboardGrabEnabled(true);
        if (taken || ++m_tries >= kMost)
            m_again.stop();
        else
            m_again.start();
        setHeld(taken);
    }
    void release()
    {
        m_again.stop();
        if (held() && m_window)
            m_window->setKeyboardGrabEnabled(false);
    }

    QPointer<QWindow> m_window;
    QTimer m_again;
    int m_tries = 0;
};

} // namespace

void ShortcutGrab::setHeld(bool held)
{
    if (std::exchange(m_held, held) != held)
        m_changed();
}

std::unique_ptr<ShortcutGrab> ShortcutGrab::create(std::function<void()> changed)
{
    const QString platform = QGuiApplication::platformName();
    if (platform == QLatin1String("xcb"))
        return std::make_unique<X11Grab>(std::move(changed));
    if (platform.startsWith(QLatin1String("wayland")))
        return std::make_unique<WaylandShortcuts>(std::move(changed));
    return std::make_unique<NoGrab>(std::move(changed));
}

} // namespace display::input
