// SPDX-License-Identifier: GPL-3.0-or-later
// The preferences of one machine: pages at the side, or above where there is little room.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

ApplicationWindow {
    id: window

    required property LibraryController controller
    required property string machine

    readonly property bool narrow: width < 620
    property int page: 0
    /// A broken machine can only be mended.
    readonly property bool broken: settings.broken
    readonly property var pages: broken ? everyPage.slice(-2).reverse() : everyPage
    readonly property var everyPage: [
        { title: qsTr("Overview"), symbol: "gauge", file: "OverviewPage.qml" },
        { title: qsTr("Resources"), symbol: "chip", file: "ResourcesPage.qml" },
        { title: qsTr("Media"), symbol: "disc", file: "MediaPage.qml" },
        { title: qsTr("Network"), symbol: "network", file: "NetworkPage.qml" },
        { title: qsTr("Devices"), symbol: "plug", file: "DevicesPage.qml" },
        { title: qsTr("Boot and firmware"), symbol: "power", file: "BootPage.qml" },
        { title: qsTr("Closing"), symbol: "moon", file: "ClosingPage.qml" },
        { title: qsTr("Logs"), symbol: "list", file: "LogsPage.qml" },
        { title: qsTr("Edit configuration"), symbol: "pencil", file: "ConfigPage.qml" }
    ]

    /// Pages are made when they are shown and gone when they are not.
    function showPage() {
        loader.setSource(pages[page].file, { prefs: settings, controller: controller });
    }
    function turn(by: int) {
        page = (page + by + pages.length) % pages.length;
    }

    LayoutMirroring.enabled: Application.layoutDirection === Qt.RightToLeft
    LayoutMirroring.childrenInherit: true
    width: 880
    height: 640
    minimumWidth: 360
    minimumHeight: 400
    color: Theme.surface
    title: settings.name === "" ? qsTr("Preferences") : qsTr("Preferences of %1").arg(settings.name)
    onPageChanged: showPage()
    onBrokenChanged: {
        page = 0;
        showPage();
    }
    onClosing: settings.flush()
    Component.onCompleted: showPage()

    PreferencesModel {
        id: settings

        controller: window.controller
        machine: window.machine
        onApplied: sentence => toasts.show(sentence)
        onChanged: {
            if (window.visible && !valid && !broken)
                window.close(); // the machine is gone
        }
    }
    Connections {
        target: window.controller

        function onNotice(sentence: string, id: string) {
            if (id === window.machine)
                toasts.show(sentence);
        }
    }

    PageList {
        id: side

        anchors { top: parent.top; bottom: parent.bottom; left: parent.left }
        width: window.narrow ? 0 : 214
        visible: !window.narrow
        pages: window.pages
        current: window.page
        onChosen: index => window.page = index
    }
    VCombo {
        id: above

        anchors {
            top: parent.top
            left: parent.left
            right: parent.right
            margins: Theme.gap
        }
        visible: window.narrow
        height: visible ? implicitHeight : 0
        label: qsTr("Page")
        model: window.pages.map(entry => entry.title)
        currentIndex: window.page
        onActivated: index => window.page = index
    }
    Loader {
        id: loader

        anchors {
            top: window.narrow ? above.bottom : parent.top
            left: side.right
            right: parent.right
            bottom: parent.bottom
        }
    }
    ToastHost {
        id: toasts

        anchors {
            bottom: parent.bottom
            bottomMargin: Theme.gapLarge
            horizontalCenter: loader.horizontalCenter
        }
        width: Math.min(loader.width - 2 * Theme.gapLarge, 560)
    }

    Shortcut { sequence: "Ctrl+PgDown"; onActivated: window.turn(1) }
    Shortcut { sequence: "Ctrl+PgUp"; onActivated: window.turn(-1) }
    Shortcut { sequences: ["Escape", "Ctrl+W"]; onActivated: window.close() }
}
