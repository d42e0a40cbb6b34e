// SPDX-License-Identifier: GPL-3.0-or-later
// One sentence for the person; asks to go when it was there long enough to be read.
import QtQuick
import org.vitrine.theme

Rectangle {
    id: toast

    required property string sentence

    signal dismissed

    width: Math.min(parent?.width ?? 0, label.implicitWidth + 88)
    height: Math.max(Theme.control + 8, label.contentHeight + 2 * Theme.gap)
    anchors.horizontalCenter: parent?.horizontalCenter
    radius: Theme.radiusLarge
    color: Theme.raised
    border.width: Theme.line
    border.color: Theme.outline
    Accessible.role: Accessible.AlertMessage
    Accessible.name: sentence

    Glyph {
        id: glyph

        anchors {
            left: parent.left
            leftMargin: Theme.gap
            verticalCenter: parent.verticalCenter
        }
        symbol: "info"
        color: Theme.accent
    }
    Text {
        id: label

        anchors {
            left: glyph.right
            right: close.left
            margins: Theme.gapSmall
            verticalCenter: parent.verticalCenter
        }
        text: toast.sentence
        textFormat: Text.PlainText
        wrapMode: Text.Wrap
        maximumLineCount: 4
        elide: Text.ElideRight
        color: Theme.text
        font.pixelSize: Theme.baseSize
    }
    BarButton {
        id: close

        anchors {
            right: parent.right
            rightMargin: Theme.gapTiny
            verticalCenter: parent.verticalCenter
        }
        symbol: "close"
        text: qsTr("Dismiss")
        onClicked: toast.dismissed()
    }
    HoverHandler {
        id: reading
    }
    Timer {
        interval: 4000 + toast.sentence.length * 50
        running: !reading.hovered
        onTriggered: toast.dismissed()
    }
}
