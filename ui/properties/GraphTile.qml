// SPDX-License-Identifier: GPL-3.0-or-later
// One measured thing: its name, what it is now, and the last minute.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Rectangle {
    id: tile

    required property string title
    required property LoadSeries series
    property bool two: false

    component Legend: Row {
        id: legend

        property string text: ""
        property color tone: Theme.accent
        property bool dotted: false
        property bool strong: false

        spacing: Theme.gapSmall

        Rectangle {
            anchors.verticalCenter: parent.verticalCenter
            visible: legend.dotted
            width: 8
            height: 8
            radius: 4
            color: legend.tone
        }
        Text {
            width: parent.width - (legend.dotted ? 8 + legend.spacing : 0)
            text: legend.text
            textFormat: Text.PlainText
            horizontalAlignment: Text.AlignLeft
            color: Theme.text
            font.pixelSize: Theme.baseSize
            font.weight: legend.strong ? Font.DemiBold : Font.Normal
            elide: Text.ElideRight
        }
    }

    implicitHeight: Math.max(176, words.implicitHeight + 110)
    radius: Theme.radiusLarge - 2
    color: Theme.raised
    border.width: Theme.line
    border.color: Theme.outline
    Accessible.role: Accessible.Chart
    Accessible.name: title
    Accessible.description: series.otherText === "" ? series.text : qsTr("%1, %2").arg(series.text).arg(series.otherText)

    Column {
        id: words

        anchors {
            top: parent.top
            left: parent.left
            right: parent.right
            margins: Theme.gap
        }
        spacing: 2

        Text {
            width: parent.width
            text: tile.title
            textFormat: Text.PlainText
            horizontalAlignment: Text.AlignLeft
            color: Theme.quiet
            font.pixelSize: Theme.smallSize
            elide: Text.ElideRight
        }
        Legend {
            width: parent.width
            text: tile.series.text === "" ? qsTr("Measuring") : tile.series.text
            tone: Theme.accent
            dotted: tile.two && tile.series.text !== ""
            strong: true
        }
        Legend {
            width: parent.width
            visible: text !== ""
            text: tile.series.otherText
            tone: Theme.waiting
            dotted: true
        }
    }
    LoadGraph {
        anchors {
            top: words.bottom
            topMargin: Theme.gapSmall
            left: parent.left
            right: parent.right
            bottom: parent.bottom
            leftMargin: Theme.gap
            rightMargin: Theme.gap
            bottomMargin: Theme.gap
        }
        values: tile.series.values
        others: tile.two ? tile.series.others : []
        most: tile.series.top
        color: Theme.accent
        otherColor: Theme.waiting
        gridColor: Theme.outline
        lineWidth: Theme.highContrast ? 3 : 2
        mirrored: tile.LayoutMirroring.enabled
    }
}
