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
    Q_PROPERTY(QImage picture READ picture WRITE setPicture NOTIFY pictureChanged)
    /// There is no picture: the cover is shown.
    Q_PROPERTY(bool blank READ blank NOTIFY blankChanged)
    /// Of the corners, in logical pixels.
    Q_PROPERTY(qreal radius READ radius WRITE setRadius NOTIFY radiusChanged)
    /// Machines with the same seed have covers of the same colour.
    Q_PROPERTY(QString seed READ seed WRITE setSeed NOTIFY seedChanged)
    /// 0: as it is, 1: black. For screens that are not live.
    Q_PROPERTY(qreal dimmed READ dimmed WRITE setDimmed NOTIFY dimmedChanged)
public:
    explicit LibraryPicture(QQuickItem* parent = nullptr);

    QImage picture() const { return m_picture; }
    void setPicture(const QImage& picture);
    qreal radius() const { return m_radius; }
    void setRadius(qreal radius);
    bool blank() const { return m_picture.isNull(); }
    QString seed() const { return m_seed; }
    void setSeed(const QString& seed);
    qreal dimmed() const { return m_dimmed; }
    void setDimmed(qreal dimmed);

    /// The picture as it is shown, for `pixels` physical pixels.
    QImage rendered(QSize pixels, qreal ratio) const;

signals:
    void pictureChanged();
    void blankChanged();
    void radiusChanged();
    void seedChanged();
    void dimmedChanged();

protected:
    void geometryChange(const QRectF& now, const QRectF& before) override;
    void itemChange(ItemChange change, const ItemChangeData& data) override;
    void updatePolish() override;
    QSGNode* updatePaintNode(QSGNode* node, UpdatePaintNodeData* data) override;

private:
    void paintCover(QPainter& painter, const QRectF& area) const;

    QImage m_picture;
    QImage m_shown; // at the item's own size
    qreal m_radius = 0;
    QString m_seed;
    qreal m_dimmed = 0;
    bool m_fresh = false; // m_shown is not in the texture yet
};

} // namespace ui::models
