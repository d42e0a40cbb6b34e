// SPDX-License-Identifier: GPL-3.0-or-later
// A group of settings: a quiet title and rows on one surface.
import QtQuick
import org.vitrine.theme

Column {
    id: section

    property string title: ""
    property string explanation: ""
    default property alias rows: list.data

    width: parent?.width ?? 0
    spacing: Theme.gapSmall
    Accessible.role: Accessible.Grouping
    Accessible.ignored: title === ""
    Accessible.name: title

    Text {
        width: parent.width
        visible: text !== ""
        leftPadding: Theme.gapTiny
        rightPadding: Theme.gapTiny
        text: section.title
        textFormat: Text.PlainText
        horizontalAlignment: Text.AlignLeft
        color: Theme.text
        font.pixelSize: Theme.baseSize
        font.weight: Font.DemiBold
        elide: Text.ElideRight
    }
    Rectangle {
        width: parent.width
        height: list.height
        radius: Theme.radiusLarge - 2
        color: Theme.raised
        border.width: Theme.line
        border.color: Theme.outline

        Column {
            id: list

            width: parent.width
        }
    }
    Text {
        width: parent.width
        visible: text !== ""
        leftPadding: Theme.gapTiny
        rightPadding: Theme.gapTiny
        text: section.explanation
        textFormat: Text.PlainText
        horizontalAlignment: Text.AlignLeft
        color: Theme.quiet
        font.pixelSize: Theme.smallSize
        lineHeight: 1.2
        wrapMode: Text.Wrap
    }
}
