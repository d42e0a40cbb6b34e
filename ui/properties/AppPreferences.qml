// SPDX-License-Identifier: GPL-3.0-or-later
// What is set for all machines.
pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Dialogs
import QtQuick.Templates as T
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Flickable {
    id: page

    required property LibraryController controller
    readonly property int side: width < Theme.compact ? Theme.gap : Theme.gapLarge

    contentHeight: column.implicitHeight + 2 * Theme.gapLarge
    clip: true
    boundsBehavior: Flickable.StopAtBounds
    ScrollBar.vertical: VScrollBar {}

    AppPreferencesModel {
        id: settings

        controller: page.controller
    }

    Column {
        id: column

        x: Math.max(page.side, (page.width - width) / 2)
        y: Theme.gapLarge
        width: Math.min(page.width - 2 * page.side, 720)
        spacing: Theme.gapLarge

        Section {
            title: qsTr("Folders with machines")
            explanation: qsTr("Removing a folder from this list leaves its machines where they are.")

            Repeater {
                model: settings.folders

                SectionRow {
                    id: folder

                    required property int index
                    required property string modelData

                    separated: index > 0
                    title: folder.modelData
                    detail: folder.index === 0 ? qsTr("New machines are kept here") : ""

                    BarButton {
                        visible: folder.index > 0
                        symbol: "trash"
                        text: qsTr("Remove %1 from the list").arg(folder.modelData)
                        onClicked: settings.removeFolder(folder.modelData)
                    }
                }
            }
            SectionRow {
                title: qsTr("Another folder")

                ActionButton {
                    text: qsTr("Add")
                    Accessible.name: qsTr("Add a folder with machines")
                    onClicked: dialog.open()
                }
            }
        }

        HostKeys {
            width: parent.width
            prefs: settings
        }

        Section {
            title: qsTr("Downloads")

            SectionRow {
                title: settings.downloadText
                detail: settings.downloadFolder

                ActionButton {
                    visible: settings.hasDownloads
                    text: qsTr("Delete…")
                    Accessible.name: qsTr("Delete what was downloaded")
                    onClicked: sure.open()
                }
            }
        }
    }

    ConfirmDialog {
        id: sure

        parent: T.Overlay.overlay
        question: qsTr("Delete what was downloaded?")
        explanation: qsTr("Machines keep working. What you need again is downloaded again.")
        action: qsTr("Delete")
        onConfirmed: settings.emptyDownloads()
    }
    FolderDialog {
        id: dialog

        title: qsTr("Add a folder with machines")
        onAccepted: settings.addFolder(selectedFolder)
    }
}
