// SPDX-License-Identifier: GPL-3.0-or-later
// A button on the glass, over any picture: dark, so that it can be seen on all of them. Reached
// by pointer; the keyboard does the same with Enter and the menu key.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.theme

AbstractButton {
    id: button

    required property string symbol
    /// The machine's name, for screen readers.
    required property string about
    property bool worded: false

    implicitHeight: worded ? 36 : 30
    implicitWidth: worded ? row.implicitWidth + 32 : implicitHeight
    hoverEnabled: true
    focusPolicy: Qt.NoFocus
    Accessible.focusable: false
    Accessible.name: qsTr("%1: %2").arg(text).arg(about)
    Accessible.onPressAction: {
        if (enabled)
            clicked();
    }

    contentItem: Item {
        Row {
            id: row

            anchors.centerIn: parent
            spacing: Theme.gapSmall

            Glyph {
                anchors.verticalCenter: parent.verticalCenter
                symbol: button.symbol
                color: "#ffffff"
                sourceSize.width: 18
                sourceSize.height: 18
            }
            Text {
                anchors.verticalCenter: parent.verticalCenter
                visible: button.worded
                text: button.text
                textFormat: Text.PlainText
                color: "#ffffff"
                font.pixelSize: Theme.baseSize
                font.weight: Font.Medium
            }
        }
    }
    background: Rectangle {
        radius: height / 2
        color: button.down ? "#f0040809" : button.hovered ? "#e8102024" : "#b80c1519"
        border.width: 1
        border.color: button.hovered ? "#8055c9ba" : "#38ffffff"
    }
    Hint {
        visible: button.hovered && !button.worded
        text: button.text
    }
}
