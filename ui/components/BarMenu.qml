// SPDX-License-Identifier: GPL-3.0-or-later
// A menu in the house's look; holds BarMenuItems.
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import org.vitrine.theme

Menu {
    id: menu

    /// As wide as the longest line wants, within reason.
    function wanted(): real {
        let most = 220;
        for (let i = 0; i < count; ++i)
            most = Math.max(most, itemAt(i)?.implicitWidth ?? 0);
        return Math.min(most, 420) + leftPadding + rightPadding;
    }

    /// What screen readers call it: without a title of its own, as the button that opens it.
    function named(): string {
        return title !== "" ? title : (parent as T.AbstractButton)?.text ?? "";
    }

    width: wanted()
    // The item around the lines is the menu that screen readers are told of.
    Component.onCompleted: contentItem.parent.Accessible.name = Qt.binding(named)
    padding: 6
    margins: Theme.gapSmall
    delegate: BarMenuItem {}

    background: Rectangle {
        radius: Theme.radiusLarge - 2
        color: Theme.raised
        border.width: Theme.line
        border.color: Theme.outline

        Shade {
            anchors.fill: parent
            z: -1
            radius: parent.radius
        }
    }

    enter: Transition {
        NumberAnimation { property: "opacity"; from: 0; to: 1; duration: Theme.quick }
    }
    exit: Transition {
        NumberAnimation { property: "opacity"; from: 1; to: 0; duration: Theme.quick }
    }
}
