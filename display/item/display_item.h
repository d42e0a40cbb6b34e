// SPDX-License-Identifier: GPL-3.0-or-later
// DisplayItem: a machine's screen in a Qt Quick scene, with its keyboard and mouse.
#pragma once

#include <memory>

#include <QPointer>
#include <QQuickItem>
#include <QSize>
#include <QString>
#include <QStringList>

#include "display/core/placement.h"
#include "display/input/keyboard_mapper.h"
#include "display/input/shortcut_grab.h"
#include "display/item/guest_console.h"
#include "display/item/pointer_capture.h"

namespace display::item {

/// Shows a GuestConsole: uploads what changed, at most once per vsync, on whole device pixels;
/// sends all keys to the guest while it has the focus, and the mouse after a click on the picture.
/// GUI thread, but for updatePaintNode (render thread while the GUI thread waits). The console's
/// source is shown while the item can be seen.
class DisplayItem : public QQuickItem {
    Q_OBJECT
    QML_ELEMENT
    /// The machine to show; null shows nothing.
    Q_PROPERTY(
        display::item::GuestConsole* console READ console WRITE setConsole NOTIFY consoleChanged)
    /// Whether a picture too small for the item is enlarged smoothly instead of by a whole factor.
    Q_PROPERTY(bool fill READ fill WRITE setFill NOTIFY fillChanged)
    /// Size of the guest's screen in its own pixels; empty before the first picture.
    Q_PROPERTY(QSize guestSize READ guestSize NOTIFY guestSizeChanged)
    /// Where the picture is, in the item's units, and how many device pixels a guest pixel has.
    Q_PROPERTY(QRectF pictureRect READ pictureRect NOTIFY pictureRectChanged)
    Q_PROPERTY(qreal pixelFactor READ pixelFactor NOTIFY pictureRectChanged)
    Q_PROPERTY(bool hasFrame READ hasFrame NOTIFY guestSizeChanged)
    /// Whether the guest's mouse follows the host's pointer; Ctrl+Alt ends it.
    Q_PROPERTY(bool pointerGrabbed READ pointerGrabbed NOTIFY pointerGrabbedChanged)
    /// Whether keys go to the guest.
    Q_PROPERTY(bool keyboardGrabbed READ keyboardGrabbed NOTIFY keyboardGrabbedChanged)
    /// Whether the desktop's own shortcuts go to the guest, too (ShortcutGrab).
    Q_PROPERTY(bool shortcutsGrabbed READ shortcutsGrabbed NOTIFY shortcutsGrabbedChanged)
    /// Chords that go to the desktop all the same: "Alt+Tab".
    Q_PROPERTY(QStringList keptChords READ keptChords WRITE setKeptChords NOTIFY keptChordsChanged)
    /// The screen as lines of text when the guest is in a text mode; what a screen reader reads.
    Q_PROPERTY(QString textScreen READ textScreen NOTIFY textScreenChanged)
    /// What a screen reader calls the item.
    Q_PROPERTY(QString label READ label WRITE setLabel NOTIFY labelChanged)
public:
    explicit DisplayItem(QQuickItem* parent = nullptr);
    ~DisplayItem() override;

    GuestConsole* console() const { return m_console; }
    void setConsole(GuestConsole* console);
    bool fill() const { return m_mode == core::ScaleMode::Fill; }
    void setFill(bool fill);
    QSize guestSize() const { return m_guestSize; }
    QRectF pictureRect() const { return m_pictureRect; }
    qreal pixelFactor() const { return m_pixelFactor; }
    bool hasFrame() const { return !m_guestSize.isEmpty(); }
    bool pointerGrabbed() const { return m_capture.active(); }
    bool keyboardGrabbed() const { return m_console && hasActiveFocus(); }
    bool shortcutsGrabbed() const { return m_grab->held(); }
    QStringList keptChords() const { return m_keptChords; }
    void setKeptChords(const QStringList& chords);
    QString textScreen() const { return m_textScreen; }
    QString label() const { return m_label; }
    void setLabel(const QString& label);

    /// Gives the host its pointer back.
    Q_INVOKABLE void releasePointer();

signals:
    void consoleChanged();
    void fillChanged();
    void guestSizeChanged();
    void pictureRectChanged();
    void pointerGrabbedChanged();
    void keyboardGrabbedChanged();
    void shortcutsGrabbedChanged();
    void keptChordsChanged();
    /// Ctrl+Alt+V.
    void typeRequested();
    void textScreenChanged();
    void labelChanged();
    /// Ctrl+Alt was pressed and let go while the pointer was free: the person wants the controls.
    void controlsRequested();
    /// Ctrl+Alt+Enter.
    void fullScreenRequested();

protected:
    QSGNode* updatePaintNode(QSGNode* node, UpdatePaintNodeData* data) override;
    void geometryChange(const QRectF& newGeometry, const QRectF& oldGeometry) override;
    void itemChange(ItemChange change, const ItemChangeData& data) override;
    bool event(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;

private:
    /// A kept chord is the desktop's: the shortcuts are given back for so long.
    enum class Lent : uint8_t { No, UntilReleased, UntilNextKey };

    void watchWindow(QQuickWindow* window);
    void followWindow();
    void updateShown();
    void grabShortcuts();
    void lendShortcuts(quint32 scanCode);
    void pictureArrived();
    void setGuestSize(QSize size);
    void handleChord(input::HostChord chord, quint32 scanCode);
    void placePicture();
    core::Placement placementOf(QSize picture) const;
    QRectF toItem(const core::Placement& placement) const;
    qreal devicePixelRatio() const;

    QPointer<GuestConsole> m_console;
    bool m_shown = false;
    Lent m_lent = Lent::No;
    QStringList m_keptChords;
    core::ScaleMode m_mode = core::ScaleMode::Crisp;
    QSize m_guestSize;
    QRectF m_pictureRect;
    qreal m_pixelFactor = 0;
    QString m_textScreen;
    QString m_label;
    input::KeyboardMapper m_keyboard;
    std::unique_ptr<input::ShortcutGrab> m_grab; // never null
    PointerCapture m_capture{*this};
    QMetaObject::Connection m_windowConnection;
    QMetaObject::Connection m_activeConnection;
};

} // namespace display::item
