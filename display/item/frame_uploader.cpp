// SPDX-License-Identifier: GPL-3.0-or-later
// Texture uploads: OpenGL 2.1+/ES 2+ with damage, QImage otherwise.
#include "display/item/frame_uploader.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include <QImage>
#include <QOpenGLContext>
#include <QOpenGLFunctions>
#include <QQuickWindow>
#include <QSGTexture>

namespace display::item {

namespace {

using core::Frame;
using core::Rect;

// Desktop OpenGL only; the ES headers that Qt may be built with do not name them.
constexpr GLenum kGlBgra = 0x80E1;
constexpr GLenum kGlUnpackRowLength = 0x0CF2;
constexpr GLenum kGlRgba8 = 0x8058;

size_t offsetOf(const Frame& frame, int x, int y)
{
    return static_cast<size_t>(y) * static_cast<size_t>(frame.width) + static_cast<size_t>(x);
}

/// 0xffRRGGBB as the bytes R, G, B, A, rows of `rect` without gaps: what every OpenGL ES takes.
void convertToRgba(const Frame& frame, const Rect& rect, std::vector<uint32_t>& out)
{
    out.clear();
    for (int y = rect.y; y < rect.y + rect.height; ++y) {
        const uint32_t* row = frame.pixels.data() + offsetOf(frame, rect.x, y);
        std::transform(row, row + rect.width, std::back_inserter(out), [](uint32_t pixel) {
            return (pixel & 0xff00ff00U) | (pixel & 0xffU) << 16 | (pixel >> 16 & 0xffU);
        });
    }
}

/// Our own texture name, wrapped for the scene graph; glTexSubImage2D of the damage.
class GlUploader final : public FrameUploader {
public:
    GlUploader(QQuickWindow* window, QOpenGLContext* context) : m_window(window), m_context(context)
    {}
    GlUploader(const GlUploader&) = delete;
    GlUploader& operator=(const GlUploader&) = delete;
    ~GlUploader() override { destroy(); }

    void upload(const Frame& frame, std::span<const Rect> rects) override
    {
        QOpenGLFunctions* gl = m_context->functions();
        GLint bound = 0;
        gl->glGetIntegerv(GL_TEXTURE_BINDING_2D, &bound);
        if (m_size != QSize(frame.width, frame.height)) {
            create(gl, frame);
            const Rect all{0, 0, frame.width, frame.height};
            uploadRect(gl, frame, all);
        } else {
            gl->glBindTexture(GL_TEXTURE_2D, m_name);
            for (const Rect& rect : rects)
                uploadRect(gl, frame, rect);
        }
        gl->glBindTexture(GL_TEXTURE_2D, static_cast<GLuint>(bound));
    }

    QSGTexture* texture() const override { return m_texture.get(); }

private:
    void create(QOpenGLFunctions* gl, const Frame& frame)
    {
        destroy();
        m_size = QSize(frame.width, frame.height);
        gl->glGenTextures(1, &m_name);
        gl->glBindTexture(GL_TEXTURE_2D, m_name);
        gl->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
        gl->glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
        const bool es = m_context->isOpenGLES();
        gl->glTexImage2D(GL_TEXTURE_2D, 0, static_cast<GLint>(es ? GL_RGBA : kGlRgba8), frame.width,
                         frame.height, 0, es ? GL_RGBA : kGlBgra, GL_UNSIGNED_BYTE, nullptr);
        m_texture.reset(
            QNativeInterface::QSGOpenGLTexture::fromNative(m_name, m_window, m_size, {}));
    }

    void uploadRect(QOpenGLFunctions* gl, const Frame& frame, const Rect& rect)
    {
        if (m_context->isOpenGLES()) {
            convertToRgba(frame, rect, m_converted);
            gl->glTexSubImage2D(GL_TEXTURE_2D, 0, rect.x, rect.y, rect.width, rect.height, GL_RGBA,
                                GL_UNSIGNED_BYTE, m_converted.data());
            return;
        }
        gl->glPixelStorei(kGlUnpackRowLength, frame.width);
        gl->glTexSubImage2D(GL_TEXTURE_2D, 0, rect.x, rect.y, rect.width, rect.height, kGlBgra,
                            GL_UNSIGNED_BYTE,
                            frame.pixels.data() + offsetOf(frame, rect.x, rect.y));
        gl->glPixelStorei(kGlUnpackRowLength, 0); // as the scene graph expects it
    }

    void destroy()
    {
        m_texture.reset();
        // Without a current context the name went with its share group.
        if (m_name != 0 && QOpenGLContext::currentContext())
            QOpenGLContext::currentContext()->functions()->glDeleteTextures(1, &m_name);
        m_name = 0;
    }

    QQuickWindow* m_window;
    QOpenGLContext* m_context;
    GLuint m_name = 0;
    QSize m_size;
    std::unique_ptr<QSGTexture> m_texture;
    std::vector<uint32_t> m_converted;
};

/// A new texture for each picture, for renderers whose textures cannot be changed.
class ImageUploader final : public FrameUploader {
public:
    explicit ImageUploader(QQuickWindow* window) : m_window(window) {}

    void upload(const Frame& frame, std::span<const Rect> rects) override
    {
        const Rect all{0, 0, frame.width, frame.height};
        if (m_image.width() != frame.width || m_image.height() != frame.height) {
            m_image = QImage(frame.width, frame.height, QImage::Format_RGB32);
            rects = std::span<const Rect>(&all, 1);
        }
        for (const Rect& rect : rects)
            copy(frame, rect);
        m_texture.reset(m_window->createTextureFromImage(m_image, QQuickWindow::TextureIsOpaque));
    }

    QSGTexture* texture() const override { return m_texture.get(); }

private:
    void copy(const Frame& frame, const Rect& rect)
    {
        for (int y = rect.y; y < rect.y + rect.height && !m_image.isNull(); ++y) {
            uchar* target = m_image.scanLine(y) + static_cast<size_t>(rect.x) * sizeof(uint32_t);
            std::memcpy(target, frame.pixels.data() + offsetOf(frame, rect.x, y),
                        static_cast<size_t>(rect.width) * sizeof(uint32_t));
        }
    }

    QQuickWindow* m_window;
    QImage m_image;
    std::unique_ptr<QSGTexture> m_texture;
};

} // namespace

std::unique_ptr<FrameUploader> createUploader(QQuickWindow* window)
{
    QOpenGLContext* context = QOpenGLContext::currentContext();
    if (window->rendererInterface()->graphicsApi() == QSGRendererInterface::OpenGL && context)
        return std::make_unique<GlUploader>(window, context);
    return std::make_unique<ImageUploader>(window);
}

} // namespace display::item
