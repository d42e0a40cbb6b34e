// SPDX-License-Identifier: GPL-3.0-or-later
// LoadGraph: a minute of numbers as a line over a filled area.
#pragma once

#include <QColor>
#include <QList>
#include <QQuickPaintedItem>
#include <QtQml/qqmlregistration.h>

namespace ui::models {

/// Draws when its numbers change and at no other time. Painted, because Qt's software renderer
/// draws no geometry of our own. GUI thread; paint() on the render thread while the GUI thread
/// waits.
class LoadGraph : public QQuickPaintedItem {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(QList<qreal> values MEMBER m_values NOTIFY changed)
    Q_PROPERTY(QList<qreal> others MEMBER m_others NOTIFY changed)
    /// How many numbers fill the width.
    Q_PROPERTY(int span MEMBER m_span NOTIFY changed)
    /// What the upper edge stands for.
    Q_PROPERTY(qreal most MEMBER m_most NOTIFY changed)
    Q_PROPERTY(QColor color MEMBER m_color NOTIFY changed)
    Q_PROPERTY(QColor otherColor MEMBER m_otherColor NOTIFY changed)
    Q_PROPERTY(QColor gridColor MEMBER m_gridColor NOTIFY changed)
    Q_PROPERTY(qreal lineWidth MEMBER m_lineWidth NOTIFY changed)
    /// Time runs from right to left, as the person reads.
    Q_PROPERTY(bool mirrored MEMBER m_mirrored NOTIFY changed)
public:
    explicit LoadGraph(QQuickItem* parent = nullptr);
    void paint(QPainter* painter) override;

signals:
    void changed();

private:
    void paintGrid(QPainter& painter) const;
    void paintSeries(QPainter& painter, const QList<qreal>& values, const QColor& color,
                     bool filled) const;
    QPointF pointAt(const QList<qreal>& values, qsizetype index) const;

    QList<qreal> m_values;
    QList<qreal> m_others;
    int m_span = 60;
    qreal m_most = 1;
    QColor m_color = Qt::black;
    QColor m_otherColor = Qt::gray;
    QColor m_gridColor = Qt::lightGray;
    qreal m_lineWidth = 1.5;
    bool m_mirrored = false;
};

} // namespace ui::models
