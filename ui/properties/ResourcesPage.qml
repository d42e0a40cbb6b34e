// SPDX-License-Identifier: GPL-3.0-or-later
// Processors, memory and disks.
pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import org.vitrine.assistants
import org.vitrine.components
import org.vitrine.theme

PreferencesPage {
    id: page

    Section {
        AmountRow {
            amount: page.prefs.cpus
            when: page.prefs.laterText
        }
        AmountRow {
            amount: page.prefs.memory
            when: page.prefs.laterText
        }
        SectionRow {
            title: qsTr("Give unused memory back")
            detail: page.prefs.alive ? qsTr("The guest returns what it does not need. At next start.")
                                     : qsTr("The guest returns what it does not need.")

            VSwitch {
                label: qsTr("Give unused memory back")
                checked: page.prefs.givesBack
                onToggled: page.prefs.givesBack = checked
            }
        }
    }

    Section {
        title: qsTr("Disks")
        explanation: page.prefs.running ? qsTr("A system with virtio drivers sees changes at once, others at the next start.")
                   : page.prefs.alive ? qsTr("Disks change when the machine is started anew.")
                                      : qsTr("A disk only grows; what is on it stays. A disk that is detached keeps its file.")

        Repeater {
            model: page.prefs.disks

            DiskRow {
                prefs: page.prefs
                onDetachRequested: {
                    detach.disk = disk;
                    detach.file = file;
                    detach.open();
                }
            }
        }
        SectionRow {
            id: adder

            title: qsTr("Add a disk")

            Row {
                spacing: Theme.gapSmall

                VField {
                    id: newSize

                    width: 96
                    label: qsTr("Size of the new disk")
                    text: qsTr("20 GiB")
                    problem: adder.problem
                    horizontalAlignment: TextInput.AlignHCenter
                    onTextEdited: adder.problem = ""
                    onAccepted: add.clicked()
                }
                ActionButton {
                    id: add

                    text: qsTr("Add")
                    Accessible.name: qsTr("Add a disk of %1").arg(newSize.text)
                    onClicked: adder.problem = page.prefs.addDisk(newSize.text)
                }
            }
        }
    }

    ConfirmDialog {
        id: detach

        property string disk: ""
        property string file: ""

        parent: T.Overlay.overlay
        question: qsTr("Detach “%1”?").arg(file)
        explanation: qsTr("The machine no longer has this disk. Its file stays where it is, with all that is on it.")
        action: qsTr("Detach")
        onConfirmed: page.prefs.detachDisk(disk)
    }
}
