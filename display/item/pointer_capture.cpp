// SPDX-License-Identifier: GPL-3.0-or-later
// Pointer capture by filtering the window's events.
#include "display/item/pointer_capture.h"

#include <algorithm>
#include <optional>

#include <QCursor>
#include <QGuiApplication>
#include <QMouseEvent>
#include <QWheelEvent>

namespace display::item {

namespace {

std::optional<core::PointerButton> guestButton(Qt::MouseButton button)
{
    switch (button) {
    case Qt::LeftButton:
        return core::PointerButton::Left;
    case Qt::RightButton:
        return core::PointerButton::Right;
    case Qt::MiddleButton:
        return core::PointerButton::Middle;
    case Qt::BackButton:
        return core::PointerButton::Side;
    case Qt::ForwardButton:
        return core::PointerButton::Extra;
    default:
        return std::nullopt;
    }
}

/// Only X11 lets a window take the pointer; elsewhere asking for it only warns.
bool canGrab()
{
    return QGuiApplication::platformName() == QLatin1String("xcb");
}

} // namespace

PointerCapture::~PointerCapture()
{
    stop();
}

void PointerCapture::start(core::PointerSink& sink, QPointF position)
{
    stop();
    m_window = m_item.window();
    if (!m_window)
        return;
    m_sink = &sink;
    m_wheel = {};
    m_down = {};
    m_motion.start(position, centre(), std::min(m_item.width(), m_item.height()) / 4);
    m_window->installEventFilter(this);
    QGuiApplication::setOverrideCursor(Qt::BlankCursor);
    if (canGrab())
        m_window->setMouseGrabEnabled(true);
}

void PointerCapture::stop()
{
    if (!m_sink)
        return;
    for (const Qt::MouseButton held :
         {Qt::LeftButton, Qt::RightButton, Qt::MiddleButton, Qt::BackButton, Qt::ForwardButton}) {
        if (m_down.testFlag(held))
            button(held, false);
    }
    m_sink = nullptr;
    QGuiApplication::restoreOverrideCursor();
    if (!m_window)
        return;
    m_window->removeEventFilter(this);
    if (canGrab())
        m_window->setMouseGrabEnabled(false);
}

bool PointerCapture::eventFilter(QObject* watched, QEvent* event)
{
    if (!m_sink || watched != m_window)
        return false;
    switch (event->type()) {
    case QEvent::MouseMove:
        moved(static_cast<QMouseEvent*>(event)->globalPosition());
        return true;
    case QEvent::MouseButtonPress:
    case QEvent::MouseButtonDblClick:
        button(static_cast<QMouseEvent*>(event)->button(), true);
        return true;
    case QEvent::MouseButtonRelease:
        button(static_cast<QMouseEvent*>(event)->button(), false);
        return true;
    case QEvent::Wheel:
        if (const int detents = m_wheel.turned(static_cast<QWheelEvent*>(event)->angleDelta().y()))
            m_sink->wheel(detents);
        return true;
    default:
        return false;
    }
}

void PointerCapture::moved(QPointF position)
{
    const input::PointerMotion::Step step = m_motion.moved(position, m_scale);
    if (!step.counts.isNull())
        m_sink->move(step.counts.x(), step.counts.y());
    if (step.recentre)
        QCursor::setPos(centre().toPoint());
}

void PointerCapture::button(Qt::MouseButton button, bool down)
{
    const std::optional<core::PointerButton> guest = guestButton(button);
    // The release of the click that took the pointer has no press the guest knows of.
    if (!guest || m_down.testFlag(button) == down)
        return;
    m_down.setFlag(button, down);
    m_sink->button(*guest, down);
}

QPointF PointerCapture::centre() const
{
    return m_item.mapToGlobal(QPointF(m_item.width() / 2, m_item.height() / 2));
}

} // namespace display::item
