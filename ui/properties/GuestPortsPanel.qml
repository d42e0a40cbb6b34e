// SPDX-License-Identifier: GPL-3.0-or-later
// What the machine listens on, and a way there by one press.
pragma ComponentBehavior: Bound

import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Section {
    id: panel

    required property PreferencesModel prefs
    required property LibraryController controller
    /// Only then is the guest asked.
    readonly property bool shown: visible && Window.visibility !== Window.Hidden && Window.visibility !== Window.Minimized

    title: qsTr("The guest listens on")
    explanation: qsTr("Usual TCP ports only, asked of the machine itself while this page is open.")

    GuestPorts {
        id: ports

        controller: panel.controller
        machine: panel.prefs.machine
        forwards: panel.prefs.forwards
        active: panel.shown && panel.prefs.running
    }
    Repeater {
        model: ports

        SectionRow {
            id: line

            required property int index
            required property string label
            required property int port
            required property string here
            required property string sentence

            separated: index > 0
            title: line.label
            detail: line.here === "" ? "" : qsTr("On this computer: %1").arg(line.here)
            Accessible.role: Accessible.ListItem
            Accessible.name: line.sentence

            ActionButton { // one button for both: the keyboard stays where it is
                text: line.here === "" ? qsTr("Forward") : qsTr("Copy address")
                Accessible.name: line.here === "" ? qsTr("Forward port %1 of the machine").arg(line.port)
                                                  : qsTr("Copy the address %1").arg(line.here)
                onClicked: {
                    if (line.here !== "")
                        panel.prefs.copyText(line.here);
                    else
                        line.problem = ports.forward(line.index);
                }
            }
        }
    }
    SectionRow {
        visible: ports.count === 0
        height: visible ? implicitHeight : 0
        title: ports.emptyText
    }
}
