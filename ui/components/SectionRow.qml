// SPDX-License-Identifier: GPL-3.0-or-later
// One line of a Section: what it is, a word about it, and a control at its end. Where there is
// little room the control goes below.
import QtQuick
import org.vitrine.theme

Item {
    id: row

    property string title: ""
    property string detail: ""
    /// Written in the colour of trouble below the title; empty: all is well.
    property string problem: ""
    property bool separated: y > 0
    default property alias control: holder.data
    readonly property bool mirrored: LayoutMirroring.enabled
    readonly property real room: width - 2 * Theme.gap - Theme.gapLarge
    readonly property bool stacked: holder.childrenRect.width > 0
                                    && room - holder.childrenRect.width < Math.min(160, words.wanted)

    width: parent?.width ?? 0
    implicitHeight: Math.max(Theme.bar + 4,
                             stacked ? words.implicitHeight + holder.childrenRect.height + 3 * Theme.gapSmall + 4
                                     : Math.max(words.implicitHeight, holder.childrenRect.height) + 2 * Theme.gapSmall)

    Rectangle {
        x: Theme.gap
        width: parent.width - 2 * Theme.gap
        height: Theme.line
        visible: row.separated
        color: Theme.outline
        opacity: Theme.highContrast ? 1 : 0.7
    }
    TextMetrics { // of the texts as they are, whatever width they get
        id: titleSize

        font.pixelSize: Theme.baseSize
        text: row.title
    }
    TextMetrics {
        id: detailSize

        font.pixelSize: Theme.smallSize
        text: row.detail
    }
    Column {
        id: words

        readonly property real wanted: Math.max(titleSize.advanceWidth, detailSize.advanceWidth, 60)

        // Places, not anchors: anchors that are taken back when there is more room stay in effect.
        x: row.mirrored ? row.width - Theme.gap - width : Theme.gap
        y: row.stacked ? Theme.gapSmall + 2 : (row.height - height) / 2
        width: row.stacked ? row.width - 2 * Theme.gap
                           : row.room - holder.childrenRect.width
        spacing: 2

        Text {
            width: parent.width
            text: row.title
            textFormat: Text.PlainText
            horizontalAlignment: Text.AlignLeft
            color: Theme.text
            opacity: row.enabled ? 1 : 0.5
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
    Item {
        id: holder

        x: row.stacked === row.mirrored ? row.width - Theme.gap - width : Theme.gap
        y: row.stacked ? words.y + words.height + Theme.gapSmall : (row.height - height) / 2
        width: childrenRect.width
        height: childrenRect.height
    }
}
