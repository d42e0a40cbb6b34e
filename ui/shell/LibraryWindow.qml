// SPDX-License-Identifier: GPL-3.0-or-later
// The window with all machines.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.collection
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

ApplicationWindow {
    id: window

    required property LibraryDesk desk
    /// Machines in the trash since the window opened, the last one last.
    property var deletions: []
    readonly property bool empty: desk.machines.total === 0

    function choose(list: bool) {
        desk.asList = list;
        collection.focusView();
    }
    function restore(ticket: string) {
        deletions = deletions.filter(deletion => deletion.ticket !== ticket);
        desk.undoRemove(ticket);
    }
    function undo() {
        const last = deletions.pop();
        if (last === undefined)
            return;
        toasts.withdraw(last.toast);
        desk.undoRemove(last.ticket);
    }
    /// Of the desktop file.
    function act(action: string) {
        if (overlays.busy)
            return;
        if (action === "open-file")
            overlays.openFile();
        else if (action === "download")
            overlays.showCatalogue();
    }
    function toView() {
        if (empty)
            emptyPage.forceActiveFocus(Qt.TabFocusReason);
        else
            collection.focusView();
    }

    width: desk.windowSize.width > 0 ? desk.windowSize.width : 1060
    height: desk.windowSize.height > 0 ? desk.windowSize.height : 700
    minimumWidth: 360
    minimumHeight: 400
    visible: true
    color: Theme.surface
    title: qsTr("Vitrine")
    LayoutMirroring.enabled: Application.layoutDirection === Qt.RightToLeft
    LayoutMirroring.childrenInherit: true
    Component.onCompleted: toView()
    onClosing: {
        if (visibility === Window.Windowed)
            desk.windowSize = Qt.size(width, height);
    }
    onActiveChanged: {
        if (active && activeFocusItem === null)
            toView();
    }

    CollectionActions {
        id: collectionActions

        desk: window.desk
        onMenuRequested: (machine, at, x, y) => {
            const row = collection.currentRow();
            if (row !== null && row.machineId === machine)
                overlays.machineMenu(row, at, x, y);
        }
        onSaid: sentence => toasts.show(sentence)
        onRenamingChanged: {
            if (renaming === "")
                collection.focusView();
        }
    }
    Connections {
        target: window.desk

        function onNotice(sentence: string) { toasts.show(sentence); }
        function onDeleted(name: string, ticket: string) {
            const toast = toasts.show(qsTr("“%1” is in the trash").arg(name), qsTr("Undo"),
                                      () => window.restore(ticket));
            window.deletions.push({ ticket: ticket, toast: toast });
        }
    }

    LibraryHeader {
        id: header

        width: parent.width
        desk: window.desk
        asList: window.desk.asList
        onViewChosen: list => window.choose(list)
        onNewRequested: at => overlays.newMenu(at)
        onSortRequested: at => overlays.sortMenu(at)
        onMenuRequested: at => overlays.mainMenu(at)
        onJobsRequested: at => overlays.jobs(at)
        onDoneSearching: open => {
            window.toView();
            if (open)
                window.desk.open(window.desk.machines.idAt(0));
        }
    }
    GroupBar {
        id: groups

        anchors.top: header.bottom
        width: parent.width
        machines: window.desk.machines
    }
    Rectangle {
        anchors.bottom: collection.top
        width: parent.width
        height: Theme.line
        visible: collection.scrolled
        color: Theme.outline
        z: 1
    }
    Collection {
        id: collection

        anchors {
            top: groups.bottom
            bottom: parent.bottom
            left: parent.left
            right: parent.right
        }
        visible: window.desk.machines.count > 0
        focus: true
        desk: window.desk
        actions: collectionActions
        asList: window.desk.asList
        seen: window.visible && window.visibility !== Window.Minimized
        onTyped: text => header.toSearch(text)
    }
    Loader {
        anchors.centerIn: collection
        width: Math.min(420, parent.width - 2 * Theme.gapLarge)
        active: !window.empty && window.desk.machines.count === 0
        sourceComponent: NoMatchPage {
            machines: window.desk.machines
            onCleared: {
                header.clear();
                window.desk.machines.group = "";
                window.toView();
            }
        }
    }
    Loader {
        id: emptyPage

        anchors.fill: collection
        active: window.empty
        sourceComponent: EmptyPage {
            focus: true
            onOpenRequested: overlays.openFile()
            onDownloadRequested: overlays.showCatalogue()
        }
        onLoaded: window.toView()
    }
    DropVeil {
        anchors.fill: parent
        desk: window.desk
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
    LibraryOverlays {
        id: overlays

        anchors.fill: parent
        desk: window.desk
        actions: collectionActions
        asList: window.desk.asList
        small: header.small
        onViewChosen: list => window.choose(list)
        onClosed: {
            if (collectionActions.renaming === "")
                window.toView();
        }
    }
    LibraryKeys {
        header: header
        overlays: overlays
        onViewChosen: list => window.choose(list)
        onUndoRequested: window.undo()
        onPreferencesRequested: {
            // Wherever the keyboard is: what was searched for may be another than the current one.
            const machines = window.desk.machines;
            const machine = machines.rowOf(collection.current) >= 0 ? collection.current : machines.idAt(0);
            if (machine !== "")
                overlays.machinePreferences(machine);
        }
    }
}
