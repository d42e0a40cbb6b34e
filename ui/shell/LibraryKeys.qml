// SPDX-License-Identifier: GPL-3.0-or-later
// The keys that work anywhere in the library's window.
import QtQuick

Item {
    id: keys

    required property LibraryHeader header
    required property LibraryOverlays overlays
    readonly property bool free: !overlays.busy

    signal viewChosen(bool asList)
    /// Of the machine that was chosen last.
    signal preferencesRequested
    signal undoRequested

    Shortcut {
        enabled: keys.free
        sequences: ["Ctrl+F"]
        onActivated: keys.header.toSearch()
    }
    Shortcut {
        enabled: keys.free
        sequences: ["Ctrl+N"]
        onActivated: keys.header.openNew()
    }
    Shortcut {
        enabled: keys.free
        sequences: ["Ctrl+O"]
        onActivated: keys.overlays.openFile()
    }
    Shortcut {
        enabled: keys.free
        sequences: ["Ctrl+1"]
        onActivated: keys.viewChosen(false)
    }
    Shortcut {
        enabled: keys.free
        sequences: ["Ctrl+2"]
        onActivated: keys.viewChosen(true)
    }
    Shortcut {
        enabled: keys.free
        sequences: ["F10"]
        onActivated: keys.header.openMenu()
    }
    Shortcut {
        enabled: keys.free
        sequences: ["Alt+Return", "Alt+Enter"]
        onActivated: keys.preferencesRequested()
    }
    Shortcut {
        enabled: keys.free
        sequences: ["Ctrl+Z"]
        onActivated: keys.undoRequested()
    }
    Shortcut {
        sequences: ["Ctrl+?", "Ctrl+Shift+/", "F1"]
        onActivated: keys.overlays.showShortcuts()
    }
    Shortcut {
        sequences: ["Ctrl+Q"]
        onActivated: keys.overlays.quit()
    }
}
