// SPDX-License-Identifier: GPL-3.0-or-later
// One line of a BarMenu.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

MenuItem {
    id: item

    property string symbol: ""
    /// Loses work: written in the colour of danger.
    property bool dangerous: false
    readonly property color ink: dangerous ? Theme.bad : Theme.text

    implicitHeight: Theme.control
    leftPadding: Theme.gap
    rightPadding: Theme.gap
    activeFocusOnTab: visible && enabled // the arrow keys leave out the others
    Accessible.name: text
    Accessible.onPressAction: {
        if (!enabled)
            return;
        if (subMenu !== null) {
            subMenu.popup(item, item.mirrored ? -subMenu.width : item.width, 0);
            return;
        }
        menu.dismiss();
        if (checkable)
            toggle();
        triggered();
    }

    contentItem: Item {
        implicitWidth: children[0].implicitWidth
        opacity: item.enabled ? 1 : 0.38

        Row {
            anchors {
                left: parent.left
                verticalCenter: parent.verticalCenter
            }
            spacing: Theme.gap

            Glyph {
                symbol: item.symbol === "" ? "check" : item.symbol
                opacity: item.symbol !== "" || item.checked ? 1 : 0
                visible: item.symbol !== "" || item.checkable
                color: item.ink
                anchors.verticalCenter: parent.verticalCenter
            }
            Text {
                text: item.text
                textFormat: Text.PlainText
                color: item.ink
                font.pixelSize: Theme.baseSize
                anchors.verticalCenter: parent.verticalCenter
            }
        }
    }

    arrow: Glyph {
        x: item.mirrored ? Theme.gapSmall : item.width - width - Theme.gapSmall
        y: (item.height - height) / 2
        visible: item.subMenu !== null
        symbol: "chevron-down"
        rotation: item.mirrored ? 90 : -90
        sourceSize.width: 14
        sourceSize.height: 14
        color: Theme.quiet
    }
    indicator: null

    background: Rectangle {
        radius: Theme.radius
        color: item.highlighted ? Theme.hover : "transparent"
        border.width: item.visualFocus && item.highlighted && Theme.highContrast ? 2 : 0
        border.color: Theme.accent
    }
}
