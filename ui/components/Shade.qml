// SPDX-License-Identifier: GPL-3.0-or-later
// A soft shadow under something that floats, made of a few rectangles: no shaders needed. Put it
// into the background, behind the rectangle it belongs to.
import QtQuick
import org.vitrine.theme

Item {
    id: shade

    property real radius: Theme.radiusLarge
    property int depth: 4

    Repeater {
        model: Theme.highContrast ? 0 : shade.depth

        Rectangle {
            required property int index
            readonly property int grow: 2 + index * 3

            x: -grow
            y: -grow + 5
            width: shade.width + 2 * grow
            height: shade.height + 2 * grow
            radius: shade.radius + grow
            color: Theme.shade
        }
    }
}
