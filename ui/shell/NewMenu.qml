// SPDX-License-Identifier: GPL-3.0-or-later
// The ways to a new machine.
import org.vitrine.components

BarMenu {
    id: menu

    signal openRequested
    signal downloadRequested
    signal emptyRequested
    signal folderRequested

    BarMenuItem {
        symbol: "file"
        text: qsTr("Open a file…")
        onTriggered: menu.openRequested()
    }
    BarMenuItem {
        symbol: "download"
        text: qsTr("Download a system…")
        onTriggered: menu.downloadRequested()
    }
    BarMenuItem {
        symbol: "machine"
        text: qsTr("Empty machine…")
        onTriggered: menu.emptyRequested()
    }
    MenuLine {}
    BarMenuItem {
        symbol: "folder-plus"
        text: qsTr("Add a folder with machines…")
        onTriggered: menu.folderRequested()
    }
}
