// SPDX-License-Identifier: GPL-3.0-or-later
// Small devices of the machine.
import org.vitrine.components
import org.vitrine.models

PreferencesPage {
    id: page

    readonly property bool otherSerial: prefs.serial === PreferencesModel.Other

    Section {
        explanation: page.prefs.alive ? qsTr("All of this takes effect at the next start.") : ""

        SectionRow {
            title: qsTr("Serial port")
            detail: page.prefs.serial === PreferencesModel.Terminal
                    ? qsTr("A terminal device of this computer is the other end. The log says which.")
                  : page.otherSerial ? qsTr("As the configuration says.")
                  : qsTr("Nothing is connected.")

            VSegments {
                label: qsTr("Serial port")
                words: page.otherSerial ? [qsTr("Nothing"), qsTr("Terminal"), qsTr("Other")]
                                        : [qsTr("Nothing"), qsTr("Terminal")]
                current: page.prefs.serial
                onChosen: index => page.prefs.serial = index
            }
        }
        SectionRow {
            title: qsTr("Random numbers of this computer")
            detail: qsTr("The guest need not wait for good random numbers.")

            VSwitch {
                label: qsTr("Random numbers of this computer")
                checked: page.prefs.entropy
                onToggled: page.prefs.entropy = checked
            }
        }
        SectionRow {
            title: qsTr("Tell the guest that it is a copy")
            detail: qsTr("A cloned or resumed system then makes new keys and random numbers.")

            VSwitch {
                label: qsTr("Tell the guest that it is a copy")
                checked: page.prefs.tellsCopies
                onToggled: page.prefs.tellsCopies = checked
            }
        }
    }
}
