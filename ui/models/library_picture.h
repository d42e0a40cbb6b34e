// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryPicture: a machine's screen, small, as if behind the glass of a display case.
#pragma once

#include <QColor>
#include <QImage>
#include <QQuickItem>
#include <QtQml/qqmlregistration.h>

namespace ui::models {

/// Shows a picture whole, scaled down with care, with rounded corners; without a picture, a cover
/// in a colour of the machine's own. Scaled once per picture, on the GUI thread, to exactly the
/// pixels of the item: works without shaders.
class LibraryPicture : public QQuickItem {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(QImage picture READ picture WRITE setPicture NOTIFY changed)
    /// Radii of the upper and of the lower corners, in logical pixels.
    Q_PROPERTY(qreal radius READ radius WRITE setRadius NOTIFY changed)
    Q_PROPERTY(qreal lowerRadius READ lowerRadius WRITE setLowerRadius NOTIFY changed)
    /// Machines with the same seed have covers of the same colour.
    Q_PROPERTY(QString seed READ seed WRITE setSeed NOTIFY changed)
    /// 0: as it is, 1: black. For screens that are not live.
    Q_PROPERTY(qreal dimmed READ dimmed WRITE setDimmed NOTIFY changed)
public:
    explicit LibraryPicture(QQuickItem* parent = nullptr);

    QImage picture() const { return m_picture; }
    void setPicture(const QImage& picture);
    qreal radius() const { return m_radius; }
    void setRadius(qreal radius);
    qreal lowerRadius() const { return m_lowerRadius; }
    void setLowerRadius(qreal radius);
    QString seed() const { return m_seed; }
    void setSeed(const QString& seed);
    qreal dimmed() const { return m_dimmed; }
    void setDimmed(qreal dimmed);

    /// The picture as it is shown, for `pixels` physical pixels.
    QImage rendered(QSize pixels, qreal ratio) const;

signals:
    void changed();

protected:
    void geometryChange(const QRectF& now, const QRectF& before) override;
    void itemChange(ItemChange change, const ItemChangeData& data) override;
    void updatePolish() override;
    QSGNode* updatePaintNode(QSGNode* node, UpdatePaintNodeData* data) override;

private:
    template <class T>
    void change(T& field, const T& value);
    void paintCover(QPainter& painter, const QRectF& area) const;

    QImage m_picture;
    QImage m_shown; // at the item's own size
    qreal m_radius = 0;
    qreal m_lowerRadius = 0;
    QString m_seed;
    qreal m_dimmed = 0;
    bool m_fresh = false; // m_shown is not in the texture yet
};

} // namespace ui::models
