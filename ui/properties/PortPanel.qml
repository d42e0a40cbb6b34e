// SPDX-License-Identifier: GPL-3.0-or-later
// Ports of this computer that lead to ports of the machine.
pragma ComponentBehavior: Bound

import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Section {
    id: panel

    required property PreferencesModel prefs
    /// The width of a port's field: where all does not fit in one line, two of them have one for themselves.
    readonly property real alone: width - 2 * Theme.gap
    readonly property real field: alone < 2 * 96 + protocol.width + addButton.width + 3 * Theme.gapSmall ? (alone - Theme.gapSmall) / 2 : 96

    function add() {
        adder.problem = prefs.addForward(hostPort.text, guestPort.text, protocol.current === 1, others.checked);
        if (adder.problem !== "")
            return;
        hostPort.clear();
        guestPort.clear();
        hostPort.forceActiveFocus(Qt.TabFocusReason);
    }

    title: qsTr("Ports")
    explanation: prefs.running ? qsTr("Forwards are opened and closed at once.") : ""

    Repeater {
        model: panel.prefs.forwards

        SectionRow {
            id: line

            required property int index
            required property string rule
            required property string protocol
            required property string hostPort
            required property string guestPort
            required property bool open
            required property string sentence

            separated: index > 0
            title: qsTr("%1 to %2, %3").arg(line.hostPort).arg(line.guestPort).arg(line.protocol)
            detail: line.open ? qsTr("Other computers may connect") : qsTr("This computer only")
            Accessible.role: Accessible.ListItem
            Accessible.name: line.sentence

            Row {
                spacing: Theme.gapSmall

                StatusChip {
                    visible: line.open
                    text: qsTr("Open")
                    tone: Theme.waiting
                }
                BarButton {
                    symbol: "trash"
                    text: qsTr("Remove the forward of port %1").arg(line.hostPort)
                    onClicked: panel.prefs.removeForward(line.rule)
                }
            }
        }
    }
    SectionRow {
        id: adder

        separated: panel.prefs.forwards.count > 0
        title: qsTr("Add a forward")

        Flow {
            width: Math.min(panel.width - 2 * Theme.gap, hostPort.width + guestPort.width + protocol.width + addButton.width + 3 * spacing)
            spacing: Theme.gapSmall

            VField {
                id: hostPort

                width: panel.field
                label: qsTr("Port of this computer")
                placeholderText: qsTr("Here")
                inputMethodHints: Qt.ImhDigitsOnly
                problem: adder.problem
                onTextEdited: adder.problem = ""
                onAccepted: guestPort.forceActiveFocus(Qt.TabFocusReason)
            }
            VField {
                id: guestPort

                width: panel.field
                label: qsTr("Port of the machine")
                placeholderText: qsTr("Machine")
                inputMethodHints: Qt.ImhDigitsOnly
                onTextEdited: adder.problem = ""
                onAccepted: panel.add()
            }
            VSegments {
                id: protocol

                label: qsTr("Protocol")
                words: ["TCP", "UDP"]
                onChosen: index => current = index
            }
            ActionButton {
                id: addButton

                text: qsTr("Add")
                Accessible.name: qsTr("Add the forward")
                onClicked: panel.add()
            }
        }
    }
    SectionRow {
        title: qsTr("Let other computers connect")
        detail: qsTr("For the next forward you add. Everybody on your network can reach it.")

        VSwitch {
            id: others

            label: qsTr("Let other computers connect")
        }
    }
    SectionRow {
        visible: panel.prefs.sshCommand !== ""
        height: visible ? implicitHeight : 0
        title: qsTr("Log in by SSH")
        detail: panel.prefs.sshCommand

        ActionButton {
            text: qsTr("Copy ssh command")
            onClicked: panel.prefs.copyText(panel.prefs.sshCommand)
        }
    }
}
