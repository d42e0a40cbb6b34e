// SPDX-License-Identifier: GPL-3.0-or-later
// What concerns the program.
import org.vitrine.components

BarMenu {
    id: menu

    signal preferencesRequested
    signal hostCheckRequested
    signal shortcutsRequested
    signal aboutRequested
    signal quitRequested

    BarMenuItem {
        symbol: "sliders"
        text: qsTr("Preferences of Vitrine")
        onTriggered: menu.preferencesRequested()
    }
    BarMenuItem {
        symbol: "check"
        text: qsTr("Check this computer")
        onTriggered: menu.hostCheckRequested()
    }
    BarMenuItem {
        symbol: "keyboard"
        text: qsTr("Keyboard shortcuts")
        onTriggered: menu.shortcutsRequested()
    }
    BarMenuItem {
        symbol: "info"
        text: qsTr("About Vitrine")
        onTriggered: menu.aboutRequested()
    }
    MenuLine {}
    BarMenuItem {
        symbol: "close"
        text: qsTr("Quit")
        onTriggered: menu.quitRequested()
    }
}
