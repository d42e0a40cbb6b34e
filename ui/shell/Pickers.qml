// SPDX-License-Identifier: GPL-3.0-or-later
// The desktop's dialogs for files and folders; made when the first one is asked for.
import QtQuick
import QtQuick.Dialogs
import org.vitrine.models

Item {
    id: pickers

    required property LibraryDesk desk
    property string machine: ""

    function openFile() {
        file.open();
    }
    /// What it would ask for has come another way.
    function withdrawFile() {
        file.close();
    }
    function addFolder() {
        folder.machine = "";
        folder.acceptLabel = qsTr("Add");
        folder.title = qsTr("Add a folder with machines");
        folder.open();
    }
    function exportMachine(machine: string, name: string) {
        saved.machine = machine;
        saved.selectedFile = desk.exportFile(name);
        saved.open();
    }
    function moveMachine(machine: string) {
        folder.machine = machine;
        folder.acceptLabel = qsTr("Move");
        folder.title = qsTr("Move the machine to a folder");
        folder.open();
    }

    FileDialog {
        id: file

        title: qsTr("Open an installer, a disk, an appliance or a machine")
        currentFolder: pickers.desk.downloadFolder
        fileMode: FileDialog.OpenFiles
        nameFilters: [
            qsTr("Everything Vitrine knows (%1)").arg("*.iso *.img *.raw *.qcow2 *.vmdk *.vdi *.vhd *.vhdx *.ova *.ovf *.vitrine *.tar.zst *.xz *.gz *.zst"),
            qsTr("All files (%1)").arg("*")
        ]
        onAccepted: pickers.desk.offer(selectedFiles)
    }
    FileDialog {
        id: saved

        property string machine: ""

        title: qsTr("Export as one file")
        acceptLabel: qsTr("Export")
        fileMode: FileDialog.SaveFile
        onAccepted: pickers.desk.exportTo(machine, selectedFile)
    }
    FolderDialog {
        id: folder

        property string machine: ""

        currentFolder: pickers.desk.homeFolder
        onAccepted: {
            if (machine === "")
                pickers.desk.addFolder(selectedFolder);
            else
                pickers.desk.moveTo(machine, selectedFolder);
        }
    }
}
