// SPDX-License-Identifier: GPL-3.0-or-later
// One system of the catalogue.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.theme

Item {
    id: tile

    required property int index
    required property string name
    required property string logo
    required property string vendor
    required property string note
    required property bool endOfLife
    property bool current: false

    signal chosen

    Accessible.role: Accessible.ListItem
    Accessible.name: name
    Accessible.description: qsTr("%1, %2").arg(vendor).arg(note)
    Accessible.focusable: true
    Accessible.onPressAction: chosen()

    AbstractButton {
        id: button

        anchors.fill: parent
        anchors.margins: 6
        focusPolicy: Qt.NoFocus // the grid has the keyboard
        text: tile.name
        Accessible.ignored: true
        onClicked: tile.chosen()

        Item {
            anchors.fill: parent

            Image {
                id: picture

                anchors {
                    left: parent.left
                    leftMargin: Theme.gapSmall + 2
                    verticalCenter: parent.verticalCenter
                }
                source: tile.logo
                width: 44
                height: 44
                sourceSize.width: 88
                sourceSize.height: 88
                opacity: tile.endOfLife ? 0.55 : 1
            }
            Column {
                anchors {
                    left: picture.right
                    leftMargin: Theme.gap
                    right: parent.right
                    rightMargin: Theme.gapSmall
                    verticalCenter: parent.verticalCenter
                }
                spacing: 2

                Text {
                    width: parent.width
                    text: tile.name
                    textFormat: Text.PlainText
                    horizontalAlignment: Text.AlignLeft
                    color: Theme.text
                    font.pixelSize: Theme.baseSize
                    font.weight: Font.DemiBold
                    elide: Text.ElideRight
                }
                Text {
                    width: parent.width
                    text: tile.vendor
                    textFormat: Text.PlainText
                    horizontalAlignment: Text.AlignLeft
                    color: Theme.quiet
                    font.pixelSize: Theme.smallSize
                    elide: Text.ElideRight
                }
                Text {
                    width: parent.width
                    text: tile.note
                    textFormat: Text.PlainText
                    horizontalAlignment: Text.AlignLeft
                    color: tile.endOfLife ? Theme.waiting : Theme.quiet
                    font.pixelSize: Theme.smallSize
                    elide: Text.ElideRight
                }
            }
        }
        background: Rectangle {
            radius: Theme.radiusLarge - 2
            color: button.down ? Theme.pressed : button.hovered ? Theme.hover : Theme.raised
            border.width: Theme.line
            border.color: Theme.outline

            FocusRing {
                visible: tile.current
                corner: Theme.radiusLarge - 2
            }
        }
    }
}
