// SPDX-License-Identifier: GPL-3.0-or-later
// What the machine starts from.
import QtQuick
import QtQuick.Dialogs
import org.vitrine.assistants
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

PreferencesPage {
    id: page

    Section {
        explanation: page.prefs.alive ? qsTr("All of this takes effect at the next start.") : ""

        SectionRow {
            title: qsTr("Starts from")

            VSegments {
                label: qsTr("Starts from")
                words: [qsTr("CD first"), qsTr("Disk first"), qsTr("Menu")]
                current: page.prefs.boot
                onChosen: index => page.prefs.boot = index
            }
        }
        SectionRow {
            title: qsTr("Firmware")
            detail: page.prefs.firmwareFile !== "" ? page.prefs.firmwareFile
                  : qsTr("A system that is installed starts only with the firmware it was installed with.")

            VSegments {
                label: qsTr("Firmware")
                words: [qsTr("BIOS"), qsTr("UEFI"), qsTr("File")]
                current: page.prefs.firmware
                onChosen: index => {
                    if (index === PreferencesModel.Own)
                        firmwareDialog.open();
                    else
                        page.prefs.firmware = index;
                }
            }
        }
    }

    Section {
        title: qsTr("Start a kernel instead")
        explanation: qsTr("For kernels you build yourself. The firmware then does not choose what to start.")

        SectionRow {
            title: qsTr("Kernel")
            detail: page.prefs.kernel === "" ? qsTr("None") : page.prefs.kernel

            Row {
                spacing: Theme.gapSmall

                ActionButton {
                    visible: page.prefs.kernel !== ""
                    text: qsTr("Remove")
                    Accessible.name: qsTr("Remove the kernel")
                    onClicked: page.prefs.kernel = ""
                }
                ActionButton {
                    text: qsTr("Choose")
                    Accessible.name: qsTr("Choose a kernel")
                    onClicked: kernelDialog.open()
                }
            }
        }
        SectionRow {
            visible: page.prefs.kernel !== ""
            height: visible ? implicitHeight : 0
            title: qsTr("Initial ramdisk")
            detail: page.prefs.initrd === "" ? qsTr("None") : page.prefs.initrd

            Row {
                spacing: Theme.gapSmall

                ActionButton {
                    visible: page.prefs.initrd !== ""
                    text: qsTr("Remove")
                    Accessible.name: qsTr("Remove the initial ramdisk")
                    onClicked: page.prefs.initrd = ""
                }
                ActionButton {
                    text: qsTr("Choose")
                    Accessible.name: qsTr("Choose an initial ramdisk")
                    onClicked: initrdDialog.open()
                }
            }
        }
        Item {
            width: parent.width
            visible: page.prefs.kernel !== ""
            implicitHeight: visible ? words.implicitHeight + 2 * Theme.gap : 0
            height: implicitHeight

            FieldRow {
                id: words

                x: Theme.gap
                y: Theme.gapSmall
                width: parent.width - 2 * Theme.gap
                title: qsTr("What the kernel is told")

                VField {
                    width: parent.width
                    label: qsTr("What the kernel is told")
                    text: page.prefs.commandLine
                    onEditingFinished: page.prefs.commandLine = text
                }
            }
        }
    }

    FileDialog {
        id: firmwareDialog

        title: qsTr("Choose a firmware file")
        onAccepted: page.prefs.useFirmwareFile(selectedFile)
    }
    FileDialog {
        id: kernelDialog

        title: qsTr("Choose a kernel")
        onAccepted: page.prefs.useKernelFile(selectedFile)
    }
    FileDialog {
        id: initrdDialog

        title: qsTr("Choose an initial ramdisk")
        onAccepted: page.prefs.useInitrdFile(selectedFile)
    }
}
