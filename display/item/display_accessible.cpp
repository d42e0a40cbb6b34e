// SPDX-License-Identifier: GPL-3.0-or-later
// QAccessibleInterface of DisplayItem.
#include "display/item/display_accessible.h"

#include <algorithm>

#include <QAccessible>
#include <QAccessibleObject>
#include <QQuickWindow>

#include "display/item/display_item.h"

namespace display::item {

namespace {

/// A read-only text of the guest's screen. GUI thread; Qt's accessibility cache owns it.
class DisplayAccessible final : public QAccessibleObject, public QAccessibleTextInterface {
public:
    explicit DisplayAccessible(DisplayItem* item) : QAccessibleObject(item) {}

    void* interface_cast(QAccessible::InterfaceType type) override
    {
        return type == QAccessible::TextInterface ? static_cast<QAccessibleTextInterface*>(this)
                                                  : nullptr;
    }
    QAccessibleInterface* parent() const override;
    QAccessibleInterface* child(int) const override { return nullptr; }
    int childCount() const override { return 0; }
    int indexOfChild(const QAccessibleInterface*) const override { return -1; }
    QAccessible::Role role() const override { return QAccessible::Terminal; }
    QAccessible::State state() const override;
    QString text(QAccessible::Text kind) const override;
    QRect rect() const override;
    QWindow* window() const override { return item()->window(); }

    // QAccessibleTextInterface: there is no caret or selection a screen reader could move.
    void selection(int, int* start, int* end) const override { *start = *end = 0; }
    int selectionCount() const override { return 0; }
    void addSelection(int, int) override {}
    void removeSelection(int) override {}
    void setSelection(int, int, int) override {}
    int cursorPosition() const override { return 0; }
    void setCursorPosition(int) override {}
    QString text(int start, int end) const override;
    int characterCount() const override { return static_cast<int>(item()->textScreen().size()); }
    QRect characterRect(int offset) const override;
    int offsetAtPoint(const QPoint& point) const override;
    void scrollToSubstring(int, int) override {}
    QString attributes(int offset, int* start, int* end) const override;

private:
    DisplayItem* item() const { return static_cast<DisplayItem*>(object()); }
    QSizeF cellSize() const;
};

/// Text screens are 80 or 132 columns by the lines they have.
constexpr int kColumns = 80;

QAccessibleInterface* DisplayAccessible::parent() const
{
    for (QQuickItem* above = item()->parentItem(); above; above = above->parentItem()) {
        if (QAccessibleInterface* found = QAccessible::queryAccessibleInterface(above))
            return found;
    }
    return QAccessible::queryAccessibleInterface(item()->window());
}

QAccessible::State DisplayAccessible::state() const
{
    QAccessible::State state;
    state.focusable = true;
    state.focused = item()->hasActiveFocus();
    state.invisible = !item()->isVisible();
    state.readOnly = true;
    state.multiLine = true;
    return state;
}

QString DisplayAccessible::text(QAccessible::Text kind) const
{
    if (kind == QAccessible::Name)
        return item()->label();
    return kind == QAccessible::Value ? item()->textScreen() : QString();
}

QRect DisplayAccessible::rect() const
{
    const QPointF corner = item()->mapToGlobal(item()->pictureRect().topLeft());
    return QRectF(corner, item()->pictureRect().size()).toRect();
}

QString DisplayAccessible::text(int start, int end) const
{
    return item()->textScreen().mid(start, end - start);
}

QSizeF DisplayAccessible::cellSize() const
{
    const QString screen = item()->textScreen();
    const auto lines = std::max<qsizetype>(screen.count(QLatin1Char('\n')), 1);
    const QSizeF picture = item()->pictureRect().size();
    return {picture.width() / kColumns, picture.height() / static_cast<qreal>(lines)};
}

QRect DisplayAccessible::characterRect(int offset) const
{
    const QString before = item()->textScreen().left(offset);
    const auto row = before.count(QLatin1Char('\n'));
    const auto column = before.size() - (before.lastIndexOf(QLatin1Char('\n')) + 1);
    const QSizeF cell = cellSize();
    const QPointF corner(static_cast<qreal>(column) * cell.width(),
                         static_cast<qreal>(row) * cell.height());
    return QRectF(rect().topLeft() + corner, cell).toRect();
}

int DisplayAccessible::offsetAtPoint(const QPoint& point) const
{
    const QSizeF cell = cellSize();
    const QPointF inside = point - rect().topLeft();
    if (cell.isEmpty() || !rect().contains(point))
        return -1;
    const auto row = static_cast<int>(inside.y() / cell.height());
    const auto column = static_cast<int>(inside.x() / cell.width());
    const QStringList lines = item()->textScreen().split(QLatin1Char('\n'));
    qsizetype offset = 0;
    for (int i = 0; i < row && i < lines.size(); ++i)
        offset += lines[i].size() + 1;
    const qsizetype length = row < lines.size() ? lines[row].size() : 0;
    return static_cast<int>(offset + std::min<qsizetype>(column, length));
}

QString DisplayAccessible::attributes(int, int* start, int* end) const
{
    *start = 0;
    *end = characterCount();
    return {};
}

QAccessibleInterface* create(const QString& className, QObject* object)
{
    if (className != QLatin1String(DisplayItem::staticMetaObject.className()))
        return nullptr;
    auto* item = qobject_cast<DisplayItem*>(object);
    return item ? new DisplayAccessible(item) : nullptr;
}

} // namespace

void installAccessibility()
{
    QAccessible::installFactory(create);
}

} // namespace display::item
