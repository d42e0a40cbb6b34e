// SPDX-License-Identifier: GPL-3.0-or-later
// A push button with words: calm, prominent for what the person most likely wants, or dangerous.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

Button {
    id: button

    property bool prominent: false
    property bool dangerous: false
    /// Without a case of its own, for places that have one.
    property bool quiet: false
    /// An icon before the words; empty: none.
    property string symbol: ""
    readonly property color fill: dangerous ? Theme.bad : prominent ? Theme.accent
                                 : quiet ? (hovered ? Theme.hover : "transparent") : Theme.raised
    readonly property bool filled: dangerous || prominent

    implicitHeight: Theme.control
    leftPadding: quiet ? Theme.gap : Theme.gapLarge
    rightPadding: leftPadding
    Accessible.name: text
    Accessible.description: enabled ? "" : qsTr("Not available now") // Qt 6.4 does not tell that itself
    Accessible.onPressAction: {
        if (enabled)
            clicked();
    }
    Keys.onReturnPressed: button.clicked()
    Keys.onEnterPressed: button.clicked()

    contentItem: Item {
        implicitWidth: row.implicitWidth
        opacity: button.enabled ? 1 : 0.45

        Row {
            id: row

            anchors.centerIn: parent
            spacing: Theme.gapSmall

            Glyph {
                anchors.verticalCenter: parent.verticalCenter
                visible: button.symbol !== ""
                symbol: button.symbol === "" ? "check" : button.symbol
                sourceSize.width: 18
                sourceSize.height: 18
                color: words.color
            }
            Text {
                id: words

                anchors.verticalCenter: parent.verticalCenter
                text: button.text
                textFormat: Text.PlainText
                color: button.filled ? Theme.accentInk : button.quiet ? Theme.accent : Theme.text
                font.pixelSize: Theme.baseSize
                font.weight: button.filled || button.quiet ? Font.DemiBold : Font.Normal
            }
        }
    }

    background: Rectangle {
        radius: Theme.radius
        color: button.quiet ? (button.down ? Theme.pressed : button.fill)
             : button.down ? Qt.darker(button.fill, 1.15)
             : button.hovered ? Qt.darker(button.fill, 1.06) : button.fill
        border.width: button.filled || button.quiet ? 0 : Theme.line
        border.color: Theme.outline

        FocusRing {
            visible: button.visualFocus
        }
    }
}
