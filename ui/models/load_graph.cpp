// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/load_graph.h"

#include <algorithm>

#include <QPainter>
#include <QPainterPath>

namespace ui::models {

LoadGraph::LoadGraph(QQuickItem* parent) : QQuickPaintedItem(parent)
{
    setAntialiasing(true);
    connect(this, &LoadGraph::changed, this, [this] { update(); });
}

void LoadGraph::paint(QPainter* painter)
{
    painter->setRenderHint(QPainter::Antialiasing);
    paintGrid(*painter);
    paintSeries(*painter, m_others, m_otherColor, false);
    paintSeries(*painter, m_values, m_color, true);
}

void LoadGraph::paintGrid(QPainter& painter) const
{
    constexpr int kLines = 4;
    painter.setPen(QPen(m_gridColor, 1));
    for (int line = 1; line < kLines; ++line) {
        const qreal y = std::round(height() * line / kLines) + 0.5;
        painter.drawLine(QPointF(0, y), QPointF(width(), y));
    }
}

QPointF LoadGraph::pointAt(const QList<qreal>& values, qsizetype index) const
{
    const qreal step = width() / std::max(m_span - 1, 1);
    const qreal age = static_cast<qreal>(values.size() - 1 - index) * step;
    const qreal share = std::clamp(values.at(index) / std::max(m_most, 1e-9), 0.0, 1.0);
    const qreal room = height() - 2 * m_lineWidth; // the line is not cut off at the edges
    return {m_mirrored ? age : width() - age, height() - m_lineWidth - share * room};
}

void LoadGraph::paintSeries(QPainter& painter, const QList<qreal>& values, const QColor& color,
                            bool filled) const
{
    if (values.size() < 2)
        return;
    QPainterPath line(pointAt(values, 0));
    for (qsizetype i = 1; i < values.size(); ++i)
        line.lineTo(pointAt(values, i));
    if (filled) {
        QPainterPath area = line;
        area.lineTo(pointAt(values, values.size() - 1).x(), height());
        area.lineTo(pointAt(values, 0).x(), height());
        QColor fill = color;
        fill.setAlphaF(0.16F);
        painter.fillPath(area, fill);
    }
    painter.setPen(QPen(color, m_lineWidth, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    painter.setBrush(Qt::NoBrush);
    painter.drawPath(line);
}

} // namespace ui::models
