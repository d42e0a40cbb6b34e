// SPDX-License-Identifier: GPL-3.0-or-later
// PictureNode: the guest's picture in the scene graph.
#pragma once

#include <memory>

#include <QRectF>
#include <QSGNode>
#include <QSize>

#include "display/core/display_source.h"
#include "display/core/placement.h"
#include "display/item/frame_uploader.h"

class QQuickWindow;
class QSGImageNode;

namespace display::item {

/// An image node and the texture it shows. Render thread only.
class PictureNode final : public QSGNode {
public:
    explicit PictureNode(QQuickWindow* window);
    ~PictureNode() override;

    /// Pulls from `source` what is new, or everything the first time. False when there is nothing
    /// to show at all.
    bool pull(core::DisplaySource& source);
    /// Draws the picture at `target` (in the item's units) with `filter`.
    void setPlacement(const QRectF& target, core::Filter filter);
    QSize pictureSize() const { return m_size; }

private:
    QSGImageNode* m_image; // our child, owned as such
    std::unique_ptr<FrameUploader> m_uploader;
    QSize m_size;
};

} // namespace display::item
