// SPDX-License-Identifier: GPL-3.0-or-later
// Something over the window that is made when it is wanted first.
import QtQuick
import QtQuick.Controls.Basic

Loader {
    id: lazy

    readonly property bool shown: (item as Popup)?.visible ?? false

    /// The thing itself, made now if need be.
    function ensure(): QtObject {
        active = true;
        return item;
    }
    function open() {
        (ensure() as Popup).open();
    }
    function toggle() {
        if (shown)
            (item as Popup).close();
        else
            open();
    }
    /// For menus: below `at`, or at a place in it.
    function popup(at: Item, x = 0, y = at.height + 6) {
        const menu = ensure() as Menu;
        if (menu.visible)
            menu.close();
        else
            menu.popup(at, at.LayoutMirroring.enabled ? at.width - menu.width - x : x, y);
    }

    active: false
    anchors.fill: parent
}
