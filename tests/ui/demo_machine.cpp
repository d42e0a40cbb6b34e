// SPDX-License-Identifier: GPL-3.0-or-later
// The pretending machine and its test picture.
#include "tests/ui/demo_machine.h"

namespace tests::ui {

namespace {

/// Bars, a grid of single pixels and a frame: shows scaling and cut-off edges at a glance.
uint32_t testPixel(int x, int y, int width, int height)
{
    static constexpr uint32_t kBars[] = {0xff20262c, 0xff2f6f9f, 0xff3c9d8f, 0xff78b26a,
                                         0xffe0b050, 0xffd87a4a, 0xffb8506a, 0xff7a5aa0};
    if (x == 0 || y == 0 || x == width - 1 || y == height - 1)
        return 0xffffffff;
    if (y < height / 6)
        return (x + y) % 2 == 0 ? 0xffffffff : 0xff000000;
    return kBars[x * 8 / width];
}

} // namespace

void DemoSource::show(Notify notify)
{
    m_notify = std::move(notify);
    m_damage.assign(1, {0, 0, m_frame.width, m_frame.height});
    tell();
}

bool DemoSource::read(display::core::Want want, const Reader& reader)
{
    if (m_frame.width == 0 || (want == display::core::Want::Changes && m_damage.empty()))
        return false;
    if (want == display::core::Want::Everything)
        m_damage.assign(1, {0, 0, m_frame.width, m_frame.height});
    reader(m_frame, m_damage);
    ++reads;
    lastDamage = std::exchange(m_damage, {});
    return true;
}

void DemoSource::setPicture(int width, int height)
{
    m_frame.width = width;
    m_frame.height = height;
    m_frame.pixels.clear();
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x)
            m_frame.pixels.push_back(testPixel(x, y, width, height));
    }
    m_damage.assign(1, {0, 0, width, height});
    tell();
}

void DemoSource::paint(const display::core::Rect& rect, uint32_t colour)
{
    for (int y = rect.y; y < rect.y + rect.height; ++y) {
        for (int x = rect.x; x < rect.x + rect.width; ++x)
            m_frame.pixels[static_cast<size_t>(y * m_frame.width + x)] = colour;
    }
    m_damage.push_back(rect);
    tell();
}

void DemoSource::tell()
{
    if (m_notify)
        m_notify();
}

void DemoMachine::screenshot(const QString& path)
{
    calls << QStringLiteral("screenshot ") + path;
    emit screenshotSaved(path);
}

void DemoMachine::setState(const QString& state)
{
    m_state = state;
    emit stateChanged();
}

void DemoMachine::change(const QString& call, const QString& state)
{
    calls << call;
    setState(state);
}

void DemoMachine::setMedium(const QString& path)
{
    calls << (path.isEmpty() ? QStringLiteral("eject") : QStringLiteral("insert ") + path);
    m_medium = path;
    emit mediumChanged();
}

} // namespace tests::ui
