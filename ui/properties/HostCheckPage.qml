// SPDX-License-Identifier: GPL-3.0-or-later
// What this computer can do for machines, and what to do about what it cannot.
pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Flickable {
    id: page

    readonly property int side: width < Theme.compact ? Theme.gap : Theme.gapLarge

    contentHeight: column.implicitHeight + 2 * Theme.gapLarge
    clip: true
    boundsBehavior: Flickable.StopAtBounds
    ScrollBar.vertical: VScrollBar {}
    Component.onCompleted: checks.check()

    HostCheckModel {
        id: checks
    }

    Column {
        id: column

        x: Math.max(page.side, (page.width - width) / 2)
        y: Theme.gapLarge
        width: Math.min(page.width - 2 * page.side, 720)
        spacing: Theme.gapLarge

        Text {
            width: parent.width
            text: checks.checking ? qsTr("Checking this computer")
                : checks.problem !== "" ? checks.problem : checks.summary
            textFormat: Text.PlainText
            horizontalAlignment: Text.AlignLeft
            color: Theme.text
            font.pixelSize: Theme.leadSize
            font.weight: Font.DemiBold
            wrapMode: Text.Wrap
            Accessible.role: Accessible.Heading
            Accessible.name: text
        }
        VProgress {
            visible: checks.checking
            width: parent.width
            label: qsTr("Checking this computer")
        }
        Section {
            visible: !checks.checking && checks.problem === ""

            Repeater {
                model: checks

                CheckRow {}
            }
        }
        Row {
            anchors.right: parent.right
            visible: !checks.checking
            spacing: Theme.gapSmall

            ActionButton {
                visible: checks.problem === ""
                text: qsTr("Copy report")
                onClicked: checks.copyReport()
            }
            ActionButton {
                text: qsTr("Check again")
                onClicked: checks.check()
            }
        }
    }
}
