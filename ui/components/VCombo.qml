// SPDX-License-Identifier: GPL-3.0-or-later
// One of a few things, chosen from a list that opens.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

ComboBox {
    id: combo

    required property string label

    implicitWidth: 220
    implicitHeight: Theme.control
    leftPadding: Theme.gap
    rightPadding: Theme.gap
    opacity: enabled ? 1 : 0.5
    Accessible.name: label
    Accessible.description: displayText
    Accessible.onPressAction: {
        if (enabled)
            popup.open();
    }
    // When the key goes up: that closes an open list, so it would not stay open.
    property bool returnDown: false
    Keys.onReturnPressed: returnDown = !popup.visible
    Keys.onReleased: event => {
        event.accepted = returnDown && event.key === Qt.Key_Return;
        if (event.accepted)
            popup.open();
        returnDown = false;
    }

    contentItem: Text {
        leftPadding: combo.mirrored ? 20 : 0
        rightPadding: combo.mirrored ? 0 : 20
        text: combo.displayText
        textFormat: Text.PlainText
        color: Theme.text
        font.pixelSize: Theme.baseSize
        horizontalAlignment: Text.AlignLeft
        verticalAlignment: Text.AlignVCenter
        elide: Text.ElideRight
    }
    indicator: Glyph {
        x: combo.mirrored ? Theme.gapSmall : combo.width - width - Theme.gapSmall
        y: (combo.height - height) / 2
        symbol: "chevron-down"
        sourceSize.width: Theme.iconSmall
        sourceSize.height: Theme.iconSmall
        color: Theme.quiet
    }
    background: Rectangle {
        radius: Theme.radius
        color: combo.down ? Theme.pressed : combo.hovered ? Theme.hover : Theme.field
        border.width: combo.visualFocus ? Theme.focusLine : Theme.line
        border.color: combo.visualFocus ? Theme.accent : Theme.outline
    }
    delegate: ItemDelegate {
        id: line

        required property int index

        width: ListView.view?.width ?? combo.width
        height: Theme.control
        leftPadding: Theme.gap
        rightPadding: Theme.gap
        highlighted: combo.highlightedIndex === index
        text: combo.textAt(index)
        Accessible.name: text
        contentItem: Text {
            text: line.text
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.baseSize
            font.weight: combo.currentIndex === line.index ? Font.DemiBold : Font.Normal
            horizontalAlignment: Text.AlignLeft
            verticalAlignment: Text.AlignVCenter
            elide: Text.ElideRight
        }
        background: Rectangle {
            radius: Theme.radius
            color: line.highlighted ? Theme.hover : "transparent"
        }
    }
    popup: Popup {
        y: combo.height + Theme.gapTiny
        width: Math.max(combo.width, 180)
        height: Math.min(contentItem.implicitHeight + 2 * padding, 320)
        padding: 6
        margins: Theme.gapSmall
        Component.onCompleted: contentItem.parent.Accessible.name = combo.label
        contentItem: ListView {
            clip: true
            implicitHeight: contentHeight
            model: combo.popup.visible ? combo.delegateModel : null
            currentIndex: combo.highlightedIndex
            ScrollBar.vertical: VScrollBar {}
        }
        background: Rectangle {
            radius: Theme.radiusLarge - 2
            color: Theme.raised
            border.width: Theme.line
            border.color: Theme.outline

            Shade {
                anchors.fill: parent
                z: -1
                radius: parent.radius
            }
        }
    }
}
