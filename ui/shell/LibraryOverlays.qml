// SPDX-License-Identifier: GPL-3.0-or-later
// Menus, sheets, dialogs and windows of the library. None exists before it is asked for.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.collection
import org.vitrine.components
import org.vitrine.models

Item {
    id: overlays

    required property LibraryDesk desk
    required property CollectionActions actions
    property bool asList: false
    property bool small: false
    readonly property string rooms: "qrc:/qt-project.org/imports/org/vitrine/"
    /// Something asks for an answer first.
    readonly property bool busy: shortcuts.shown || about.shown || groups.shown || question.shown
                                 || pages.shown || draft.shown || leaving.shown

    signal viewChosen(bool asList)
    signal closed

    function newMenu(at: Item) { create.popup(at); }
    function sortMenu(at: Item) { sort.popup(at); }
    function mainMenu(at: Item) { main.popup(at); }
    function jobs(at: Item) { (tasks.ensure() as JobsPopup).popup(at); }
    function openFile() { (pickers.ensure() as Pickers).openFile(); }
    function showShortcuts() { shortcuts.toggle(); }
    /// Asks first while something would be given up.
    function quit() {
        if (desk.jobs.count > 0)
            leaving.open();
        else
            Qt.quit();
    }
    function showAbout() { about.open(); }
    function showCatalogue() {
        page(qsTr("Download a system"), "assistants/CataloguePage.qml", { controller: desk.controller });
    }
    function showHostCheck() {
        page(qsTr("This computer"), "properties/HostCheckPage.qml", {});
    }
    function showPreferences() {
        page(qsTr("Preferences of Vitrine"), "properties/AppPreferences.qml", { controller: desk.controller });
    }
    function page(title: string, file: string, given: var) {
        (pages.ensure() as PageSheet).show(title, overlays.rooms + file, given);
    }
    /// Each machine has one preferences window at most.
    function machinePreferences(machine: string) {
        for (const open of windows.children) {
            if (open.machine === machine) {
                open.raise();
                open.requestActivate();
                return;
            }
        }
        const component = Qt.createComponent(overlays.rooms + "properties/PreferencesWindow.qml");
        const made = component.createObject(overlays, { controller: desk.controller, machine: machine });
        if (made === null) {
            console.warn(component.errorString());
            return;
        }
        windows.add(made);
    }
    function machineMenu(row: var, at: Item, x: real, y: real) {
        const target = menu.ensure() as MachineMenu;
        target.machine = row.machineId;
        target.name = row.name;
        target.runState = row.runState;
        target.alive = row.alive;
        target.popup(at, x, y);
    }

    QtObject {
        id: windows

        property var children: []

        function add(window: var) {
            children.push(window);
            window.closing.connect(() => {
                children = children.filter(other => other !== window);
                window.destroy();
            });
            window.show();
        }
    }
    Connections {
        target: overlays.actions

        function onPreferencesRequested(machine: string) { overlays.machinePreferences(machine); }
        function onQuestionRequested(machine: string, name: string, asked: string) {
            const dialog = question.ensure() as Question;
            dialog.machine = machine;
            dialog.name = name;
            dialog.about = asked;
            dialog.open();
        }
    }
    Connections {
        target: overlays.desk

        function onMendRequested(machine: string) { overlays.machinePreferences(machine); }
    }
    Connections {
        target: overlays.desk.draft

        function onDraftChanged() {
            if (overlays.desk.draft.active && !draft.active) {
                if (pickers.item !== null)
                    (pickers.item as Pickers).withdrawFile();
                draft.setSource(overlays.rooms + "assistants/NewMachineSheet.qml", { draft: overlays.desk.draft });
                draft.open();
            }
        }
    }

    Lazy {
        id: draft
    }
    Connections {
        target: draft.item
        ignoreUnknownSignals: true

        function onClosed() { overlays.closed(); }
    }
    Lazy {
        id: create

        sourceComponent: NewMenu {
            onOpenRequested: overlays.openFile()
            onDownloadRequested: overlays.showCatalogue()
            onEmptyRequested: overlays.desk.draft.beginEmpty()
            onFolderRequested: (pickers.ensure() as Pickers).addFolder()
        }
    }
    Lazy {
        id: sort

        sourceComponent: SortMenu {
            machines: overlays.desk.machines
            asList: overlays.asList
            withViews: overlays.small
            onViewChosen: asList => overlays.viewChosen(asList)
        }
    }
    Lazy {
        id: main

        sourceComponent: MainMenu {
            onPreferencesRequested: overlays.showPreferences()
            onHostCheckRequested: overlays.showHostCheck()
            onShortcutsRequested: overlays.showShortcuts()
            onAboutRequested: overlays.showAbout()
            onQuitRequested: overlays.quit()
        }
    }
    Lazy {
        id: menu

        sourceComponent: MachineMenu {
            id: machineMenu

            desk: overlays.desk
            actions: overlays.actions
            onGroupsRequested: {
                const sheet = groups.ensure() as GroupsSheet;
                sheet.machine = machine;
                sheet.name = name;
                sheet.open();
            }
            onExportRequested: (pickers.ensure() as Pickers).exportMachine(machine, name)
            onMoveRequested: (pickers.ensure() as Pickers).moveMachine(machine)
            onClosed: overlays.closed()
        }
    }
    Lazy {
        id: tasks

        sourceComponent: JobsPopup {
            jobs: overlays.desk.jobs
            onClosed: overlays.closed()
        }
    }
    Lazy {
        id: groups

        sourceComponent: GroupsSheet {
            desk: overlays.desk
            onClosed: overlays.closed()
        }
    }
    Lazy {
        id: shortcuts

        sourceComponent: ShortcutsSheet {
            onClosed: overlays.closed()
        }
    }
    Lazy {
        id: about

        sourceComponent: AboutSheet {
            version: overlays.desk.version
            onClosed: overlays.closed()
        }
    }
    Lazy {
        id: question

        sourceComponent: Question {
            desk: overlays.desk
            onClosed: overlays.closed()
        }
    }
    Lazy {
        id: leaving

        sourceComponent: ConfirmDialog {
            question: qsTr("Quit while something is under way?")
            explanation: qsTr("It is given up. Close the window instead, and it goes on without the window.")
            action: qsTr("Quit")
            onConfirmed: Qt.quit()
            onClosed: overlays.closed()
        }
    }
    Lazy {
        id: pages

        sourceComponent: PageSheet {
            onClosed: overlays.closed()
        }
    }
    Lazy {
        id: pickers

        sourceComponent: Pickers {
            desk: overlays.desk
        }
    }
}
