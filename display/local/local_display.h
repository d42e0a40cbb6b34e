// SPDX-License-Identifier: GPL-3.0-or-later
// LocalDisplay: the screen of a machine in this process as a DisplaySource.
#pragma once

#include <chrono>
#include <condition_variable>
#include <thread>

#include "display/core/damage.h"
#include "display/core/display_source.h"
#include "display/local/pacer.h"
#include "vmm/base/mutex.h"

namespace display::local {

/// Looks at a ScanoutSource from a thread of its own, at most 60 times a second, less while nothing
/// changes, and not at all while hidden or while the viewer has not read the last picture.
///
///   scanout --update()--> m_drawn --damaged rows--> m_shown --read()--> viewer
///            refresh thread        m_frameMutex              render thread
///
/// Two frames, so that neither the viewer waits for the drawing nor the guest's device for the
/// viewer. Owner: whoever made it; the scanout outlives it, and it outlives its viewer.
class LocalDisplay final : public core::DisplaySource {
public:
    explicit LocalDisplay(vmm::console::ScanoutSource& scanout);
    ~LocalDisplay() override;

    void show(Notify notify) override;
    void hide() override;
    void expectChange() override;
    bool read(core::Want want, const Reader& reader) override;
    std::string text() const override;

    /// The screen as it is now, also while hidden, without taking damage away from the viewer. For
    /// screenshots. Any thread but the GUI thread: it draws.
    core::Frame snapshot();

private:
    void run(const Notify& notify);
    bool refresh();
    bool hasDamage() const;
    void handOver(std::span<const core::Rect> rects, std::string text) REQUIRES(m_drawMutex);
    void waitForNext(Pacer::Interval interval);

    vmm::console::ScanoutSource& m_scanout;

    vmm::Mutex m_drawMutex; // one update() at a time: refresh thread and snapshot()
    core::Frame m_drawn GUARDED_BY(m_drawMutex);

    mutable vmm::Mutex m_frameMutex; // never held while drawing
    core::Frame m_shown GUARDED_BY(m_frameMutex);
    core::Damage m_damage GUARDED_BY(m_frameMutex);
    std::string m_text GUARDED_BY(m_frameMutex);

    vmm::Mutex m_paceMutex;
    std::condition_variable m_wake;
    bool m_stop GUARDED_BY(m_paceMutex) = false;
    bool m_unread GUARDED_BY(m_paceMutex) = false;
    bool m_hurry GUARDED_BY(m_paceMutex) = false;
    std::thread m_thread;
};

} // namespace display::local
