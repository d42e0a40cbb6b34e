// SPDX-License-Identifier: GPL-3.0-or-later
// The machines, as cards or as a list, and the keys that work on them.
import QtQuick
import org.vitrine.models

FocusScope {
    id: collection

    required property LibraryDesk desk
    required property CollectionActions actions
    property bool asList: false
    /// Whether anybody can see it: then running screens are kept up to date.
    property bool seen: true
    readonly property Flickable view: loader.item as Flickable
    readonly property bool scrolled: view !== null && view.contentY > view.originY + 2
    /// Id of the machine the keyboard is on; empty: none.
    property string current: ""

    /// Something was typed that is no command: for the search.
    signal typed(string text)

    function focusView() {
        if (view !== null)
            view.forceActiveFocus(Qt.TabFocusReason);
    }
    /// The machine under the keyboard, as the view shows it; null: none.
    function currentRow(): var {
        return view?.currentItem ?? null;
    }
    function tellVisible() {
        const ids = [];
        if (seen && view !== null) {
            const last = Math.min(view.lastVisible, desk.machines.count - 1);
            for (let row = view.firstVisible; row <= last; ++row)
                ids.push(desk.machines.idAt(row));
        }
        desk.setVisibleMachines(ids);
    }
    function key(event: var): bool {
        const row = currentRow();
        if (row === null)
            return false;
        switch (event.key) {
        case Qt.Key_Return:
        case Qt.Key_Enter:
        case Qt.Key_Space:
            desk.open(row.machineId);
            return true;
        case Qt.Key_Delete:
            actions.remove(row.machineId, row.alive ?? false, row.name);
            return true;
        case Qt.Key_F2:
            actions.renaming = row.machineId;
            return true;
        case Qt.Key_Menu:
            actions.menuRequested(row.machineId, row, row.width / 2, row.height / 2);
            return true;
        case Qt.Key_F10:
            if (!(event.modifiers & Qt.ShiftModifier))
                return false;
            actions.menuRequested(row.machineId, row, row.width / 2, row.height / 2);
            return true;
        default:
            return false;
        }
    }

    onSeenChanged: looking.restart()
    onAsListChanged: keepCurrent()
    Component.onDestruction: desk.setVisibleMachines([])

    /// The other view starts where this one was.
    function keepCurrent() {
        const row = desk.machines.rowOf(current);
        if (view !== null && row >= 0)
            view.currentIndex = row;
    }

    Keys.onPressed: event => {
        if (actions.renaming !== "")
            return;
        event.accepted = key(event);
        const plain = (event.modifiers & ~(Qt.ShiftModifier | Qt.KeypadModifier)) === 0;
        if (!event.accepted && plain && event.text.trim() !== "" && event.text >= " " && event.text !== "\u007f") {
            collection.typed(event.text);
            event.accepted = true;
        }
    }

    Loader {
        id: loader

        anchors.fill: parent
        focus: true
        sourceComponent: collection.asList ? list : grid
        onLoaded: {
            collection.keepCurrent();
            looking.restart();
        }
    }
    Component {
        id: grid

        MachineGrid {
            focus: true
            actions: collection.actions
            model: collection.desk.machines
        }
    }
    Component {
        id: list

        MachineList {
            focus: true
            actions: collection.actions
            model: collection.desk.machines
        }
    }
    Connections {
        target: collection.view

        function onContentYChanged() { looking.restart(); }
        function onHeightChanged() { looking.restart(); }
        function onWidthChanged() { looking.restart(); }
        function onCurrentItemChanged() {
            const row = collection.currentRow();
            if (row !== null)
                collection.current = row.machineId;
        }
    }
    Connections {
        target: collection.desk.machines

        function onCountChanged() { looking.restart(); }
        function onLayoutChanged() { looking.restart(); }
    }
    Timer { // once, when scrolling has come to rest
        id: looking

        interval: 120
        onTriggered: collection.tellVisible()
    }
}
