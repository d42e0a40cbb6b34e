// SPDX-License-Identifier: GPL-3.0-or-later
// The toolbar of a running machine. Left and right move along it, Escape goes back to the guest.
import QtQuick
import QtQuick.Layouts
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

FocusScope {
    id: bar

    required property MachineModel machine
    property bool fullScreen: false
    property bool pointerGrabbed: false
    /// A menu is open: the bar must stay.
    readonly property bool busy: powerMenu.visible || keysMenu.visible || discMenu.visible

    signal resetRequested
    signal forceOffRequested
    signal insertRequested
    signal fullScreenRequested
    signal guestRequested

    function takeFocus() {
        pause.forceActiveFocus(Qt.TabFocusReason);
    }

    implicitHeight: Theme.bar
    Keys.onEscapePressed: guestRequested()
    Keys.onRightPressed: Window.activeFocusItem.nextItemInFocusChain(true).forceActiveFocus(Qt.TabFocusReason)
    Keys.onLeftPressed: Window.activeFocusItem.nextItemInFocusChain(false).forceActiveFocus(Qt.BacktabFocusReason)

    Rectangle {
        anchors.fill: parent
        color: Theme.surface
        Accessible.role: Accessible.ToolBar
        Accessible.name: qsTr("Machine")

        Rectangle {
            anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
            height: Theme.line
            color: Theme.outline
        }
        MouseArea { // clicks beside the buttons are not the guest's
            anchors.fill: parent
        }
    }

    RowLayout {
        anchors { fill: parent; leftMargin: Theme.gapSmall; rightMargin: Theme.gapSmall }
        spacing: 2

        BarButton {
            id: pause

            readonly property bool paused: bar.machine.state === MachineModel.State.Paused

            symbol: paused ? "play" : "pause"
            text: paused ? qsTr("Resume") : qsTr("Pause")
            enabled: bar.machine.alive
            onClicked: bar.machine.togglePause()
        }
        BarButton {
            symbol: "reset"
            text: qsTr("Restart")
            enabled: bar.machine.alive
            onClicked: bar.resetRequested()
        }
        BarButton {
            symbol: "power"
            text: qsTr("Power")
            enabled: bar.machine.alive
            menu: powerMenu
        }

        BarSeparator {}

        BarButton {
            symbol: "keyboard"
            text: qsTr("Send keys")
            enabled: bar.machine.alive
            menu: keysMenu
        }
        BarButton {
            symbol: "disc"
            text: bar.machine.hasMedium ? qsTr("Disc: %1").arg(bar.machine.mediumName) : qsTr("Disc")
            enabled: bar.machine.alive
            menu: discMenu
        }
        BarButton {
            symbol: "camera"
            text: qsTr("Take a screenshot")
            enabled: bar.machine.alive
            onClicked: bar.machine.takeScreenshot()
        }

        Item {
            Layout.fillWidth: true
        }

        Text {
            Layout.maximumWidth: bar.width / 3
            visible: bar.pointerGrabbed
            text: qsTr("Press Ctrl+Alt to release the pointer")
            textFormat: Text.PlainText
            color: Theme.quiet
            font.pixelSize: Theme.smallSize
            elide: Text.ElideRight
            rightPadding: Theme.gapSmall
        }
        StatusChip {
            text: bar.machine.stateText
            tone: bar.machine.state === MachineModel.State.Running ? Theme.good
                : bar.machine.state === MachineModel.State.Panicked ? Theme.bad
                : bar.machine.alive ? Theme.waiting : Theme.quiet
        }

        BarSeparator {}

        BarButton {
            symbol: bar.fullScreen ? "fullscreen-exit" : "fullscreen"
            text: bar.fullScreen ? qsTr("Leave full screen") : qsTr("Full screen")
            shortcutText: qsTr("Ctrl+Alt+Enter")
            onClicked: bar.fullScreenRequested()
        }
    }

    BarMenu {
        id: powerMenu

        onClosed: bar.guestRequested()

        BarMenuItem {
            symbol: "power"
            text: qsTr("Shut down")
            onTriggered: bar.machine.shutDown()
        }
        BarMenuItem {
            symbol: "pause"
            text: qsTr("Suspend and close")
            enabled: bar.machine.canSuspend
            onTriggered: bar.machine.suspend()
        }
        BarMenuItem {
            symbol: "warning"
            text: qsTr("Force off…")
            dangerous: true
            onTriggered: bar.forceOffRequested()
        }
    }

    BarMenu {
        id: keysMenu

        onClosed: bar.guestRequested()

        BarMenuItem {
            text: qsTr("Ctrl+Alt+Del")
            onTriggered: bar.machine.sendKeys("ctrl-alt-delete")
        }
        BarMenuItem {
            text: qsTr("Ctrl+Alt+Backspace")
            onTriggered: bar.machine.sendKeys("ctrl-alt-backspace")
        }
        BarMenuItem {
            text: qsTr("Print Screen")
            onTriggered: bar.machine.sendKeys("print")
        }
        BarMenuItem {
            text: qsTr("Type the clipboard's text (Ctrl+Alt+V)")
            onTriggered: bar.machine.typeClipboard()
        }
        BarMenu {
            id: functionKeys

            title: qsTr("Ctrl+Alt+F1 to F12")

            Instantiator {
                model: 12
                delegate: BarMenuItem {
                    required property int index

                    text: qsTr("Ctrl+Alt+F%1").arg(index + 1)
                }
                onObjectAdded: (index, object) => {
                    const item = object as BarMenuItem;
                    functionKeys.insertItem(index, item);
                    item.triggered.connect(() => bar.machine.sendFunctionKey(index + 1));
                }
                onObjectRemoved: (index, object) => functionKeys.removeItem(object as Item)
            }
        }
    }

    BarMenu {
        id: discMenu

        onClosed: bar.guestRequested()

        BarMenuItem {
            symbol: "disc"
            text: bar.machine.hasMedium ? bar.machine.mediumName : qsTr("No disc inserted")
            enabled: false
        }
        BarMenuItem {
            symbol: "insert"
            text: bar.machine.hasMedium ? qsTr("Change disc…") : qsTr("Insert disc…")
            onTriggered: bar.insertRequested()
        }
        BarMenuItem {
            symbol: "eject"
            text: qsTr("Eject")
            enabled: bar.machine.hasMedium
            onTriggered: bar.machine.ejectMedium()
        }
    }
}
