// SPDX-License-Identifier: GPL-3.0-or-later
// Shown while the clipboard's text is being typed, with the way to stop it.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Rectangle {
    id: pill

    required property MachineModel machine

    width: row.implicitWidth + 2 * Theme.gap
    height: Theme.control + 2 * Theme.gapSmall
    radius: Theme.radiusLarge
    color: Theme.raised
    border.width: Theme.line
    border.color: Theme.outline
    visible: machine.typing

    Row {
        id: row

        anchors.centerIn: parent
        spacing: Theme.gap

        Text {
            anchors.verticalCenter: parent.verticalCenter
            text: qsTr("Typing the clipboard's text…")
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.baseSize
            Accessible.role: Accessible.Paragraph
            Accessible.name: text
        }
        ActionButton {
            text: qsTr("Stop")
            focusPolicy: Qt.TabFocus
            onClicked: pill.machine.cancelTyping()
        }
    }
}
