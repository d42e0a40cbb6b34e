// SPDX-License-Identifier: GPL-3.0-or-later
// A dot, the state in a word, and what runs.
import QtQuick
import org.vitrine.theme

Item {
    id: line

    required property color tone
    required property string status
    property string osName: ""
    property bool loud: false
    property bool hollow: false

    implicitHeight: state.implicitHeight

    Rectangle {
        id: dot

        anchors.verticalCenter: parent.verticalCenter
        anchors.left: parent.left
        width: 8
        height: 8
        radius: 4
        // Off is a ring: colour is not all that tells states apart.
        color: line.hollow ? "transparent" : line.tone
        border.width: line.hollow ? 1.5 : Theme.highContrast ? 1 : 0
        border.color: line.hollow ? Theme.quiet : Theme.text
    }
    Text {
        id: state

        anchors.left: dot.right
        anchors.leftMargin: Theme.gapSmall - 1
        width: Math.min(implicitWidth, line.width - 16)
        text: line.status
        textFormat: Text.PlainText
        color: line.loud ? Theme.bad : Theme.quiet
        font.pixelSize: Theme.smallSize
        elide: Text.ElideRight
    }
    Text {
        anchors.left: state.right
        anchors.right: parent.right
        anchors.leftMargin: Theme.gap
        visible: text !== "" && !truncated // half a name says little
        text: line.osName
        textFormat: Text.PlainText
        color: Theme.quiet
        font.pixelSize: Theme.smallSize
        elide: Text.ElideRight
        horizontalAlignment: Text.AlignRight
    }
}
