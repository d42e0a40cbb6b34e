// SPDX-License-Identifier: GPL-3.0-or-later
// The window of one machine: its picture, the toolbar above it, and what has to be said.
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Dialogs
import org.vitrine.components
import org.vitrine.display
import org.vitrine.models
import org.vitrine.theme

ApplicationWindow {
    id: window

    required property MachineModel machine

    readonly property bool fullScreen: visibility === Window.FullScreen
    readonly property bool failed: machine.failure !== ""
    readonly property bool barShown: !fullScreen || edge.hovered || barHover.hovered || bar.busy
                                     || bar.activeFocus
    /// A question is open: its answer must not go to the guest.
    readonly property bool asking: resetDialog.visible || offDialog.visible || closeDialog.visible
                                   || discDialog.visible || keepDialog.visible || ending.shown

    function toggleFullScreen() {
        if (fullScreen)
            showNormal();
        else
            showFullScreen();
        toGuest();
    }
    /// In front of the others, from wherever it is.
    function bringUp() {
        if (visibility === Window.Minimized)
            showNormal();
        else
            show();
        raise();
        requestActivate();
    }
    function toGuest() {
        if (screen.visible && !asking)
            screen.forceActiveFocus(Qt.OtherFocusReason);
    }
    /// Makes room for a bigger guest screen; a whole factor near the host's own scale.
    function growFor(guest: size) {
        if (visibility !== Window.Windowed || guest.width <= 0)
            return;
        const scale = Math.max(1, Math.round(Screen.devicePixelRatio)) / Screen.devicePixelRatio;
        const most = Qt.size(Screen.desktopAvailableWidth * 0.95, Screen.desktopAvailableHeight * 0.92);
        width = Math.min(Math.max(width, Math.ceil(guest.width * scale)), most.width);
        height = Math.min(Math.max(height, Math.ceil(guest.height * scale) + bar.height), most.height);
    }

    width: 800 // a text screen of 720 x 400 with a little air, or 800 x 600 exactly
    height: 600 + bar.height
    minimumWidth: 560
    minimumHeight: 360
    visible: true
    color: fullScreen ? "black" : Theme.canvas
    title: machine.name === "" ? qsTr("Vitrine") : machine.name
    Component.onCompleted: toGuest()
    onActiveChanged: {
        if (active)
            machine.readKeptChords();
        if (active && activeFocusItem === null)
            toGuest();
    }
    onClosing: event => event.accepted = machine.requestClose()
    LayoutMirroring.enabled: Application.layoutDirection === Qt.RightToLeft
    LayoutMirroring.childrenInherit: true

    Connections {
        target: window.machine

        function onNotice(sentence: string) {
            toasts.show(sentence);
        }
        function onTurnOffQuestion() {
            closeDialog.open();
        }
        function onKeepQuestion(over: bool) {
            window.bringUp();
            keepDialog.over = over;
            keepDialog.open();
        }
        function onHideRequested() {
            window.hide();
        }
        function onPresentRequested() {
            window.bringUp();
        }
        function onFailureChanged() {
            if (window.failed)
                window.bringUp();
        }
    }

    DisplayItem {
        id: screen

        anchors {
            fill: parent
            topMargin: window.fullScreen ? 0 : bar.height
        }
        console: window.machine.console
        visible: !window.failed && !offPage.visible
        focus: true
        label: window.machine.name === "" ? qsTr("Screen of the machine")
                                          : qsTr("Screen of %1").arg(window.machine.name)
        Accessible.name: label
        onGuestSizeChanged: growTime.restart()
        onControlsRequested: bar.takeFocus()
        keptChords: window.machine.keptChords
        onFullScreenRequested: window.toggleFullScreen()
        onTypeRequested: window.machine.typeClipboard()
        onShortcutsGrabbedChanged: {
            if (shortcutsGrabbed)
                keysHintTime.restart();
        }
        onPointerGrabbedChanged: {
            if (pointerGrabbed)
                hintTime.restart();
        }
    }

    Timer { // guests change modes more than once on their way
        id: growTime

        interval: 150
        onTriggered: window.growFor(screen.guestSize)
    }

    PauseVeil {
        anchors.fill: screen
        shown: screen.visible && window.machine.state === MachineModel.State.Paused && !ending.shown
        onShownChanged: if (shown) screen.releasePointer()
        onResumeRequested: {
            window.machine.togglePause();
            window.toGuest();
        }
    }

    Pill {
        anchors {
            horizontalCenter: parent.horizontalCenter
            top: screen.top
            topMargin: Theme.gapLarge
        }
        symbol: "keyboard"
        text: qsTr("All keys go to the machine; press Ctrl+Alt to get them back")
        shown: screen.shortcutsGrabbed && keysHintTime.running && !screen.pointerGrabbed && screen.visible

        Timer {
            id: keysHintTime

            interval: 4000
        }
    }

    EndingVeil {
        id: ending

        anchors.fill: screen
        machine: window.machine
        onShownChanged: screen.releasePointer()
        onVisibleChanged: {
            if (!visible)
                window.toGuest();
        }
        onForceOffRequested: offDialog.open()
    }

    MessagePage {
        id: offPage

        anchors.fill: screen
        visible: !window.failed && window.machine.state === MachineModel.State.Stopped
        symbol: "power"
        title: qsTr("The machine is off")

        ActionButton {
            anchors.horizontalCenter: parent.horizontalCenter
            text: qsTr("Close")
            prominent: true
            onClicked: window.close()
        }
    }

    FailurePage {
        anchors.fill: parent
        visible: window.failed
        sentence: window.machine.failure
        details: window.machine.failureDetails
        canStartAfresh: window.machine.canStartAfresh
        onStartAfreshRequested: window.machine.startAfresh()
        onCloseRequested: window.close()
    }

    DropOverlay {
        anchors.fill: screen
        machine: window.machine
        enabled: screen.visible
    }

    Pill {
        anchors {
            horizontalCenter: parent.horizontalCenter
            top: screen.top
            topMargin: Theme.gapLarge
        }
        symbol: "pointer"
        text: qsTr("Press Ctrl+Alt to release the pointer")
        shown: screen.pointerGrabbed && hintTime.running

        Timer {
            id: hintTime

            interval: 4000
        }
    }

    TypingPill {
        anchors {
            horizontalCenter: parent.horizontalCenter
            bottom: screen.bottom
            bottomMargin: Theme.gapLarge
        }
        machine: window.machine
    }

    ToastHost {
        id: toasts

        anchors {
            bottom: parent.bottom
            bottomMargin: Theme.gapLarge
            horizontalCenter: parent.horizontalCenter
        }
        width: Math.min(parent.width - 2 * Theme.gapLarge, 640)
    }

    Item { // the upper edge brings the bar back in full screen
        anchors { left: parent.left; right: parent.right; top: parent.top }
        height: 3
        visible: window.fullScreen

        HoverHandler {
            id: edge
        }
    }

    GuestBar {
        id: bar

        width: parent.width
        y: window.barShown ? 0 : -height
        visible: !window.failed && y > -height
        machine: window.machine
        fullScreen: window.fullScreen
        pointerGrabbed: screen.pointerGrabbed && !hintTime.running // it says the same
        onResetRequested: resetDialog.open()
        onForceOffRequested: offDialog.open()
        onInsertRequested: discDialog.open()
        onFullScreenRequested: window.toggleFullScreen()
        onGuestRequested: window.toGuest()

        HoverHandler {
            id: barHover
        }
        Behavior on y {
            enabled: window.fullScreen
            NumberAnimation { duration: Theme.calm; easing.type: Easing.OutCubic }
        }
    }

    Shortcut { // the guest's screen has its own while it has the focus
        sequences: ["Ctrl+Alt+Return", "Ctrl+Alt+Enter"]
        onActivated: window.toggleFullScreen()
    }

    ConfirmDialog {
        id: resetDialog

        question: qsTr("Restart the machine?")
        explanation: qsTr("It restarts at once, as if its reset button were pressed. What is not saved inside it is lost.")
        action: qsTr("Restart")
        onConfirmed: window.machine.reset()
        onClosed: window.toGuest()
    }
    ConfirmDialog {
        id: offDialog

        question: qsTr("Turn the machine off by force?")
        explanation: qsTr("Its power is cut at once. What is not saved inside it is lost.")
        action: qsTr("Force off")
        onConfirmed: window.machine.forceOff()
        onClosed: window.toGuest()
    }
    ConfirmDialog {
        id: closeDialog

        question: qsTr("Close the window and turn the machine off?")
        explanation: qsTr("The machine lives in this window. What is not saved inside it is lost.")
        action: qsTr("Turn off")
        onConfirmed: window.machine.forceOff() // the window goes with the machine
        onClosed: window.toGuest()
    }
    KeepDialog {
        id: keepDialog

        onKeepRequested: window.machine.keep()
        onDiscardRequested: window.machine.discard()
        onClosed: window.toGuest()
    }
    FileDialog {
        id: discDialog

        title: qsTr("Insert a disc")
        nameFilters: [qsTr("Disc images (*.iso *.img *.cdr)"), qsTr("All files (*)")]
        currentFolder: window.machine.discFolder
        onAccepted: window.machine.insertMedium(selectedFile)
        onVisibleChanged: {
            if (!visible)
                window.toGuest();
        }
    }
}
