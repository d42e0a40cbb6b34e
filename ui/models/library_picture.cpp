// SPDX-License-Identifier: GPL-3.0-or-later
// Painting of small screens. Plain QPainter into an image, one texture per item.
#include "ui/models/library_picture.h"

#include <QPainter>
#include <QPainterPath>
#include <QQuickWindow>
#include <QSGImageNode>

namespace ui::models {

namespace {

constexpr int kLargestSide = 4096; // nobody shows a thumbnail larger than that

/// The inside of the case, behind pictures that do not fill it.
const QColor kCase(0x12, 0x1c, 0x22);

/// A colour that stays the same for the same words, on every computer.
int hueOf(const QString& seed)
{
    quint32 sum = 2166136261U; // FNV-1a
    for (const char byte : seed.toUtf8())
        sum = (sum ^ static_cast<quint8>(byte)) * 16777619U;
    return static_cast<int>(sum % 360U);
}

QRectF fitted(const QSize& picture, const QRectF& area)
{
    const QSizeF size = QSizeF(picture).scaled(area.size(), Qt::KeepAspectRatio);
    // A sliver of case beside a picture would look like a mistake.
    const bool nearly = size.width() > area.width() * 0.97 && size.height() > area.height() * 0.97;
    if (nearly)
        return area;
    return {area.x() + (area.width() - size.width()) / 2,
            area.y() + (area.height() - size.height()) / 2, size.width(), size.height()};
}

} // namespace

LibraryPicture::LibraryPicture(QQuickItem* parent) : QQuickItem(parent)
{
    setFlag(ItemHasContents);
}

void LibraryPicture::setPicture(const QImage& picture)
{
    if (picture.cacheKey() == m_picture.cacheKey())
        return; // comparing the pixels would cost more than painting them
    const bool before = blank();
    m_picture = picture;
    polish();
    emit pictureChanged();
    if (before != blank())
        emit blankChanged();
}

void LibraryPicture::setRadius(qreal radius)
{
    if (qFuzzyCompare(radius, m_radius))
        return;
    m_radius = radius;
    polish();
    emit radiusChanged();
}

void LibraryPicture::setSeed(const QString& seed)
{
    if (seed == m_seed)
        return;
    m_seed = seed;
    polish();
    emit seedChanged();
}

void LibraryPicture::setDimmed(qreal dimmed)
{
    if (qFuzzyCompare(1 + dimmed, 1 + m_dimmed))
        return;
    m_dimmed = dimmed;
    polish();
    emit dimmedChanged();
}

void LibraryPicture::paintCover(QPainter& painter, const QRectF& area) const
{
    const int hue = hueOf(m_seed);
    QLinearGradient wall(area.topLeft(), area.bottomRight());
    wall.setColorAt(0, QColor::fromHsl(hue, 92, 88));
    wall.setColorAt(1, QColor::fromHsl((hue + 24) % 360, 110, 46));
    painter.fillRect(area, wall);
    // The glass: one broad, quiet reflection.
    QPainterPath glass;
    glass.moveTo(area.topLeft());
    glass.lineTo(area.left() + area.width() * 0.46, area.top());
    glass.lineTo(area.left() + area.width() * 0.16, area.bottom());
    glass.lineTo(area.bottomLeft());
    glass.closeSubpath();
    QLinearGradient shine(area.topLeft(), area.bottomLeft());
    shine.setColorAt(0, QColor(255, 255, 255, 38));
    shine.setColorAt(1, QColor(255, 255, 255, 6));
    painter.fillPath(glass, shine);
}

QImage LibraryPicture::rendered(QSize pixels, qreal ratio) const
{
    const QRectF area(QPointF(0, 0), QSizeF(pixels));
    QImage content(pixels, QImage::Format_RGB32);
    QPainter inner(&content);
    inner.setRenderHint(QPainter::Antialiasing);
    if (m_picture.isNull()) {
        paintCover(inner, area);
    } else {
        inner.fillRect(area, kCase);
        const QRect target = fitted(m_picture.size(), area).toRect();
        // scaled() averages; drawImage() alone would skip lines when it shrinks.
        inner.drawImage(target.topLeft(), m_picture.scaled(target.size(), Qt::IgnoreAspectRatio,
                                                           Qt::SmoothTransformation));
    }
    if (m_dimmed > 0)
        inner.fillRect(area, QColor(8, 14, 18, qRound(255 * qMin(m_dimmed, 1.0))));
    inner.end();
    QImage image(pixels, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image); // filling makes soft edges, clipping would not
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(QBrush(content));
    painter.drawRoundedRect(area, m_radius * ratio, m_radius * ratio);
    return image;
}

void LibraryPicture::geometryChange(const QRectF& now, const QRectF& before)
{
    QQuickItem::geometryChange(now, before);
    if (now.size() != before.size())
        polish();
}

void LibraryPicture::itemChange(ItemChange change, const ItemChangeData& data)
{
    if (change == ItemDevicePixelRatioHasChanged || change == ItemSceneChange)
        polish();
    QQuickItem::itemChange(change, data);
}

void LibraryPicture::updatePolish()
{
    const qreal ratio = window() ? window()->effectiveDevicePixelRatio() : 1;
    const QSize pixels = (size() * ratio).toSize();
    const bool sane =
        !pixels.isEmpty() && pixels.width() <= kLargestSide && pixels.height() <= kLargestSide;
    m_shown = sane ? rendered(pixels, ratio) : QImage();
    m_fresh = true;
    update();
}

QSGNode* LibraryPicture::updatePaintNode(QSGNode* node, UpdatePaintNodeData*)
{
    auto* image = static_cast<QSGImageNode*>(node);
    if (m_shown.isNull()) {
        delete image;
        return nullptr;
    }
    if (!image) {
        image = window()->createImageNode();
        image->setOwnsTexture(true);
        m_fresh = true;
    }
    if (m_fresh)
        image->setTexture(window()->createTextureFromImage(m_shown));
    m_fresh = false;
    image->setRect(boundingRect());
    return image;
}

} // namespace ui::models
