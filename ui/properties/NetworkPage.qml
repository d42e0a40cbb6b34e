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

    Section {
        SectionRow {
            title: qsTr("Connection")
            detail: page.prefs.network === PreferencesModel.Nat
                    ? qsTr("The machine uses this computer's connection and is not seen from outside.")
                  : page.prefs.network === PreferencesModel.Passt ? page.prefs.passtSocket
                  : page.prefs.network === PreferencesModel.Tap ? qsTr("A network device somebody else prepared.")
                  : qsTr("No network.")
            problem: ""

            VSegments {
                label: qsTr("Connection")
                words: page.prefs.network === PreferencesModel.Tap ? [qsTr("NAT"), qsTr("passt"), qsTr("None"), qsTr("Tap")]
                                                                   : [qsTr("NAT"), qsTr("passt"), qsTr("None")]
                current: page.prefs.network === PreferencesModel.Nat ? 0
                       : page.prefs.network === PreferencesModel.Passt ? 1
                       : page.prefs.network === PreferencesModel.Tap ? 3 : 2
                onChosen: index => {
                    if (index === 1)
                        socket.open();
                    else
                        page.prefs.network = index === 0 ? PreferencesModel.Nat : PreferencesModel.None;
                }
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
