// SPDX-License-Identifier: GPL-3.0-or-later
// Covers the guest's picture while files are dragged over it and says what dropping them does.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

DropArea {
    id: area

    required property MachineModel machine
    property bool welcome: false

    keys: ["text/uri-list"]
    onEntered: drag => welcome = machine.acceptsDrop(drag.urls)
    onDropped: drop => {
        machine.drop(drop.urls);
        drop.accept(Qt.CopyAction);
    }

    Rectangle {
        anchors.fill: parent
        visible: area.containsDrag
        color: Theme.scrim

        Rectangle {
            anchors.fill: parent
            anchors.margins: Theme.gapLarge
            radius: Theme.radiusLarge
            color: Qt.rgba(Theme.raised.r, Theme.raised.g, Theme.raised.b, 0.94)
            border.width: 2
            border.color: area.welcome ? Theme.accent : Theme.bad
            Accessible.role: Accessible.Paragraph
            Accessible.name: sentence.text

            Column {
                anchors.centerIn: parent
                width: parent.width - 2 * Theme.gapLarge
                spacing: Theme.gap

                Glyph {
                    anchors.horizontalCenter: parent.horizontalCenter
                    width: 48
                    height: 48
                    sourceSize.width: 48
                    sourceSize.height: 48
                    symbol: area.welcome ? "insert" : "warning"
                    color: area.welcome ? Theme.accent : Theme.bad
                }
                Text {
                    id: sentence

                    width: parent.width
                    text: area.welcome ? qsTr("Drop to insert this disc")
                                       : qsTr("Only one disc image, such as an .iso file, can be inserted")
                    textFormat: Text.PlainText
                    color: Theme.text
                    font.pixelSize: Theme.titleSize
                    font.weight: Font.DemiBold
                    horizontalAlignment: Text.AlignHCenter
                    wrapMode: Text.Wrap
                }
            }
        }
    }
}
