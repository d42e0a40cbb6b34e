// SPDX-License-Identifier: GPL-3.0-or-later
// Dims the picture of a paused machine and offers to go on.
import QtQuick
import org.vitrine.components
import org.vitrine.theme

Rectangle {
    id: veil

    property bool shown: false

    signal resumeRequested

    color: Qt.rgba(0, 0, 0, 0.42)
    opacity: shown ? 1 : 0
    visible: opacity > 0

    Behavior on opacity {
        NumberAnimation { duration: Theme.calm }
    }

    MouseArea { // a machine that stands still takes no mouse
        anchors.fill: parent
        acceptedButtons: Qt.AllButtons
    }
    ActionButton {
        anchors.centerIn: parent
        prominent: true
        leftPadding: Theme.gapLarge + 4
        rightPadding: Theme.gapLarge + 4
        height: 44
        text: qsTr("Resume")
        Accessible.description: qsTr("The machine is paused")
        focusPolicy: Qt.TabFocus
        onClicked: veil.resumeRequested()
    }
}
