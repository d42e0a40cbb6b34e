// SPDX-License-Identifier: GPL-3.0-or-later
// A button of the toolbar: an icon, its name as tooltip and for screen readers, perhaps a menu.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

ToolButton {
    id: button

    required property string symbol
    /// The keys that do the same, in words; shown in the tooltip.
    property string shortcutText: ""
    /// Opened below the button instead of a click of its own.
    property Menu menu: null
    /// It was pressed under this pointer: what opened then is not to lie below the tooltip.
    property bool used: false
    readonly property bool menuOpen: menu !== null && menu.visible

    implicitWidth: Theme.control + (menu !== null ? 14 : 0)
    implicitHeight: Theme.control
    padding: 0
    focusPolicy: Qt.TabFocus // a click must not take the keyboard from the guest
    Accessible.name: text
    Accessible.description: enabled ? shortcutText : qsTr("Not available now") // Qt 6.4 does not tell that itself
    Accessible.onPressAction: {
        if (enabled)
            clicked();
    }
    onPressed: used = true
    onHoveredChanged: {
        if (!hovered)
            used = false;
    }
    Keys.onReturnPressed: button.clicked()
    Keys.onEnterPressed: button.clicked()
    onClicked: {
        if (menu !== null)
            menu.popup(button, 0, button.height + Theme.gap); // clear of the bar
    }

    contentItem: Item {
        opacity: button.enabled ? 1 : 0.38

        Row {
            anchors.centerIn: parent
            spacing: 1

            Glyph {
                symbol: button.symbol
                anchors.verticalCenter: parent.verticalCenter
            }
            Glyph {
                symbol: "chevron-down"
                visible: button.menu !== null
                width: 13
                height: 13
                sourceSize.width: 13
                sourceSize.height: 13
                color: Theme.quiet
                anchors.verticalCenter: parent.verticalCenter
            }
        }
    }

    background: Rectangle {
        radius: Theme.radius
        color: button.down || button.menuOpen ? Theme.pressed
             : button.hovered ? Theme.hover : "transparent"
        border.width: button.visualFocus ? Theme.focusLine : 0
        border.color: Theme.accent

        Behavior on color {
            ColorAnimation { duration: Theme.quick }
        }
    }

    ToolTip {
        id: tip

        visible: button.hovered && !button.menuOpen && !button.used
        delay: 500
        y: button.height + Theme.gapSmall
        text: button.shortcutText === "" ? button.text
                                         : button.text + "  ·  " + button.shortcutText
        contentItem: Text {
            text: tip.text
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.smallSize
        }
        background: Rectangle {
            radius: 6
            color: Theme.raised
            border.width: Theme.line
            border.color: Theme.outline
        }
    }
}
