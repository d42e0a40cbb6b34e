// SPDX-License-Identifier: GPL-3.0-or-later
// A page instead of the guest's picture: a symbol, a sentence, what more there is to say.
import QtQuick
import org.vitrine.components
import org.vitrine.theme

Rectangle {
    id: page

    property string symbol: "info"
    property color tone: Theme.accent
    property string title: ""
    property string sentence: ""
    default property alias extras: extras.data

    color: Theme.surface

    Column {
        anchors.centerIn: parent
        width: Math.min(parent.width - 2 * Theme.gapLarge, 520)
        spacing: Theme.gap

        Rectangle {
            anchors.horizontalCenter: parent.horizontalCenter
            width: 72
            height: 72
            radius: 36
            color: Qt.rgba(page.tone.r, page.tone.g, page.tone.b, 0.12)

            Glyph {
                anchors.centerIn: parent
                width: 36
                height: 36
                sourceSize.width: 36
                sourceSize.height: 36
                symbol: page.symbol
                color: page.tone
            }
        }
        Text {
            width: parent.width
            topPadding: Theme.gapSmall
            text: page.title
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.titleSize
            font.weight: Font.DemiBold
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            Accessible.role: Accessible.Heading
            Accessible.name: text
        }
        Text {
            width: parent.width
            visible: text !== ""
            text: page.sentence
            textFormat: Text.PlainText
            color: Theme.quiet
            font.pixelSize: Theme.baseSize
            lineHeight: 1.3
            horizontalAlignment: Text.AlignHCenter
            wrapMode: Text.Wrap
            Accessible.role: Accessible.Paragraph
            Accessible.name: text
        }
        Column {
            id: extras

            width: parent.width
            topPadding: Theme.gap
            spacing: Theme.gap
        }
    }
}
