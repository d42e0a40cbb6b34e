// SPDX-License-Identifier: GPL-3.0-or-later
// One line of text.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

TextField {
    id: field

    /// What it is for; read by screen readers.
    required property string label
    /// What is wrong with what is written; empty: nothing. Say it beside the field, too.
    property string problem: ""
    property string symbol: ""
    /// Kept free at the end, for a button.
    property real endPadding: Theme.gap
    readonly property real startPadding: symbol === "" ? Theme.gap : Theme.gap + Theme.icon + Theme.gapSmall

    implicitHeight: Theme.control
    implicitWidth: 220
    leftPadding: mirrored ? endPadding : startPadding
    rightPadding: mirrored ? startPadding : endPadding
    topPadding: 0
    bottomPadding: 0
    verticalAlignment: TextInput.AlignVCenter
    color: Theme.text
    placeholderTextColor: Theme.quiet
    selectionColor: Theme.accent
    selectedTextColor: Theme.accentInk
    font.pixelSize: Theme.baseSize
    selectByMouse: true
    opacity: enabled ? 1 : 0.5
    readonly property bool mirrored: LayoutMirroring.enabled
    Accessible.name: label
    Accessible.description: problem

    background: Rectangle {
        radius: Theme.radius
        color: Theme.field
        border.width: field.activeFocus || field.problem !== "" ? Theme.focusLine : Theme.line
        border.color: field.problem !== "" ? Theme.bad
                    : field.activeFocus ? Theme.accent : Theme.outline

        Glyph {
            anchors {
                left: parent.left
                leftMargin: Theme.gapSmall + 2
                verticalCenter: parent.verticalCenter
            }
            visible: field.symbol !== ""
            symbol: field.symbol === "" ? "info" : field.symbol
            color: Theme.quiet
        }
    }
}
