// SPDX-License-Identifier: GPL-3.0-or-later
// A value between two ends.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

Slider {
    id: slider

    required property string label
    /// The value in words, for screen readers: "4 GiB".
    property string valueText: ""

    implicitWidth: 220
    implicitHeight: Theme.control
    padding: 0
    opacity: enabled ? 1 : 0.5
    Accessible.name: label
    Accessible.description: valueText

    background: Rectangle {
        x: 10
        anchors.verticalCenter: parent.verticalCenter
        width: slider.availableWidth - 20
        height: 6
        radius: 3
        color: Theme.track

        Rectangle {
            x: slider.mirrored ? parent.width - width : 0
            width: (slider.mirrored ? 1 - slider.visualPosition : slider.visualPosition)
                   * parent.width
            height: parent.height
            radius: 3
            color: Theme.accent
        }
    }
    handle: Rectangle {
        x: slider.visualPosition * (slider.availableWidth - width)
        anchors.verticalCenter: parent.verticalCenter
        width: 20
        height: 20
        radius: 10
        color: slider.pressed ? Theme.hover : Theme.raised
        border.width: 2
        border.color: Theme.accent

        FocusRing {
            visible: slider.visualFocus
            corner: 10
        }
    }
}
