// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with the machines of a view. Cards, rows, keys and the menu all ask here; what
// needs a dialog is asked of the window.
import QtQuick
import org.vitrine.models
import org.vitrine.theme

QtObject {
    id: actions

    required property LibraryDesk desk
    /// Id of the machine whose name is being edited, or empty.
    property string renaming: ""

    /// Opens the menu of a machine at a place of `at`.
    signal menuRequested(string machine, Item at, real x, real y)
    signal preferencesRequested(string machine)
    /// Loses work: "restart" or "forceOff".
    signal questionRequested(string machine, string name, string question)
    signal said(string sentence)

    function tone(runState: int): color {
        switch (runState) {
        case LibraryModel.Running:
            return Theme.good;
        case LibraryModel.Failed:
        case LibraryModel.Broken:
            return Theme.bad;
        case LibraryModel.Starting:
        case LibraryModel.Stopping:
        case LibraryModel.Paused:
            return Theme.waiting;
        case LibraryModel.Suspended:
            return Theme.accent;
        default:
            return Theme.outline;
        }
    }
    /// What opening means for a machine in that state.
    function openText(runState: int): string {
        switch (runState) {
        case LibraryModel.Running:
        case LibraryModel.Starting:
        case LibraryModel.Stopping:
            return qsTr("Open");
        case LibraryModel.Paused:
        case LibraryModel.Suspended:
            return qsTr("Resume");
        case LibraryModel.Failed:
            return qsTr("Restart");
        case LibraryModel.Broken:
            return qsTr("Edit configuration");
        default:
            return qsTr("Start");
        }
    }
    function openSymbol(runState: int): string {
        switch (runState) {
        case LibraryModel.Running:
        case LibraryModel.Starting:
        case LibraryModel.Stopping:
            return "machine";
        case LibraryModel.Failed:
            return "reset";
        case LibraryModel.Broken:
            return "pencil";
        default:
            return "play";
        }
    }
    function remove(machine: string, alive: bool, name: string) {
        if (alive)
            said(qsTr("“%1” is in use. Shut it down before you delete it.").arg(name));
        else
            desk.remove(machine);
    }
    function finishRename(machine: string, name: string) {
        renaming = "";
        desk.rename(machine, name);
    }
}
