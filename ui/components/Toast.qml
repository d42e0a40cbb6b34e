// SPDX-License-Identifier: GPL-3.0-or-later
// One sentence for the person, perhaps with a button; asks to go when it was there long enough to
// be read. What a sheet covers cannot be read.
import QtQuick
import QtQuick.Templates as T
import org.vitrine.theme

Rectangle {
    id: toast

    required property string sentence
    /// What the button says; empty: there is none.
    property string action: ""
    property string symbol: "info"
    readonly property bool covered: T.Overlay.overlay?.visible ?? false
    readonly property alias leaving: patience.running

    signal dismissed
    signal acted

    width: Math.min(parent?.width ?? 0, label.implicitWidth + 102 + (button.visible ? button.width : 0))
    height: Math.max(Theme.control + 12, label.contentHeight + 2 * Theme.gap)
    anchors.horizontalCenter: parent?.horizontalCenter
    radius: Theme.radiusLarge
    color: Theme.raised
    border.width: Theme.line
    border.color: Theme.outline
    Accessible.role: Accessible.AlertMessage
    Accessible.name: sentence

    Shade {
        anchors.fill: parent
        z: -1
        radius: parent.radius
    }
    Glyph {
        id: glyph

        anchors {
            left: parent.left
            leftMargin: Theme.gap
            verticalCenter: parent.verticalCenter
        }
        symbol: toast.symbol
        color: Theme.accent
    }
    Text {
        id: label

        anchors {
            left: glyph.right
            right: button.visible ? button.left : close.left
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
        horizontalAlignment: Text.AlignLeft
    }
    ActionButton {
        id: button

        anchors {
            right: close.left
            verticalCenter: parent.verticalCenter
        }
        visible: toast.action !== ""
        quiet: true
        text: toast.action
        onClicked: toast.acted()
    }
    BarButton {
        id: close

        anchors {
            right: parent.right
            rightMargin: 6
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
        id: patience

        interval: 4000 + toast.sentence.length * 50 + (toast.action === "" ? 0 : 4000)
        running: !toast.covered && !reading.hovered && !button.activeFocus && !close.activeFocus
        onTriggered: toast.dismissed()
    }
}
