// SPDX-License-Identifier: GPL-3.0-or-later
// A box to tick, with its words.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

CheckBox {
    id: control

    /// As a click does.
    function change() {
        if (!enabled)
            return;
        toggle();
        toggled();
    }

    implicitHeight: Theme.control
    padding: 0
    spacing: Theme.gapSmall
    Accessible.name: text
    Accessible.onPressAction: change()
    Accessible.onToggleAction: change() // or the mark would move and nobody hear of it
    Keys.onReturnPressed: change()

    indicator: Rectangle {
        x: control.mirrored ? control.width - width : 0
        anchors.verticalCenter: parent.verticalCenter
        width: 20
        height: 20
        radius: 5
        opacity: control.enabled ? 1 : 0.45
        color: control.checked ? Theme.accent : Theme.field
        border.width: control.checked ? 0 : Theme.highContrast ? 2 : 1
        border.color: Theme.quiet

        Glyph {
            anchors.centerIn: parent
            visible: control.checked
            symbol: "check"
            sourceSize.width: Theme.iconSmall
            sourceSize.height: Theme.iconSmall
            color: Theme.accentInk
        }
        FocusRing {
            visible: control.visualFocus
            corner: 5
        }
    }
    contentItem: Text {
        leftPadding: control.mirrored ? 0 : 20 + control.spacing
        rightPadding: control.mirrored ? 20 + control.spacing : 0
        text: control.text
        textFormat: Text.PlainText
        color: Theme.text
        opacity: control.enabled ? 1 : 0.5
        font.pixelSize: Theme.baseSize
        verticalAlignment: Text.AlignVCenter
        wrapMode: Text.Wrap
    }
}
