// SPDX-License-Identifier: GPL-3.0-or-later
// The state of something in a word, with a dot whose colour says the same.
import QtQuick
import org.vitrine.theme

Item {
    id: chip

    property string text: ""
    property color tone: Theme.quiet

    implicitWidth: row.implicitWidth
    implicitHeight: Theme.control
    Accessible.role: Accessible.Paragraph
    Accessible.name: text

    Row {
        id: row

        anchors.verticalCenter: parent.verticalCenter
        spacing: Theme.gapSmall

        Rectangle {
            width: 8
            height: 8
            radius: 4
            color: chip.tone
            anchors.verticalCenter: parent.verticalCenter
        }
        Text {
            text: chip.text
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.smallSize
            font.weight: Font.Medium
            anchors.verticalCenter: parent.verticalCenter
        }
    }
}
