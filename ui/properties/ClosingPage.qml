// SPDX-License-Identifier: GPL-3.0-or-later
// What becomes of the machine when its window is closed.
pragma ComponentBehavior: Bound

import QtQuick
import org.vitrine.components

PreferencesPage {
    id: page

    Section {
        title: qsTr("When its window is closed")
        explanation: page.prefs.alive ? qsTr("Changes take effect now.") : ""

        Repeater {
            model: [
                { title: qsTr("Keep running"), detail: qsTr("The machine goes on without a window.") },
                { title: qsTr("Suspend"), detail: qsTr("It is saved and goes on where it was when you open it again.") },
                { title: qsTr("Shut down"), detail: qsTr("The guest is asked to shut down.") }
            ]

            ChoiceRow {
                id: line

                required property int index
                required property var modelData

                separated: index > 0
                title: line.modelData.title
                detail: line.modelData.detail
                taken: page.prefs.closing === line.index
                enabled: !page.prefs.disposable
                onChosen: page.prefs.closing = line.index
            }
        }
    }

    Section {
        SectionRow {
            title: qsTr("Throw it away")
            detail: qsTr("The machine is deleted when its window is closed.")

            VSwitch {
                label: qsTr("Throw it away when its window is closed")
                checked: page.prefs.disposable
                onToggled: page.prefs.disposable = checked
            }
        }
    }
}
