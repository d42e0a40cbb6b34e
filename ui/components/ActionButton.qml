// SPDX-License-Identifier: GPL-3.0-or-later
// A push button with words: calm, prominent for what the person most likely wants, or dangerous.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

Button {
    id: button

    property bool prominent: false
    property bool dangerous: false
    readonly property color fill: dangerous ? Theme.bad : prominent ? Theme.accent : Theme.raised
    readonly property bool filled: dangerous || prominent

    implicitHeight: Theme.control
    leftPadding: Theme.gapLarge
    rightPadding: Theme.gapLarge
    Accessible.name: text
    Keys.onReturnPressed: button.clicked()
    Keys.onEnterPressed: button.clicked()

    contentItem: Text {
        text: button.text
        color: button.filled ? Theme.accentInk : Theme.text
        font.pixelSize: Theme.baseSize
        font.weight: button.filled ? Font.DemiBold : Font.Normal
        horizontalAlignment: Text.AlignHCenter
        verticalAlignment: Text.AlignVCenter
    }

    background: Rectangle {
        radius: Theme.radius
        color: button.down ? Qt.darker(button.fill, 1.15)
             : button.hovered ? Qt.darker(button.fill, 1.06) : button.fill
        border.width: button.filled ? 0 : Theme.line
        border.color: Theme.outline

        Rectangle {
            anchors.fill: parent
            anchors.margins: -3
            radius: Theme.radius + 3
            color: "transparent"
            visible: button.visualFocus
            border.width: Theme.focusLine
            border.color: Theme.accent
        }
    }
}
