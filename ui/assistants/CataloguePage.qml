// SPDX-License-Identifier: GPL-3.0-or-later
// Systems to download: search as you type, choose one, choose its medium.
pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

FocusScope {
    id: page

    required property LibraryController controller

    /// A download was begun, or the person wants to leave.
    signal done

    Component.onCompleted: {
        catalogue.load();
        search.forceActiveFocus(Qt.TabFocusReason);
    }
    Keys.onEscapePressed: {
        if (catalogue.current >= 0)
            catalogue.current = -1;
        else if (search.text !== "")
            search.text = "";
        else
            page.done();
    }

    CatalogueModel {
        id: catalogue

        controller: page.controller
        search: search.text
        onChosen: page.done()
    }

    VField {
        id: search

        anchors {
            top: parent.top
            left: parent.left
            right: parent.right
            margins: Theme.gapLarge
        }
        label: qsTr("Search systems")
        placeholderText: qsTr("Search systems")
        symbol: "search"
        Keys.onDownPressed: {
            grid.forceActiveFocus(Qt.TabFocusReason);
            grid.currentIndex = Math.max(grid.currentIndex, 0);
        }
        Keys.onReturnPressed: {
            if (catalogue.count > 0) {
                grid.forceActiveFocus(Qt.TabFocusReason);
                grid.currentIndex = 0;
                catalogue.current = 0;
            }
        }
    }

    GridView {
        id: grid

        readonly property int columns: Math.max(1, Math.floor(width / 270))

        anchors {
            top: search.bottom
            topMargin: Theme.gap
            left: parent.left
            leftMargin: Theme.gapLarge - 6
            right: parent.right
            rightMargin: Theme.gapTiny
            bottom: parent.bottom
        }
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        cellWidth: Math.floor((width - Theme.gap + 2) / columns)
        cellHeight: Math.max(76, Math.ceil(Theme.baseSize * 4.6)) + 12
        model: catalogue
        activeFocusOnTab: true
        keyNavigationEnabled: true
        currentIndex: -1
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Systems")
        Keys.onReturnPressed: catalogue.current = currentIndex
        Keys.onSpacePressed: catalogue.current = currentIndex
        onActiveFocusChanged: {
            if (activeFocus && currentIndex < 0)
                currentIndex = 0;
        }
        ScrollBar.vertical: VScrollBar {}

        delegate: SystemTile {
            width: grid.cellWidth
            height: grid.cellHeight
            current: GridView.isCurrentItem && grid.activeFocus
            onChosen: {
                grid.currentIndex = index;
                catalogue.current = index;
            }
        }
    }

    Column {
        anchors.centerIn: grid
        width: Math.min(420, grid.width - 2 * Theme.gapLarge)
        spacing: Theme.gap
        visible: catalogue.count === 0

        Text {
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            text: catalogue.loading ? qsTr("Reading the catalogue")
                : catalogue.problem !== "" ? catalogue.problem
                : qsTr("No system is called “%1”").arg(search.text)
            textFormat: Text.PlainText
            color: Theme.quiet
            font.pixelSize: Theme.baseSize
            wrapMode: Text.Wrap
            Accessible.role: Accessible.Paragraph
            Accessible.name: text
        }
        VProgress {
            anchors.horizontalCenter: parent.horizontalCenter
            visible: catalogue.loading
            label: qsTr("Reading the catalogue")
        }
    }

    MediaSheet {
        catalogue: catalogue
        onClosed: grid.forceActiveFocus(Qt.TabFocusReason)
    }
}
