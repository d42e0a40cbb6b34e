// SPDX-License-Identifier: GPL-3.0-or-later
// PointerCapture: while it holds the host's pointer, the guest's mouse follows it.
#pragma once

#include <QObject>
#include <QPointer>
#include <QQuickItem>
#include <QQuickWindow>

#include "display/core/input_sinks.h"
#include "display/input/pointer_motion.h"

namespace display::item {

/// Holds the pointer for an item: hides it, keeps it inside, and sends movement, buttons and wheel
/// to a PointerSink. GUI thread; the item owns it.
class PointerCapture final : public QObject {
    Q_OBJECT
public:
    explicit PointerCapture(QQuickItem& item) : QObject(&item), m_item(item) {}
    ~PointerCapture() override;

    /// Takes the pointer, which is at the global position `position`. The sink must live until
    /// stop().
    void start(core::PointerSink& sink, QPointF position);
    /// Gives the pointer back; buttons that are down in the guest go up. Idempotent.
    void stop();
    bool active() const { return m_sink != nullptr; }
    /// Guest counts per logical pixel of the host.
    void setScale(double scale) { m_scale = scale; }

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void moved(QPointF position);
    void button(Qt::MouseButton button, bool down);
    QPointF centre() const;

    QQuickItem& m_item;
    QPointer<QQuickWindow> m_window;
    core::PointerSink* m_sink = nullptr;
    input::PointerMotion m_motion;
    input::WheelDetents m_wheel;
    Qt::MouseButtons m_down;
    double m_scale = 1;
};

} // namespace display::item
