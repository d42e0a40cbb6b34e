// SPDX-License-Identifier: GPL-3.0-or-later
// A number with a button for less and one for more.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

SpinBox {
    id: spin

    required property string label

    implicitWidth: 148
    implicitHeight: Theme.control
    padding: 0
    leftPadding: Theme.control
    rightPadding: Theme.control
    editable: true
    opacity: enabled ? 1 : 0.5
    Accessible.name: label

    component Step: Item {
        property bool pressed: false
        property bool hovered: false
        property bool usable: true
        property bool more: false

        implicitWidth: Theme.control
        height: spin.height

        Rectangle {
            anchors.fill: parent
            anchors.margins: 3
            radius: Theme.radius - 3
            color: parent.pressed ? Theme.pressed : parent.hovered ? Theme.hover : "transparent"
        }
        Rectangle {
            anchors.centerIn: parent
            width: 12
            height: 2
            radius: 1
            color: Theme.text
            opacity: parent.usable ? 1 : 0.3
        }
        Rectangle {
            anchors.centerIn: parent
            visible: parent.more
            width: 2
            height: 12
            radius: 1
            color: Theme.text
            opacity: parent.usable ? 1 : 0.3
        }
    }

    down.indicator: Step {
        x: spin.mirrored ? spin.width - width : 0
        pressed: spin.down.pressed
        hovered: spin.down.hovered
        usable: spin.value > spin.from
    }
    up.indicator: Step {
        x: spin.mirrored ? 0 : spin.width - width
        more: true
        pressed: spin.up.pressed
        hovered: spin.up.hovered
        usable: spin.value < spin.to
    }
    contentItem: TextInput {
        text: spin.displayText
        color: Theme.text
        selectionColor: Theme.accent
        selectedTextColor: Theme.accentInk
        font.pixelSize: Theme.baseSize
        horizontalAlignment: Qt.AlignHCenter
        verticalAlignment: Qt.AlignVCenter
        readOnly: !spin.editable
        validator: spin.validator
        inputMethodHints: spin.inputMethodHints
        selectByMouse: true
        clip: true
        Accessible.name: spin.label
    }
    background: Rectangle {
        radius: Theme.radius
        color: Theme.field
        border.width: spin.activeFocus ? Theme.focusLine : Theme.line
        border.color: spin.activeFocus ? Theme.accent : Theme.outline
    }
}
