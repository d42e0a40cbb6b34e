// SPDX-License-Identifier: GPL-3.0-or-later
// What this program is.
import QtQuick
import org.vitrine.components
import org.vitrine.theme

Sheet {
    id: sheet

    property string version: ""

    width: Math.min(400, parent?.width ?? 400)
    title: qsTr("About Vitrine")

    Column {
        width: parent.width
        spacing: Theme.gapSmall

        Image {
            anchors.horizontalCenter: parent.horizontalCenter
            source: Theme.iconSource("org.vitrine.Vitrine")
            sourceSize.width: 96
            sourceSize.height: 96
        }
        Text {
            width: parent.width
            text: "Vitrine"
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.titleSize
            font.weight: Font.DemiBold
            horizontalAlignment: Text.AlignHCenter
        }
        Text {
            width: parent.width
            visible: sheet.version !== ""
            text: qsTr("Version %1").arg(sheet.version)
            textFormat: Text.PlainText
            color: Theme.quiet
            font.pixelSize: Theme.baseSize
            horizontalAlignment: Text.AlignHCenter
        }
        Text {
            width: parent.width
            topPadding: Theme.gap
            text: qsTr("Virtual machines for the desktop: drop a disc image, get a guest. Free software under the GNU General Public License, version 3 or later.")
            textFormat: Text.PlainText
            color: Theme.quiet
            font.pixelSize: Theme.baseSize
            lineHeight: 1.3
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
        }
    }
}
