// SPDX-License-Identifier: GPL-3.0-or-later
// How far something is: 0 to 1, or -1 when nobody knows.
import QtQuick
import org.vitrine.theme

Rectangle {
    id: bar

    property real value: -1
    /// What is going on; for screen readers.
    required property string label

    implicitWidth: 160
    implicitHeight: 6
    radius: height / 2
    color: Theme.track
    Accessible.role: Accessible.ProgressBar
    Accessible.name: label

    Rectangle {
        id: part

        readonly property bool wandering: bar.value < 0
        property real phase

        x: wandering ? phase * (bar.width - width) : bar.LayoutMirroring.enabled ? bar.width - width : 0
        width: wandering ? bar.width * 0.3 : Math.max(bar.height, bar.width * Math.min(bar.value, 1))
        height: bar.height
        radius: bar.radius
        color: Theme.accent

        SequentialAnimation on phase { // whatever width the bar gets meanwhile
            running: part.wandering && bar.visible && Theme.calm > 0
            loops: Animation.Infinite

            NumberAnimation {
                from: 0; to: 1; duration: 900; easing.type: Easing.InOutQuad
            }
            NumberAnimation {
                from: 1; to: 0; duration: 900; easing.type: Easing.InOutQuad
            }
        }
    }
}
