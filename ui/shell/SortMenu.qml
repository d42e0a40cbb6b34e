// SPDX-License-Identifier: GPL-3.0-or-later
// Order of the machines, which group is shown, and in small windows the view.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

BarMenu {
    id: sorting

    required property LibraryFilter machines
    required property bool asList
    required property bool withViews

    signal viewChosen(bool asList)

    component Title: MenuItem {
        id: title

        enabled: false
        activeFocusOnTab: false
        Accessible.name: text
        implicitHeight: 28
        leftPadding: Theme.gap
        contentItem: Text {
            text: title.text
            textFormat: Text.PlainText
            color: Theme.quiet
            font.pixelSize: Theme.smallSize
            font.weight: Font.Medium
            verticalAlignment: Text.AlignVCenter
            horizontalAlignment: Text.AlignLeft
        }
        background: null
    }

    Title {
        text: qsTr("Sort by")
    }
    BarMenuItem {
        text: qsTr("Name")
        checkable: true
        checked: sorting.machines.order === LibraryFilter.ByName
        onTriggered: sorting.machines.order = LibraryFilter.ByName
    }
    BarMenuItem {
        text: qsTr("Last used")
        checkable: true
        checked: sorting.machines.order === LibraryFilter.ByLastUse
        onTriggered: sorting.machines.order = LibraryFilter.ByLastUse
    }
    BarMenuItem {
        text: qsTr("State")
        checkable: true
        checked: sorting.machines.order === LibraryFilter.ByState
        onTriggered: sorting.machines.order = LibraryFilter.ByState
    }
    MenuLine {
        visible: sorting.machines.groups.length > 0
        height: visible ? implicitHeight : 0
    }
    Title {
        text: qsTr("Show")
        visible: sorting.machines.groups.length > 0
        height: visible ? implicitHeight : 0
    }
    BarMenuItem {
        text: qsTr("All machines")
        visible: sorting.machines.groups.length > 0
        height: visible ? implicitHeight : 0
        checkable: true
        checked: sorting.machines.group === ""
        onTriggered: sorting.machines.group = ""
    }
    Instantiator {
        model: sorting.machines.groups
        delegate: BarMenuItem {
            required property string modelData

            text: modelData
            checkable: true
            checked: sorting.machines.group === modelData
            onTriggered: sorting.machines.group = modelData
        }
        onObjectAdded: (index, object) => sorting.insertItem(7 + index, object as BarMenuItem)
        onObjectRemoved: (index, object) => sorting.removeItem(object as BarMenuItem)
    }
    MenuLine {
        visible: sorting.withViews
        height: visible ? implicitHeight : 0
    }
    BarMenuItem {
        visible: sorting.withViews
        height: visible ? implicitHeight : 0
        symbol: sorting.asList ? "grid" : "list"
        text: sorting.asList ? qsTr("Show as cards") : qsTr("Show as a list")
        onTriggered: sorting.viewChosen(!sorting.asList)
    }
}
