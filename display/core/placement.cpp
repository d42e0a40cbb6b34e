// SPDX-License-Identifier: GPL-3.0-or-later
// Scaling arithmetic of the display item.
#include "display/core/placement.h"

#include <algorithm>
#include <cmath>

namespace display::core {

namespace {

/// Scale factors such as 1.25 make an item of 819.9999 pixels out of 820.
constexpr double kSlack = 0.01;

double scaleFactor(const PlacementRequest& request)
{
    const double fit = std::min((request.width + kSlack) / request.guestWidth,
                                (request.height + kSlack) / request.guestHeight);
    if (request.mode == ScaleMode::Crisp && fit >= 1)
        return std::floor(fit);
    // Within half a pixel of a whole factor is that factor: the difference is only rounding.
    const double whole = std::round(fit);
    const int longest = std::max(request.guestWidth, request.guestHeight);
    return whole >= 1 && std::abs(fit - whole) * longest < 0.5 ? whole : fit;
}

} // namespace

Placement place(const PlacementRequest& request)
{
    if (request.guestWidth <= 0 || request.guestHeight <= 0 || request.width < 1 ||
        request.height < 1)
        return {};
    Placement placement;
    placement.factor = scaleFactor(request);
    const bool whole = placement.factor == std::floor(placement.factor);
    placement.filter = whole ? Filter::Nearest : Filter::Linear;
    placement.width = std::max(1.0, std::round(request.guestWidth * placement.factor));
    placement.height = std::max(1.0, std::round(request.guestHeight * placement.factor));
    // On the window's grid, not the item's: a picture between two pixels would be blurred.
    const double left = request.originX + (request.width - placement.width) / 2;
    const double top = request.originY + (request.height - placement.height) / 2;
    placement.x = std::floor(left + kSlack) - request.originX;
    placement.y = std::floor(top + kSlack) - request.originY;
    return placement;
}

} // namespace display::core
