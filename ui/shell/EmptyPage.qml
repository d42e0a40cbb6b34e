// SPDX-License-Identifier: GPL-3.0-or-later
// No machines yet: teaches the one gesture.
import QtQuick
import org.vitrine.components
import org.vitrine.theme

FocusScope {
    id: page

    signal openRequested
    signal downloadRequested

    readonly property bool small: width < Theme.compact || height < 460

    Rectangle {
        id: place

        anchors {
            fill: parent
            margins: Theme.gapLarge
            topMargin: Theme.gapSmall
        }
        radius: Theme.radiusLarge + 4
        color: Theme.raised
        border.width: Theme.line
        border.color: Theme.outline
    }
    Column {
        anchors.centerIn: place
        width: Math.min(480, place.width - 2 * Theme.gapLarge)
        spacing: Theme.gap

        Image {
            anchors.horizontalCenter: parent.horizontalCenter
            source: Theme.iconSource("org.vitrine.Vitrine")
            sourceSize.width: page.small ? 80 : 128
            sourceSize.height: page.small ? 80 : 128
        }
        Text {
            width: parent.width
            topPadding: Theme.gapSmall
            text: qsTr("Drop a disc image here")
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: page.small ? Theme.titleSize : Theme.displaySize
            font.weight: Font.DemiBold
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            Accessible.role: Accessible.Heading
            Accessible.name: text
        }
        Text {
            width: parent.width
            bottomPadding: Theme.gap
            text: qsTr("An installer, a disk of another program, an appliance or a web address: Vitrine looks at it and proposes a machine. Press Enter to start it.")
            textFormat: Text.PlainText
            color: Theme.quiet
            font.pixelSize: Theme.baseSize
            lineHeight: 1.35
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
        }
        Flow {
            id: buttons

            readonly property bool fits: choose.implicitWidth + fetch.implicitWidth + spacing <= parent.width

            anchors.horizontalCenter: parent.horizontalCenter
            width: fits ? choose.implicitWidth + fetch.implicitWidth + spacing
                        : Math.max(choose.implicitWidth, fetch.implicitWidth)
            spacing: Theme.gapSmall

            ActionButton {
                id: choose

                width: buttons.fits ? implicitWidth : buttons.width
                prominent: true
                focus: true
                symbol: "file"
                text: qsTr("Choose a file…")
                onClicked: page.openRequested()
            }
            ActionButton {
                id: fetch

                width: buttons.fits ? implicitWidth : buttons.width
                symbol: "download"
                text: qsTr("Download a system…")
                onClicked: page.downloadRequested()
            }
        }
    }
}
