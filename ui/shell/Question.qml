// SPDX-License-Identifier: GPL-3.0-or-later
// Asks before a machine is restarted or loses its power.
import org.vitrine.components
import org.vitrine.models

ConfirmDialog {
    id: dialog

    required property LibraryDesk desk
    property string machine: ""
    property string name: ""
    /// "restart" or "forceOff".
    property string about: ""
    readonly property bool off: about === "forceOff"

    question: off ? qsTr("Take the power from “%1”?").arg(name) : qsTr("Restart “%1”?").arg(name)
    explanation: off ? qsTr("It stops at once. What was not saved in it is lost.")
                     : qsTr("The machine is reset without asking the system in it. What was not saved in it is lost.")
    action: off ? qsTr("Force off") : qsTr("Restart")
    onConfirmed: {
        if (off)
            desk.forceOff(machine);
        else
            desk.restart(machine);
    }
}
