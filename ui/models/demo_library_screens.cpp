// SPDX-License-Identifier: GPL-3.0-or-later
// Small invented desktops, painted.
#include "ui/models/demo_library_screens.h"

#include <cmath>

#include <QFontDatabase>
#include <QPainter>
#include <QPainterPath>

namespace ui::models {

namespace {

constexpr QSize kDesktop(1280, 800);
constexpr QSize kText(720, 400);

const char* const kBuildLines[] = {
    "$ make -j4",
    "  CC      init/main.o",
    "  CC      kernel/fork.o",
    "  CC      kernel/sched/core.o",
    "  CC      mm/page_alloc.o",
    "  CC      fs/namei.o",
    "  CC      net/core/dev.o",
    "  CC      drivers/virtio/virtio.o",
    "  CC      drivers/block/virtio_blk.o",
    "  AR      built-in.a",
    "  LD      vmlinux.o",
    "  MODPOST vmlinux.symvers",
};

void hill(QPainter& painter, QColor colour, double height, double bend, double shift)
{
    QPainterPath path;
    path.moveTo(0, kDesktop.height());
    for (int x = 0; x <= kDesktop.width(); x += 16)
        path.lineTo(x, height + bend * std::sin((x + shift) / 210.0));
    path.lineTo(kDesktop.width(), kDesktop.height());
    path.closeSubpath();
    painter.fillPath(path, colour);
}

void wallpaper(QPainter& painter, QColor above, QColor below)
{
    QLinearGradient sky(0, 0, 0, kDesktop.height());
    sky.setColorAt(0, above);
    sky.setColorAt(1, below);
    painter.fillRect(QRect(QPoint(0, 0), kDesktop), sky);
}

void panel(QPainter& painter, QColor colour, QColor ink, int frame)
{
    painter.fillRect(0, 0, kDesktop.width(), 30, colour);
    painter.setPen(ink);
    QFont font = painter.font();
    font.setPixelSize(15);
    painter.setFont(font);
    const QString time = QStringLiteral("14:%1").arg(frame / 60 % 60, 2, 10, QLatin1Char('0'));
    painter.drawText(QRect(0, 0, kDesktop.width(), 30), Qt::AlignCenter, time);
}

/// A window with a title bar; leaves the painter's text font at 15 pixels.
QRect window(QPainter& painter, QRect frame, QColor paper, QColor bar)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(QColor(0, 0, 0, 40));
    painter.drawRoundedRect(frame.adjusted(-3, 2, 3, 9), 14, 14);
    painter.setBrush(paper);
    painter.drawRoundedRect(frame, 11, 11);
    painter.setBrush(bar);
    painter.drawRoundedRect(QRect(frame.topLeft(), QSize(frame.width(), 40)), 11, 11);
    painter.drawRect(frame.x(), frame.y() + 22, frame.width(), 18);
    painter.setBrush(QColor(255, 255, 255, 90));
    painter.drawEllipse(frame.right() - 30, frame.y() + 12, 16, 16);
    return frame.adjusted(22, 58, -22, -22);
}

void lines(QPainter& painter, QRect area, QColor ink, int count)
{
    painter.setPen(Qt::NoPen);
    painter.setBrush(ink);
    for (int line = 0; line < count; ++line) {
        const int width = area.width() * (62 + (line * 37) % 38) / 100;
        painter.drawRoundedRect(area.x(), area.y() + line * 30, width, 11, 5, 5);
    }
}

void terminal(QPainter& painter, int frame)
{
    painter.fillRect(QRect(QPoint(0, 0), kText), QColor(0x10, 0x14, 0x16));
    QFont font = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    font.setPixelSize(17);
    painter.setFont(font);
    painter.setPen(QColor(0xc8, 0xd4, 0xd0));
    constexpr int kRows = 17;
    constexpr int kCount = static_cast<int>(std::size(kBuildLines));
    for (int row = 0; row < kRows; ++row)
        painter.drawText(14, 26 + row * 22,
                         QString::fromLatin1(kBuildLines[(frame + row) % kCount]));
}

void meadow(QPainter& painter, int frame)
{
    wallpaper(painter, QColor(0x9f, 0xd3, 0xe8), QColor(0xf3, 0xe9, 0xc8));
    hill(painter, QColor(0x7f, 0xb0, 0x7a), 520, 60, 0);
    hill(painter, QColor(0x55, 0x92, 0x63), 610, 46, 320);
    hill(painter, QColor(0x38, 0x74, 0x52), 700, 34, 900);
    panel(painter, QColor(0x1c, 0x2a, 0x2a, 220), Qt::white, frame);
    const QRect page =
        window(painter, {150, 110, 660, 470}, QColor(0xfb, 0xfa, 0xf7), QColor(0xe4, 0xe0, 0xd8));
    lines(painter, page, QColor(0xb8, 0xb4, 0xaa), 12);
    const int move = static_cast<int>(30 * std::sin(frame / 5.0));
    const QRect small = window(painter, {760 + move, 330, 380, 300}, QColor(0x20, 0x27, 0x2b),
                               QColor(0x34, 0x3e, 0x43));
    lines(painter, small, QColor(0x5e, 0xc9, 0xa8), 6);
}

void night(QPainter& painter, int frame)
{
    wallpaper(painter, QColor(0x18, 0x1b, 0x3a), QColor(0x4a, 0x2c, 0x5e));
    painter.setPen(Qt::NoPen);
    painter.setBrush(QColor(0xf4, 0xe6, 0xc2));
    painter.drawEllipse(QPointF(980, 190), 62, 62);
    hill(painter, QColor(0x2b, 0x24, 0x4d), 560, 70, 100);
    hill(painter, QColor(0x1b, 0x19, 0x36), 650, 40, 700);
    panel(painter, QColor(0, 0, 0, 120), Qt::white, frame);
    const QRect page =
        window(painter, {220, 150, 600, 430}, QColor(0x24, 0x21, 0x3c), QColor(0x39, 0x34, 0x58));
    lines(painter, page, QColor(0x8d, 0x86, 0xc9), 11);
}

void dunes(QPainter& painter, int frame)
{
    wallpaper(painter, QColor(0xf4, 0xc9, 0x8f), QColor(0xe9, 0x8a, 0x5c));
    hill(painter, QColor(0xc9, 0x6d, 0x45), 500, 80, 500);
    hill(painter, QColor(0x9d, 0x4d, 0x3a), 620, 50, 60);
    hill(painter, QColor(0x6d, 0x33, 0x30), 720, 30, 400);
    painter.fillRect(0, kDesktop.height() - 54, kDesktop.width(), 54, QColor(30, 18, 22, 190));
    painter.setPen(Qt::NoPen);
    for (int icon = 0; icon < 6; ++icon) {
        painter.setBrush(QColor::fromHsl((icon * 57 + frame) % 360, 120, 160));
        painter.drawRoundedRect(500 + icon * 48, kDesktop.height() - 44, 34, 34, 8, 8);
    }
}

void installer(QPainter& painter, int frame)
{
    wallpaper(painter, QColor(0x2f, 0x3f, 0x52), QColor(0x1e, 0x2a, 0x38));
    const QRect page =
        window(painter, {240, 140, 800, 500}, QColor(0xf6, 0xf4, 0xf0), QColor(0xde, 0xda, 0xd2));
    painter.setPen(QColor(0x30, 0x36, 0x3a));
    QFont font = painter.font();
    font.setPixelSize(34);
    painter.setFont(font);
    painter.drawText(page, Qt::AlignHCenter | Qt::AlignTop, QStringLiteral("Installing"));
    lines(painter, page.adjusted(0, 90, 0, 0), QColor(0xc9, 0xc4, 0xba), 6);
    const QRect bar(page.x(), page.bottom() - 40, page.width(), 18);
    painter.setPen(Qt::NoPen);
    painter.setBrush(QColor(0xd9, 0xd4, 0xca));
    painter.drawRoundedRect(bar, 9, 9);
    painter.setBrush(QColor(0x2a, 0x7d, 0xc4));
    painter.drawRoundedRect(QRect(bar.topLeft(), QSize(bar.width() * (30 + frame % 60) / 100, 18)),
                            9, 9);
}

void chart(QPainter& painter, int frame)
{
    painter.fillRect(QRect(QPoint(0, 0), kDesktop), QColor(0x0e, 0x16, 0x22));
    painter.setPen(QPen(QColor(255, 255, 255, 26), 2));
    for (int y = 100; y < kDesktop.height(); y += 100)
        painter.drawLine(0, y, kDesktop.width(), y);
    for (int curve = 0; curve < 3; ++curve) {
        QPainterPath path;
        for (int x = 0; x <= kDesktop.width(); x += 20) {
            const double at = x + frame * 22 + curve * 300;
            const double y = 260 + curve * 140 + 70 * std::sin(at / 90) + 36 * std::sin(at / 31);
            x == 0 ? path.moveTo(x, y) : path.lineTo(x, y);
        }
        painter.strokePath(path, QPen(QColor::fromHsl(150 + curve * 50, 150, 150), 6));
    }
}

} // namespace

QImage demoScreen(DemoScreen what, int frame)
{
    QImage image(what == DemoScreen::Terminal ? kText : kDesktop, QImage::Format_RGB32);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    switch (what) {
    case DemoScreen::Terminal:
        terminal(painter, frame);
        break;
    case DemoScreen::Meadow:
        meadow(painter, frame);
        break;
    case DemoScreen::Night:
        night(painter, frame);
        break;
    case DemoScreen::Dunes:
        dunes(painter, frame);
        break;
    case DemoScreen::Installer:
        installer(painter, frame);
        break;
    case DemoScreen::Chart:
        chart(painter, frame);
        break;
    }
    return image;
}

} // namespace ui::models
