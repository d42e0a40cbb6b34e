// SPDX-License-Identifier: GPL-3.0-or-later
// One of several choices as a whole row, with a mark when it is taken.
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import org.vitrine.components
import org.vitrine.theme

T.RadioButton {
    id: row

    property string title: ""
    property string detail: ""
    property bool taken: false
    property bool separated: true

    signal chosen

    width: parent?.width ?? 0
    implicitHeight: Math.max(Theme.bar + 4, words.implicitHeight + 2 * Theme.gapSmall)
    opacity: enabled ? 1 : 0.5
    text: title
    Accessible.name: title
    Accessible.description: detail
    Accessible.onPressAction: clicked()
    Accessible.onToggleAction: clicked() // or the mark would move without a choice
    checked: taken
    onClicked: {
        checked = Qt.binding(() => taken); // the choice may be refused
        row.chosen();
    }
    Keys.onReturnPressed: row.chosen()

    background: Rectangle {
        color: row.down ? Theme.pressed : row.hovered ? Theme.hover : "transparent"
        radius: Theme.radiusLarge - 2

        Rectangle {
            x: Theme.gap
            width: parent.width - 2 * Theme.gap
            height: Theme.line
            visible: row.separated
            color: Theme.outline
            opacity: Theme.highContrast ? 1 : 0.7
        }
        FocusRing {
            visible: row.visualFocus
            corner: Theme.radiusLarge - 2
            gap: -2
        }
    }
    Item {
        anchors.fill: parent

        Column {
            id: words

            anchors {
                left: parent.left
                leftMargin: Theme.gap
                right: mark.left
                rightMargin: Theme.gap
                verticalCenter: parent.verticalCenter
            }
            spacing: 2

            Text {
                width: parent.width
                text: row.title
                textFormat: Text.PlainText
                horizontalAlignment: Text.AlignLeft
                color: Theme.text
                font.pixelSize: Theme.baseSize
                wrapMode: Text.Wrap
            }
            Text {
                width: parent.width
                visible: text !== ""
                text: row.detail
                textFormat: Text.PlainText
                horizontalAlignment: Text.AlignLeft
                color: Theme.quiet
                font.pixelSize: Theme.smallSize
                wrapMode: Text.Wrap
            }
        }
        Glyph {
            id: mark

            anchors {
                right: parent.right
                rightMargin: Theme.gap
                verticalCenter: parent.verticalCenter
            }
            opacity: row.taken ? 1 : 0
            symbol: "check"
            color: Theme.accent
        }
    }
}
