// SPDX-License-Identifier: GPL-3.0-or-later
// On or off, at once.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

Switch {
    id: control

    required property string label

    /// As a click does.
    function change() {
        if (!enabled)
            return;
        toggle();
        toggled();
    }

    implicitWidth: 44
    implicitHeight: Theme.controlSmall
    padding: 0
    Accessible.name: label
    Accessible.onPressAction: change()
    Accessible.onToggleAction: change() // or the mark would move and nobody hear of it
    Keys.onReturnPressed: change()

    indicator: Rectangle {
        anchors.verticalCenter: parent.verticalCenter
        x: (control.width - width) / 2
        width: 42
        height: 24
        radius: 12
        opacity: control.enabled ? 1 : 0.45
        color: control.checked ? Theme.accent : Theme.track
        border.width: Theme.highContrast ? 2 : 0
        border.color: Theme.outline

        Rectangle {
            readonly property real way: control.LayoutMirroring.enabled ? 1 - control.visualPosition
                                                                        : control.visualPosition

            anchors.verticalCenter: parent.verticalCenter
            x: 3 + way * (parent.width - width - 6)
            width: 18
            height: 18
            radius: 9
            color: control.checked && Theme.dark ? Theme.accentInk : "#ffffff"
            border.width: control.checked ? 0 : 1
            border.color: Theme.outline

            Behavior on x {
                NumberAnimation { duration: Theme.quick; easing.type: Easing.OutCubic }
            }
        }
        FocusRing {
            visible: control.visualFocus
            corner: 12
        }
    }
    contentItem: null
}
