// SPDX-License-Identifier: GPL-3.0-or-later
// A control below its name, and what is wrong below the control.
import QtQuick
import org.vitrine.theme

Column {
    id: row

    property string title: ""
    property string problem: ""
    default property alias control: holder.data

    spacing: Theme.gapTiny

    Text {
        width: parent.width
        text: row.title
        textFormat: Text.PlainText
        horizontalAlignment: Text.AlignLeft
        color: Theme.quiet
        font.pixelSize: Theme.smallSize
        elide: Text.ElideRight
    }
    Item {
        id: holder

        width: parent.width
        implicitHeight: Theme.control
    }
    Text {
        width: parent.width
        visible: text !== ""
        text: row.problem
        textFormat: Text.PlainText
        horizontalAlignment: Text.AlignLeft
        color: Theme.bad
        font.pixelSize: Theme.smallSize
        wrapMode: Text.Wrap
    }
}
