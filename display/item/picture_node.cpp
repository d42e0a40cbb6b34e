// SPDX-License-Identifier: GPL-3.0-or-later
// Scene-graph side of the display item.
#include "display/item/picture_node.h"

#include <QQuickWindow>
#include <QSGImageNode>

namespace display::item {

PictureNode::PictureNode(QQuickWindow* window)
    : m_image(window->createImageNode()), m_uploader(createUploader(window))
{
    m_image->setOwnsTexture(false);
    m_image->setFlag(QSGNode::OwnedByParent, true);
}

PictureNode::~PictureNode()
{
    // Without a parent nobody else would delete it.
    if (!m_image->parent())
        delete m_image;
}

bool PictureNode::pull(core::DisplaySource& source)
{
    const bool first = m_uploader->texture() == nullptr;
    const bool fresh =
        source.read(first ? core::Want::Everything : core::Want::Changes,
                    [this](const core::Frame& frame, std::span<const core::Rect> rects) {
                        m_uploader->upload(frame, rects);
                        m_size = QSize(frame.width, frame.height);
                    });
    if (!m_uploader->texture())
        return false;
    if (fresh) {
        m_image->setTexture(m_uploader->texture());
        m_image->setSourceRect(QRectF(QPointF(), m_size));
        m_image->markDirty(QSGNode::DirtyMaterial);
    }
    return true;
}

void PictureNode::setPlacement(const QRectF& target, core::Filter filter)
{
    m_image->setRect(target);
    m_image->setFiltering(filter == core::Filter::Nearest ? QSGTexture::Nearest
                                                          : QSGTexture::Linear);
    // A node without a texture must not be in the tree: the scene graph would draw it.
    if (!m_image->parent())
        appendChildNode(m_image);
}

} // namespace display::item
