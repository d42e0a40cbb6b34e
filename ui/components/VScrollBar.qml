// SPDX-License-Identifier: GPL-3.0-or-later
// A thin scroll bar that grows under the pointer.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

ScrollBar {
    id: bar

    minimumSize: 0.06
    Accessible.ignored: true // nothing to reach: what it scrolls scrolls with the keyboard
    padding: 2
    visible: size < 1
    policy: ScrollBar.AsNeeded
    contentItem: Rectangle {
        implicitWidth: bar.hovered || bar.pressed ? 8 : 5
        implicitHeight: 5
        radius: width / 2
        color: bar.pressed ? Theme.accent : Theme.quiet
        opacity: bar.hovered || bar.pressed || Theme.highContrast ? 0.9 : 0.4
    }
    background: null
}
