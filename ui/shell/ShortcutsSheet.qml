// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of the library's window and of a machine's.
import QtQuick
import org.vitrine.components
import org.vitrine.theme

Sheet {
    id: sheet

    title: qsTr("Keyboard shortcuts")

    component Keys: SectionRow {
        id: line

        required property string combination

        implicitHeight: 42

        Rectangle {
            implicitWidth: words.implicitWidth + 2 * Theme.gapSmall + 4
            implicitHeight: 26
            radius: 6
            color: Theme.surface
            border.width: Theme.line
            border.color: Theme.outline

            Text {
                id: words

                anchors.centerIn: parent
                text: line.combination
                textFormat: Text.PlainText
                color: Theme.text
                font.pixelSize: Theme.smallSize
            }
        }
    }

    Section {
        title: qsTr("Library")

        Keys { title: qsTr("New machine"); combination: qsTr("Ctrl+N") }
        Keys { title: qsTr("Open a file"); combination: qsTr("Ctrl+O") }
        Keys { title: qsTr("Search, or just type"); combination: qsTr("Ctrl+F") }
        Keys { title: qsTr("Cards, list"); combination: qsTr("Ctrl+1, Ctrl+2") }
        Keys { title: qsTr("Take the last deletion back"); combination: qsTr("Ctrl+Z") }
        Keys { title: qsTr("Keyboard shortcuts"); combination: qsTr("Ctrl+?") }
        Keys { title: qsTr("Quit"); combination: qsTr("Ctrl+Q") }
    }
    Section {
        title: qsTr("The chosen machine")

        Keys { title: qsTr("Start or open"); combination: qsTr("Enter") }
        Keys { title: qsTr("Rename"); combination: qsTr("F2") }
        Keys { title: qsTr("Delete"); combination: qsTr("Del") }
        Keys { title: qsTr("Preferences"); combination: qsTr("Alt+Enter") }
        Keys { title: qsTr("Everything else"); combination: qsTr("Menu, Shift+F10") }
    }
    Section {
        title: qsTr("In a machine's window")

        Keys { title: qsTr("Release keyboard and pointer"); combination: qsTr("Ctrl+Alt") }
        Keys { title: qsTr("Full screen"); combination: qsTr("Ctrl+Alt+Enter") }
    }
}
