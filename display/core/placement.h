// SPDX-License-Identifier: GPL-3.0-or-later
// Where a guest's picture lies in its item, in device pixels, and how it is filtered.
#pragma once

namespace display::core {

/// Crisp: the greatest whole factor that fits, so that each guest pixel is a square of device
/// pixels; a picture too big for the item is shrunk smoothly. Fill: as big as fits, smoothly.
enum class ScaleMode { Crisp, Fill };
/// Nearest shows pixels as they are, Linear blends neighbours.
enum class Filter { Nearest, Linear };

/// An item and a guest picture, sizes in device pixels. `originX`, `originY`: where the item's
/// corner lies on the window's pixel grid; may be fractional on fractional scale factors.
struct PlacementRequest {
    double originX = 0;
    double originY = 0;
    double width = 0;
    double height = 0;
    int guestWidth = 0;
    int guestHeight = 0;
    ScaleMode mode = ScaleMode::Crisp;
};

/// The picture's rectangle relative to the item, in device pixels. Its edges lie on the window's
/// pixel grid. `factor`: device pixels per guest pixel; 0 when there is nothing to show.
struct Placement {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
    double factor = 0;
    Filter filter = Filter::Nearest;
};

/// Centres the picture in the item and keeps its proportions.
Placement place(const PlacementRequest& request);

} // namespace display::core
