// SPDX-License-Identifier: GPL-3.0-or-later
// How the machine reaches the world, and how one reaches the machine.
import QtQuick
import QtQuick.Dialogs
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

PreferencesPage {
    id: page

    readonly property bool nat: prefs.network === PreferencesModel.Nat
    readonly property bool connected: prefs.network !== PreferencesModel.None
    readonly property bool tap: prefs.network === PreferencesModel.Tap
    /// Why what was chosen is not so.
    property string problem: ""

    function choose(index: int) {
        page.problem = "";
        if (index === 0)
            prefs.network = PreferencesModel.Nat;
        else if (index === 1)
            socket.open();
        else if (index === 2)
            chooseTap();
        else
            prefs.network = PreferencesModel.None;
    }
    function chooseTap() {
        const found = prefs.tapInterfaces();
        if (found.length > 0)
            prefs.useTap(found[0]);
        else
            page.problem = qsTr("This computer has no tap interface. An administrator makes one with: %1").arg("ip tuntap add dev tap0 mode tap user NAME");
    }

    Section {
        SectionRow {
            title: qsTr("Connection")
            detail: page.prefs.network === PreferencesModel.Nat
                    ? qsTr("The machine uses this computer's connection and is not seen from outside.")
                  : page.prefs.network === PreferencesModel.Passt ? page.prefs.passtSocket
                  : page.tap ? qsTr("The machine is seen in the network that the interface belongs to.")
                  : qsTr("No network.")
            problem: page.problem

            VSegments {
                label: qsTr("Connection")
                words: [qsTr("NAT"), qsTr("passt"), qsTr("Tap"), qsTr("None")]
                current: page.nat ? 0 : page.prefs.network === PreferencesModel.Passt ? 1 : page.tap ? 2 : 3
                onChosen: index => page.choose(index)
            }
        }
        SectionRow {
            visible: page.tap
            height: visible ? implicitHeight : 0
            title: qsTr("Interface")

            VCombo {
                label: qsTr("Interface")
                model: page.tap ? page.prefs.tapInterfaces() : []
                currentIndex: model.indexOf(page.prefs.tapInterface)
                onActivated: index => page.prefs.useTap(model[index])
            }
        }
        SectionRow {
            visible: page.connected
            height: visible ? implicitHeight : 0
            title: qsTr("Cable plugged in")
            detail: page.prefs.running ? qsTr("Now") : ""

            VSwitch {
                label: qsTr("Cable plugged in")
                checked: page.prefs.linkUp
                onToggled: page.prefs.linkUp = checked
            }
        }
        SectionRow {
            visible: page.nat
            height: visible ? implicitHeight : 0
            title: qsTr("Cut off from the internet")
            detail: page.prefs.laterText === "" ? qsTr("Only forwarded ports work.")
                                                : qsTr("Only forwarded ports work. At next start.")

            VSwitch {
                label: qsTr("Cut off from the internet")
                checked: page.prefs.restricted
                onToggled: page.prefs.restricted = checked
            }
        }
    }

    PortPanel {
        width: parent.width
        visible: page.nat
        prefs: page.prefs
    }
    GuestPortsPanel {
        width: parent.width
        visible: page.nat && page.prefs.running
        prefs: page.prefs
        controller: page.controller
    }

    FileDialog {
        id: socket

        title: qsTr("Choose passt's socket")
        onAccepted: page.prefs.usePasst(selectedFile)
    }
}
