// SPDX-License-Identifier: GPL-3.0-or-later
// FrameUploader: brings a frame into a scene-graph texture; one way for OpenGL, one for the rest.
#pragma once

#include <memory>
#include <span>

#include "display/core/display_source.h"

class QQuickWindow;
class QSGTexture;

namespace display::item {

/// A texture and the way pixels get into it. Render thread only, with the scene graph's context
/// current; destroyed there too.
class FrameUploader {
public:
    virtual ~FrameUploader() = default;
    /// Brings the parts `rects` of `frame` into the texture; all of it after a change of size.
    virtual void upload(const core::Frame& frame, std::span<const core::Rect> rects) = 0;
    /// The texture; null before the first upload. It may be another one after each upload.
    virtual QSGTexture* texture() const = 0;
};

/// Uploads damaged rectangles only, into a texture of our own, where the scene graph draws with
/// OpenGL; makes a new texture of the whole picture where it does not (software renderer).
std::unique_ptr<FrameUploader> createUploader(QQuickWindow* window);

} // namespace display::item
