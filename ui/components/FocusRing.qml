// SPDX-License-Identifier: GPL-3.0-or-later
// Shows where the keyboard is: a line around its parent, a little outside.
import QtQuick
import org.vitrine.theme

Rectangle {
    property real corner: Theme.radius
    property int gap: 3

    anchors.fill: parent
    anchors.margins: -gap
    radius: corner + gap
    color: "transparent"
    border.width: Theme.focusLine
    border.color: Theme.accent
}
