// SPDX-License-Identifier: GPL-3.0-or-later
// There are machines, but none of them fits what is looked for.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Column {
    id: page

    required property LibraryFilter machines

    signal cleared

    spacing: Theme.gap
    width: Math.min(420, (parent?.width ?? 420) - 2 * Theme.gapLarge)

    Glyph {
        anchors.horizontalCenter: parent.horizontalCenter
        symbol: "search"
        color: Theme.quiet
        sourceSize.width: Theme.iconLarge
        sourceSize.height: Theme.iconLarge
    }
    Text {
        width: parent.width
        text: page.machines.search === "" ? qsTr("No machine is in “%1”").arg(page.machines.group)
                                          : qsTr("Nothing found for “%1”").arg(page.machines.search)
        textFormat: Text.PlainText
        color: Theme.text
        font.pixelSize: Theme.leadSize
        font.weight: Font.DemiBold
        horizontalAlignment: Text.AlignHCenter
        wrapMode: Text.Wrap
        elide: Text.ElideRight
        maximumLineCount: 3
    }
    ActionButton {
        anchors.horizontalCenter: parent.horizontalCenter
        text: qsTr("Show all machines")
        onClicked: page.cleared()
    }
}
