// SPDX-License-Identifier: GPL-3.0-or-later
// The item's life: when it looks at its source, where the picture goes, who gets keys and mouse.
#include "display/item/display_item.h"

#include <QAccessible>
#include <QGuiApplication>
#include <QQuickWindow>

#include "display/item/picture_node.h"

namespace display::item {

DisplayItem::DisplayItem(QQuickItem* parent)
    : QQuickItem(parent),
      m_keyboard(input::scanCodesOf(QGuiApplication::platformName())),
      m_grab(input::ShortcutGrab::create([this] { emit shortcutsGrabbedChanged(); }))
{
    setFlag(ItemHasContents);
    setAcceptedMouseButtons(Qt::AllButtons);
    setActiveFocusOnTab(false); // Tab is the guest's; Ctrl+Alt and a click change the focus
}

DisplayItem::~DisplayItem()
{
    setConsole(nullptr);
}

void DisplayItem::setConsole(GuestConsole* console)
{
    if (m_console == console)
        return;
    releasePointer();
    if (m_console && m_shown)
        m_console->source().hide();
    if (m_console)
        disconnect(m_console, nullptr, this, nullptr);
    m_shown = false;
    m_console = console;
    if (console == nullptr)
        m_grab->give();
    else if (hasActiveFocus())
        grabShortcuts();
    if (console)
        connect(console, &GuestConsole::closing, this, [this] { setConsole(nullptr); });
    m_keyboard.setSink(console ? &console->keyboard() : nullptr);
    updateShown();
    emit consoleChanged();
    emit keyboardGrabbedChanged();
    update();
}

void DisplayItem::setFill(bool fill)
{
    if (fill == this->fill())
        return;
    m_mode = fill ? core::ScaleMode::Fill : core::ScaleMode::Crisp;
    emit fillChanged();
    placePicture();
}

void DisplayItem::setLabel(const QString& label)
{
    if (label == m_label)
        return;
    m_label = label;
    emit labelChanged();
}

void DisplayItem::releasePointer()
{
    if (!m_capture.active())
        return;
    m_capture.stop();
    emit pointerGrabbedChanged();
}

void DisplayItem::watchWindow(QQuickWindow* window)
{
    disconnect(m_windowConnection);
    disconnect(m_activeConnection);
    releasePointer();
    m_grab->give();
    if (!window)
        return;
    m_windowConnection =
        connect(window, &QWindow::visibilityChanged, this, &DisplayItem::updateShown);
    m_activeConnection = connect(window, &QWindow::activeChanged, this, &DisplayItem::followWindow);
}

/// An item may have the focus of a window that the person does not work in: the desktop opened it
/// behind another one. Its keys are the desktop's then.
void DisplayItem::followWindow()
{
    if (!window() || !window()->isActive())
        m_grab->give();
    else if (hasActiveFocus())
        grabShortcuts();
}

void DisplayItem::updateShown()
{
    const bool seen = window() && isVisible() && window()->visibility() != QWindow::Hidden &&
                      window()->visibility() != QWindow::Minimized;
    if (!m_console || m_shown == seen)
        return;
    m_shown = seen;
    if (!seen) {
        m_console->source().hide();
        return;
    }
    m_console->source().show([this] {
        // Source's thread. One call in flight at most: the source waits until it is read.
        QMetaObject::invokeMethod(this, &DisplayItem::pictureArrived, Qt::QueuedConnection);
    });
    update();
}

void DisplayItem::pictureArrived()
{
    if (!m_console)
        return;
    update();
    const QString text = QString::fromStdString(m_console->source().text());
    if (text == m_textScreen)
        return;
    const QString old = std::exchange(m_textScreen, text);
    emit textScreenChanged();
    if (QAccessible::isActive()) {
        QAccessibleTextUpdateEvent change(this, 0, old, text);
        QAccessible::updateAccessibility(&change);
    }
}

QSGNode* DisplayItem::updatePaintNode(QSGNode* node, UpdatePaintNodeData*)
{
    auto* picture = static_cast<PictureNode*>(node);
    if (!m_console) {
        delete picture;
        return nullptr;
    }
    if (!picture)
        picture = new PictureNode(window());
    if (!picture->pull(m_console->source())) {
        delete picture;
        return nullptr;
    }
    const QSize size = picture->pictureSize();
    const core::Placement placement = placementOf(size);
    picture->setPlacement(toItem(placement), placement.filter);
    // Properties change on the GUI thread only.
    if (size != m_guestSize)
        QMetaObject::invokeMethod(
            this, [this, size] { setGuestSize(size); }, Qt::QueuedConnection);
    return picture;
}

void DisplayItem::setGuestSize(QSize size)
{
    if (size == m_guestSize)
        return;
    m_guestSize = size;
    emit guestSizeChanged();
    placePicture();
}

void DisplayItem::placePicture()
{
    const core::Placement placement = placementOf(m_guestSize);
    const QRectF rect = toItem(placement);
    if (placement.factor > 0)
        m_capture.setScale(devicePixelRatio() / placement.factor);
    if (rect != m_pictureRect || placement.factor != m_pixelFactor) {
        m_pictureRect = rect;
        m_pixelFactor = placement.factor;
        emit pictureRectChanged();
    }
    update();
}

core::Placement DisplayItem::placementOf(QSize picture) const
{
    const qreal ratio = devicePixelRatio();
    const QPointF origin = mapToScene(QPointF()) * ratio;
    return core::place({.originX = origin.x(),
                        .originY = origin.y(),
                        .width = width() * ratio,
                        .height = height() * ratio,
                        .guestWidth = picture.width(),
                        .guestHeight = picture.height(),
                        .mode = m_mode});
}

QRectF DisplayItem::toItem(const core::Placement& placement) const
{
    const qreal ratio = devicePixelRatio();
    return {placement.x / ratio, placement.y / ratio, placement.width / ratio,
            placement.height / ratio};
}

qreal DisplayItem::devicePixelRatio() const
{
    return window() ? window()->effectiveDevicePixelRatio() : 1.0;
}

void DisplayItem::geometryChange(const QRectF& newGeometry, const QRectF& oldGeometry)
{
    QQuickItem::geometryChange(newGeometry, oldGeometry);
    placePicture();
}

void DisplayItem::itemChange(ItemChange change, const ItemChangeData& data)
{
    if (change == ItemSceneChange)
        watchWindow(data.window);
    if (change == ItemSceneChange || change == ItemVisibleHasChanged)
        updateShown();
    if (change == ItemVisibleHasChanged && !isVisible())
        releasePointer();
    if (change == ItemDevicePixelRatioHasChanged || change == ItemSceneChange)
        placePicture();
    QQuickItem::itemChange(change, data);
}

bool DisplayItem::event(QEvent* event)
{
    // No shortcut of the window may take a key that is the guest's.
    if (event->type() == QEvent::ShortcutOverride) {
        event->accept();
        return true;
    }
    return QQuickItem::event(event);
}

void DisplayItem::keyPressEvent(QKeyEvent* event)
{
    event->accept();
    if (m_console)
        m_console->source().expectChange();
    const input::HostChord chord = m_keyboard.press(*event);
    if (m_lent != Lent::No && chord != input::HostChord::Kept &&
        !input::isModifierKey(event->key()))
        grabShortcuts();
    handleChord(chord, event->nativeScanCode());
}

void DisplayItem::keyReleaseEvent(QKeyEvent* event)
{
    event->accept();
    handleChord(m_keyboard.release(*event), event->nativeScanCode());
    if (m_lent == Lent::UntilReleased && input::isModifierKey(event->key()))
        grabShortcuts();
}

void DisplayItem::handleChord(input::HostChord chord, quint32 scanCode)
{
    switch (chord) {
    case input::HostChord::None:
        return;
    case input::HostChord::FullScreen:
        emit fullScreenRequested();
        return;
    case input::HostChord::Type:
        m_keyboard.releaseAll();
        emit typeRequested();
        return;
    case input::HostChord::Kept:
        lendShortcuts(scanCode);
        return;
    case input::HostChord::Release:
        if (pointerGrabbed()) {
            releasePointer();
            m_grab->give(); // both are the desktop's until the next click
        } else {
            m_keyboard.releaseAll();
            emit controlsRequested();
        }
        return;
    }
}

void DisplayItem::grabShortcuts()
{
    m_lent = Lent::No;
    if (m_console && window() && window()->isActive())
        m_grab->take(*window());
}

/// Until the chord's modifiers are let go; where the person has to press it again, until another
/// key is pressed. A chord the desktop does not want comes back here, and goes nowhere.
void DisplayItem::lendShortcuts(quint32 scanCode)
{
    m_keyboard.releaseAll();
    releasePointer();
    if (!m_grab->held())
        return;
    m_lent = m_grab->hand(scanCode) ? Lent::UntilReleased : Lent::UntilNextKey;
}

void DisplayItem::setKeptChords(const QStringList& chords)
{
    if (chords == m_keptChords)
        return;
    m_keptChords = chords;
    m_keyboard.setKept(chords);
    emit keptChordsChanged();
}

void DisplayItem::focusInEvent(QFocusEvent* event)
{
    QQuickItem::focusInEvent(event);
    grabShortcuts();
    emit keyboardGrabbedChanged();
}

void DisplayItem::focusOutEvent(QFocusEvent* event)
{
    QQuickItem::focusOutEvent(event);
    m_keyboard.releaseAll();
    releasePointer();
    m_lent = Lent::No;
    m_grab->give();
    emit keyboardGrabbedChanged();
}

void DisplayItem::mousePressEvent(QMouseEvent* event)
{
    event->accept();
    forceActiveFocus(Qt::MouseFocusReason);
    grabShortcuts();
    if (!m_console || !m_pictureRect.contains(event->position()))
        return;
    m_capture.start(m_console->pointer(), event->globalPosition());
    emit pointerGrabbedChanged();
}

} // namespace display::item
