// SPDX-License-Identifier: GPL-3.0-or-later
// The upper edge of the library: new machines, search, view, what goes on, and the menu.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Item {
    id: header

    required property LibraryDesk desk
    property bool asList: false
    readonly property bool small: width < Theme.compact
    readonly property alias search: field.text

    signal viewChosen(bool asList)
    signal newRequested(Item at)
    signal sortRequested(Item at)
    signal menuRequested(Item at)
    signal jobsRequested(Item at)
    /// Down or Enter in the search: the keyboard goes to the machines.
    signal doneSearching(bool open)

    function toSearch(text = "") {
        field.forceActiveFocus(Qt.ShortcutFocusReason);
        if (text === "")
            field.selectAll();
        else
            field.insert(field.length, text);
    }
    function clear() {
        field.clear();
    }
    function openNew() {
        newRequested(add);
    }
    function openMenu() {
        menuRequested(menu);
    }

    implicitHeight: Theme.bar + 14

    ActionButton {
        id: add

        anchors {
            left: parent.left
            leftMargin: Theme.gapLarge
            verticalCenter: parent.verticalCenter
        }
        prominent: true
        symbol: "plus"
        text: header.small ? "" : qsTr("New machine")
        leftPadding: header.small ? 9 : Theme.gap
        rightPadding: header.small ? 9 : Theme.gapLarge - 4
        Accessible.name: qsTr("New machine")
        Accessible.description: qsTr("Ctrl+N")
        onClicked: header.newRequested(add)

        Hint {
            visible: add.hovered
            text: qsTr("New machine (%1)").arg(qsTr("Ctrl+N"))
        }
    }
    Item {
        anchors {
            left: add.right
            leftMargin: header.small ? Theme.gapSmall : Theme.gapLarge
            right: tools.left
            rightMargin: Theme.gapSmall
            verticalCenter: parent.verticalCenter
        }
        height: Theme.control

        VField {
            id: field

            anchors.left: parent.left
            width: Math.min(360, parent.width)
            label: qsTr("Search machines")
            placeholderText: header.small ? qsTr("Search") : qsTr("Search machines")
            symbol: "search"
            endPadding: clearButton.visible ? Theme.control : Theme.gap
            onTextChanged: header.desk.machines.search = text
            Keys.onEscapePressed: {
                field.clear();
                header.doneSearching(false);
            }
            Keys.onDownPressed: header.doneSearching(false)
            onAccepted: header.doneSearching(header.desk.machines.count === 1)

            BarButton {
                id: clearButton

                anchors.right: parent.right
                visible: field.text !== ""
                symbol: "close"
                text: qsTr("Clear the search")
                onClicked: field.clear()
            }
        }
    }
    Row {
        id: tools

        anchors {
            right: parent.right
            rightMargin: Theme.gapLarge - 4
            verticalCenter: parent.verticalCenter
        }
        spacing: Theme.gapTiny

        JobsButton {
            id: jobs

            jobs: header.desk.jobs
            onClicked: header.jobsRequested(jobs)
        }
        BarButton {
            id: sort

            symbol: "sort"
            text: qsTr("Sort and groups")
            onClicked: header.sortRequested(sort)
        }
        Item {
            width: 4
            height: 1
            visible: views.visible
        }
        VSegments {
            id: views

            visible: !header.small
            label: qsTr("View")
            words: [qsTr("Cards"), qsTr("List")]
            symbols: ["grid", "list"]
            current: header.asList ? 1 : 0
            onChosen: index => header.viewChosen(index === 1)
        }
        Item {
            width: 4
            height: 1
            visible: views.visible
        }
        BarButton {
            id: menu

            symbol: "menu"
            text: qsTr("Menu")
            shortcutText: "F10"
            onClicked: header.menuRequested(menu)
        }
    }
}
