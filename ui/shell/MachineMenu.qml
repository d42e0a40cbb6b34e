// SPDX-License-Identifier: GPL-3.0-or-later
// Everything that can be done with one machine.
import QtQuick
import org.vitrine.collection
import org.vitrine.components
import org.vitrine.models

BarMenu {
    id: menu

    required property LibraryDesk desk
    required property CollectionActions actions
    /// The card or row it belongs to.
    property string machine: ""
    property string name: ""
    property int runState: LibraryModel.Off
    property bool alive: false

    readonly property bool running: runState === LibraryModel.Running
    readonly property bool paused: runState === LibraryModel.Paused

    signal groupsRequested
    signal exportRequested
    signal moveRequested

    title: name

    BarMenuItem {
        symbol: menu.actions.openSymbol(menu.runState)
        text: menu.actions.openText(menu.runState)
        onTriggered: menu.desk.open(menu.machine)
    }
    BarMenuItem {
        visible: menu.running
        height: visible ? implicitHeight : 0
        symbol: "pause"
        text: qsTr("Pause")
        onTriggered: menu.desk.pause(menu.machine)
    }
    BarMenuItem {
        visible: menu.running || menu.paused
        height: visible ? implicitHeight : 0
        symbol: "reset"
        text: qsTr("Restart…")
        onTriggered: menu.actions.questionRequested(menu.machine, menu.name, "restart")
    }
    BarMenuItem {
        visible: menu.running || menu.paused
        height: visible ? implicitHeight : 0
        symbol: "moon"
        text: qsTr("Suspend")
        onTriggered: menu.desk.suspend(menu.machine)
    }
    BarMenuItem {
        visible: menu.running
        height: visible ? implicitHeight : 0
        symbol: "power"
        text: qsTr("Shut down")
        onTriggered: menu.desk.shutDown(menu.machine)
    }
    BarMenuItem {
        visible: menu.alive
        height: visible ? implicitHeight : 0
        symbol: "power"
        dangerous: true
        text: qsTr("Force off…")
        onTriggered: menu.actions.questionRequested(menu.machine, menu.name, "forceOff")
    }
    MenuLine {}
    BarMenuItem {
        symbol: "pencil"
        text: qsTr("Rename")
        onTriggered: menu.actions.renaming = menu.machine
    }
    BarMenuItem {
        symbol: "tag"
        text: qsTr("Groups…")
        onTriggered: menu.groupsRequested()
    }
    BarMenuItem {
        symbol: "copy"
        text: qsTr("Clone")
        enabled: !menu.alive
        onTriggered: menu.desk.clone(menu.machine)
    }
    BarMenuItem {
        symbol: "export"
        text: qsTr("Export…")
        enabled: !menu.alive
        onTriggered: menu.exportRequested()
    }
    BarMenuItem {
        symbol: "move"
        text: qsTr("Move…")
        enabled: !menu.alive
        onTriggered: menu.moveRequested()
    }
    BarMenuItem {
        symbol: "trash"
        text: qsTr("Delete")
        enabled: !menu.alive
        dangerous: enabled
        onTriggered: menu.desk.remove(menu.machine)
    }
    MenuLine {}
    BarMenuItem {
        symbol: "sliders"
        text: qsTr("Preferences")
        onTriggered: menu.actions.preferencesRequested(menu.machine)
    }
}
