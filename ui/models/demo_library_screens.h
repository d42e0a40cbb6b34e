// SPDX-License-Identifier: GPL-3.0-or-later
// Screens for machines that only pretend.
#pragma once

#include <QImage>
#include <QString>

namespace ui::models {

/// What a pretended guest shows.
enum class DemoScreen { Terminal, Meadow, Night, Dunes, Installer, Chart };

/// Screen number `frame` of that guest: 1280 x 800, or 720 x 400 for text. Any thread that may
/// paint text.
QImage demoScreen(DemoScreen what, int frame);

} // namespace ui::models
