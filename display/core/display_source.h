// SPDX-License-Identifier: GPL-3.0-or-later
// DisplaySource: what a display item shows, be it a machine of this process or a remote one.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "vmm/console/scanout.h"

namespace display::core {

using Frame = vmm::console::Frame;
using Rect = vmm::console::Rect;

/// What a reader wants: what changed since the last read(), or all of it (a new texture).
enum class Want { Changes, Everything };

/// A screen somebody may look at. One viewer at a time. The viewer calls show() when he can be
/// seen, is told that there is something new, and pulls it with read() at his own vsync; a source
/// nobody is shown costs nothing.
class DisplaySource {
public:
    using Notify = std::function<void()>;
    /// The frame and what of it is new, inside the frame and without overlap worth mentioning.
    using Reader = std::function<void(const Frame&, std::span<const Rect>)>;

    virtual ~DisplaySource() = default;

    /// Starts bringing pictures; `notify` is called from a thread of the source, once for each
    /// picture that was not yet read, and must not block. All of the frame counts as new. GUI
    /// thread. Replaces an earlier show().
    virtual void show(Notify notify) = 0;
    /// Stops; when it returns `notify` does not run any more. GUI thread. Idempotent.
    virtual void hide() = 0;
    /// The person did something (a key, the mouse): an answer is likely, look at full pace. Any
    /// thread.
    virtual void expectChange() = 0;
    /// Calls `reader` once with the frame, under the lock of the hand-over, so it must be quick and
    /// must not call the source; false, without calling it, when there is nothing new or no frame
    /// yet. Any thread; normally the render thread.
    virtual bool read(Want want, const Reader& reader) = 0;
    /// The screen as lines of UTF-8 when the guest is in a text mode, else empty. As of the last
    /// picture. Any thread.
    virtual std::string text() const = 0;
};

} // namespace display::core
