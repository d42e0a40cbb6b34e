// SPDX-License-Identifier: GPL-3.0-or-later
// What the machine is, and what it takes just now.
import QtQuick
import QtQuick.Layouts
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

PreferencesPage {
    id: page

    /// Only then is anything measured.
    readonly property bool shown: Window.visibility !== Window.Hidden && Window.visibility !== Window.Minimized

    LoadModel {
        id: load

        controller: page.controller
        machine: page.prefs.machine
        active: page.shown && page.prefs.running
    }

    Row {
        width: parent.width
        spacing: Theme.gap

        Image {
            id: logo

            visible: page.prefs.osLogo !== ""
            source: page.prefs.osLogo
            width: 52
            height: 52
            sourceSize.width: 104
            sourceSize.height: 104
        }
        Column {
            width: parent.width - (logo.visible ? logo.width + parent.spacing : 0)
            spacing: 2

            Text {
                width: parent.width
                text: page.prefs.name
                textFormat: Text.PlainText
                horizontalAlignment: Text.AlignLeft
                color: Theme.text
                font.pixelSize: Theme.titleSize
                font.weight: Font.DemiBold
                wrapMode: Text.Wrap
                maximumLineCount: 2
                elide: Text.ElideRight
                Accessible.role: Accessible.Heading
                Accessible.name: text
            }
            Text {
                width: parent.width
                visible: text !== ""
                text: page.prefs.osText
                textFormat: Text.PlainText
                horizontalAlignment: Text.AlignLeft
                color: Theme.quiet
                font.pixelSize: Theme.baseSize
                elide: Text.ElideRight
            }
        }
    }

    Section {
        visible: page.prefs.problem !== ""

        SectionRow {
            title: qsTr("The machine stopped unexpectedly")
            problem: page.prefs.problem
        }
    }

    GridLayout {
        width: parent.width
        visible: page.prefs.running
        columns: width >= 460 ? 2 : 1
        columnSpacing: Theme.gap
        rowSpacing: Theme.gap

        GraphTile {
            Layout.fillWidth: true
            Layout.preferredWidth: 1
            title: qsTr("Processors")
            series: load.cpu
        }
        GraphTile {
            Layout.fillWidth: true
            Layout.preferredWidth: 1
            title: qsTr("Memory of this computer")
            series: load.memory
        }
        GraphTile {
            Layout.fillWidth: true
            Layout.preferredWidth: 1
            title: qsTr("Disks")
            series: load.disk
            two: true
        }
        GraphTile {
            Layout.fillWidth: true
            Layout.preferredWidth: 1
            title: qsTr("Network")
            series: load.network
            two: true
        }
    }

    Section {
        title: page.prefs.running ? "" : qsTr("When it runs")

        SectionRow {
            title: qsTr("Memory")
            Text {
                text: page.prefs.memory.text
                textFormat: Text.PlainText
                color: Theme.quiet
                font.pixelSize: Theme.baseSize
            }
        }
        SectionRow {
            title: qsTr("Processors")
            Text {
                text: page.prefs.cpus.text
                textFormat: Text.PlainText
                color: Theme.quiet
                font.pixelSize: Theme.baseSize
            }
        }
    }
}
