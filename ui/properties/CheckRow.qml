// SPDX-License-Identifier: GPL-3.0-or-later
// One check: a mark, what was found, what to do.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Item {
    id: row

    required property int index
    required property string title
    required property string finding
    required property string advice
    required property int verdict
    readonly property bool good: verdict === HostCheckModel.Good

    width: parent?.width ?? 0
    implicitHeight: words.implicitHeight + 2 * Theme.gap
    height: implicitHeight
    Accessible.role: Accessible.ListItem
    Accessible.name: qsTr("%1: %2").arg(title).arg(finding)
    Accessible.description: advice

    Rectangle {
        x: Theme.gap
        width: parent.width - 2 * Theme.gap
        height: Theme.line
        visible: row.index > 0
        color: Theme.outline
        opacity: Theme.highContrast ? 1 : 0.7
    }
    Glyph {
        id: mark

        anchors {
            left: parent.left
            leftMargin: Theme.gap
        }
        y: Theme.gap
        symbol: row.good ? "check" : "warning"
        color: row.good ? Theme.good
             : row.verdict === HostCheckModel.Limited ? Theme.waiting : Theme.bad
    }
    Column {
        id: words

        anchors {
            left: mark.right
            leftMargin: Theme.gap
            right: parent.right
            rightMargin: Theme.gap
        }
        y: Theme.gap
        spacing: 3

        Text {
            width: parent.width
            text: row.title
            textFormat: Text.PlainText
            horizontalAlignment: Text.AlignLeft
            color: Theme.text
            font.pixelSize: Theme.baseSize
            font.weight: Font.DemiBold
            wrapMode: Text.Wrap
        }
        Text {
            width: parent.width
            text: row.finding
            textFormat: Text.PlainText
            horizontalAlignment: Text.AlignLeft
            color: Theme.text
            font.pixelSize: Theme.baseSize
            wrapMode: Text.Wrap
        }
        Text {
            width: parent.width
            visible: text !== ""
            text: row.advice
            textFormat: Text.PlainText
            horizontalAlignment: Text.AlignLeft
            color: Theme.quiet
            font.pixelSize: Theme.smallSize
            wrapMode: Text.Wrap
        }
    }
}
