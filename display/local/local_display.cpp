// SPDX-License-Identifier: GPL-3.0-or-later
// Refresh thread and hand-over of frames between machine and viewer.
#include "display/local/local_display.h"

#include <algorithm>
#include <optional>
#include <pthread.h>

namespace display::local {

namespace {

using core::Frame;
using core::Rect;
using vmm::MutexLock;

bool isWhole(const Frame& frame)
{
    return frame.width > 0 && frame.height > 0 && frame.width <= Frame::kMaxSide &&
           frame.height <= Frame::kMaxSide &&
           frame.pixels.size() ==
               static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height);
}

void copyRect(const Frame& from, Frame& to, const Rect& rect)
{
    for (int row = rect.y; row < rect.y + rect.height; ++row) {
        const size_t start = static_cast<size_t>(row) * static_cast<size_t>(from.width) +
                             static_cast<size_t>(rect.x);
        std::copy_n(from.pixels.begin() + static_cast<std::ptrdiff_t>(start), rect.width,
                    to.pixels.begin() + static_cast<std::ptrdiff_t>(start));
    }
}

} // namespace

LocalDisplay::LocalDisplay(vmm::console::ScanoutSource& scanout) : m_scanout(scanout) {}

LocalDisplay::~LocalDisplay()
{
    hide();
}

void LocalDisplay::show(Notify notify)
{
    hide();
    {
        const MutexLock lock(m_paceMutex);
        m_stop = false;
        m_unread = false;
        m_hurry = false;
    }
    {
        const MutexLock lock(m_frameMutex);
        m_damage.add({0, 0, m_shown.width, m_shown.height}, m_shown.width, m_shown.height);
    }
    // While nobody looked, others may have taken the damage; the new viewer starts with all of it.
    m_scanout.invalidate();
    m_thread = std::thread([this, notify = std::move(notify)] { run(notify); });
    pthread_setname_np(m_thread.native_handle(), "display");
}

void LocalDisplay::hide()
{
    if (!m_thread.joinable())
        return;
    {
        const MutexLock lock(m_paceMutex);
        m_stop = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

void LocalDisplay::expectChange()
{
    {
        const MutexLock lock(m_paceMutex);
        m_hurry = true;
    }
    m_wake.notify_all();
}

bool LocalDisplay::read(core::Want want, const Reader& reader)
{
    {
        MutexLock lock(m_frameMutex);
        if (!isWhole(m_shown) || (want == core::Want::Changes && m_damage.empty()))
            return false;
        const Rect all{0, 0, m_shown.width, m_shown.height};
        reader(m_shown,
               want == core::Want::Everything ? std::span<const Rect>(&all, 1) : m_damage.rects());
        m_damage.clear();
    }
    {
        const MutexLock lock(m_paceMutex);
        m_unread = false;
    }
    m_wake.notify_all();
    return true;
}

std::string LocalDisplay::text() const
{
    const MutexLock lock(m_frameMutex);
    return m_text;
}

core::Frame LocalDisplay::snapshot()
{
    static_cast<void>(refresh());
    const MutexLock lock(m_drawMutex);
    return m_drawn;
}

void LocalDisplay::run(const Notify& notify)
{
    Pacer pacer;
    for (;;) {
        const bool changed = refresh();
        const bool fresh = changed || hasDamage(); // a snapshot() may have drawn it
        bool tell = false;
        {
            const MutexLock lock(m_paceMutex);
            if (m_stop)
                return;
            tell = fresh && !m_unread;
            m_unread = m_unread || fresh;
            if (m_hurry)
                pacer.hurry();
            m_hurry = false;
        }
        if (tell)
            notify();
        waitForNext(pacer.next(changed));
    }
}

bool LocalDisplay::refresh()
{
    const MutexLock lock(m_drawMutex);
    const int width = m_drawn.width;
    const int height = m_drawn.height;
    std::vector<Rect> rects = m_scanout.update(m_drawn);
    if (m_drawn.width != width || m_drawn.height != height)
        rects.assign(1, Rect{0, 0, m_drawn.width, m_drawn.height});
    if (rects.empty())
        return false;
    const std::optional<vmm::console::TextScreen> screen = m_scanout.text();
    if (!isWhole(m_drawn))
        return false;
    handOver(rects, screen ? screen->toUtf8() : std::string());
    return true;
}

void LocalDisplay::handOver(std::span<const Rect> rects, std::string text)
{
    const MutexLock lock(m_frameMutex);
    m_text = std::move(text);
    if (m_shown.width != m_drawn.width || m_shown.height != m_drawn.height) {
        m_shown = m_drawn;
        m_damage.clear();
        m_damage.add({0, 0, m_shown.width, m_shown.height}, m_shown.width, m_shown.height);
        return;
    }
    for (const Rect& rect : rects) {
        const Rect inside = core::clipped(rect, m_shown.width, m_shown.height);
        copyRect(m_drawn, m_shown, inside);
        m_damage.add(inside, m_shown.width, m_shown.height);
    }
}

bool LocalDisplay::hasDamage() const
{
    const MutexLock lock(m_frameMutex);
    return !m_damage.empty();
}

void LocalDisplay::waitForNext(Pacer::Interval interval)
{
    // A viewer that does not read (covered window, slow compositor) is not drawn for; now and then
    // we look all the same, so that damage does not pile up in the device and text() stays true.
    constexpr std::chrono::milliseconds kUnreadLimit{250};
    const auto start = std::chrono::steady_clock::now();
    MutexLock lock(m_paceMutex);
    lock.waitFor(m_wake, interval, [this]() REQUIRES(m_paceMutex) { return m_stop || m_hurry; });
    if (m_stop)
        return;
    // Woken early by the person's key: never faster than 60 a second all the same.
    lock.waitFor(m_wake, start + Pacer::kFast - std::chrono::steady_clock::now(),
                 [this]() REQUIRES(m_paceMutex) { return m_stop; });
    lock.waitFor(m_wake, kUnreadLimit,
                 [this]() REQUIRES(m_paceMutex) { return m_stop || !m_unread; });
}

} // namespace display::local
