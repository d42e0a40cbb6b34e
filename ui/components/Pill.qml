// SPDX-License-Identifier: GPL-3.0-or-later
// A short sentence that floats over the guest's picture and takes no clicks.
import QtQuick
import org.vitrine.theme

Rectangle {
    id: pill

    property string text: ""
    property string symbol: ""
    property bool shown: false

    implicitWidth: row.implicitWidth + 2 * Theme.gapLarge
    implicitHeight: Theme.control + 4
    radius: height / 2
    color: Theme.raised
    border.width: Theme.line
    border.color: Theme.outline
    opacity: shown ? 1 : 0
    visible: opacity > 0
    Accessible.role: Accessible.Paragraph // Qt 6.4 calls StaticText focusable, whatever one says
    Accessible.name: text

    Behavior on opacity {
        NumberAnimation { duration: Theme.calm }
    }

    Row {
        id: row

        anchors.centerIn: parent
        spacing: Theme.gapSmall

        Glyph {
            visible: pill.symbol !== ""
            symbol: pill.symbol === "" ? "info" : pill.symbol
            color: Theme.accent
            anchors.verticalCenter: parent.verticalCenter
        }
        Text {
            text: pill.text
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.baseSize
            anchors.verticalCenter: parent.verticalCenter
        }
    }
}
