// SPDX-License-Identifier: GPL-3.0-or-later
// The disc in the drive.
import QtQuick
import QtQuick.Dialogs
import org.vitrine.components
import org.vitrine.theme

PreferencesPage {
    id: page

    Section {
        explanation: page.prefs.running ? qsTr("The guest sees the change at once.") : ""

        SectionRow {
            visible: page.prefs.hasDrive
            height: visible ? implicitHeight : 0
            title: page.prefs.mediumName === "" ? qsTr("No disc") : page.prefs.mediumName
            detail: qsTr("CD and DVD drive")

            Row {
                spacing: Theme.gapSmall

                ActionButton {
                    visible: page.prefs.mediumName !== ""
                    text: qsTr("Eject")
                    Accessible.name: qsTr("Eject %1").arg(page.prefs.mediumName)
                    onClicked: page.prefs.ejectMedium()
                }
                ActionButton {
                    text: qsTr("Insert")
                    Accessible.name: qsTr("Insert a disc")
                    onClicked: dialog.open()
                }
            }
        }
        SectionRow {
            visible: !page.prefs.hasDrive
            height: visible ? implicitHeight : 0
            title: qsTr("This machine has no drive for discs")
        }
    }

    FileDialog {
        id: dialog

        title: qsTr("Insert a disc")
        nameFilters: [qsTr("Disc images (*.iso *.img *.cdr)"), qsTr("All files (*)")]
        currentFolder: page.prefs.mediumFolder
        onAccepted: page.prefs.insertMedium(selectedFile)
    }
}
