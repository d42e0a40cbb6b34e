// SPDX-License-Identifier: GPL-3.0-or-later
// Lies over the picture while the machine is being suspended or shut down, and offers the way back.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Rectangle {
    id: veil

    required property MachineModel machine
    readonly property bool suspending: machine.ending === MachineModel.Ending.Suspending
    readonly property bool stuck: machine.ending === MachineModel.Ending.DoesNotReact
    readonly property bool shown: machine.ending !== MachineModel.Ending.No

    signal forceOffRequested

    color: Theme.scrim
    opacity: shown ? 1 : 0
    visible: opacity > 0
    onShownChanged: {
        if (shown)
            back.forceActiveFocus(Qt.OtherFocusReason);
    }
    Keys.onEscapePressed: back.clicked()

    Behavior on opacity {
        NumberAnimation { duration: Theme.calm }
    }

    MouseArea { // what happens to the machine now takes no mouse
        anchors.fill: parent
        acceptedButtons: Qt.AllButtons
    }

    Rectangle {
        anchors.centerIn: parent
        width: Math.min(parent.width - 2 * Theme.gapLarge, 420)
        height: words.implicitHeight + 2 * Theme.gapLarge
        radius: Theme.radiusLarge
        color: Theme.raised
        border.width: Theme.line
        border.color: Theme.outline
        Accessible.role: Accessible.Dialog
        Accessible.name: title.text

        Column {
            id: words

            anchors.centerIn: parent
            width: parent.width - 2 * Theme.gapLarge
            spacing: Theme.gap

            Text {
                id: title

                width: parent.width
                text: veil.suspending ? qsTr("Suspending…")
                    : veil.stuck ? qsTr("The guest does not react") : qsTr("Shutting down…")
                textFormat: Text.PlainText
                color: Theme.text
                font.pixelSize: Theme.leadSize
                font.weight: Font.DemiBold
                wrapMode: Text.Wrap
            }
            VProgress {
                width: parent.width
                visible: veil.suspending
                value: veil.machine.suspendProgress
                label: qsTr("How much of the machine is saved")
            }
            Text {
                width: parent.width
                text: veil.suspending ? qsTr("The machine goes on from here when you open it again.")
                    : veil.stuck ? qsTr("It was asked to shut down a minute ago. It may still be busy, or wait for an answer on its screen.")
                                 : qsTr("The guest was asked to shut down. The window closes when it is off.")
                textFormat: Text.PlainText
                color: Theme.quiet
                font.pixelSize: Theme.baseSize
                lineHeight: 1.25
                wrapMode: Text.Wrap
            }
            Row {
                anchors.right: parent.right
                spacing: Theme.gapSmall

                ActionButton {
                    id: back

                    text: veil.suspending ? qsTr("Cancel") : qsTr("Back to the guest")
                    onClicked: {
                        if (veil.suspending)
                            veil.machine.cancelSuspend();
                        else
                            veil.machine.stayOpen();
                    }
                    KeyNavigation.tab: force.visible ? force : back
                    KeyNavigation.right: force.visible ? force : back
                }
                ActionButton {
                    id: force

                    visible: !veil.suspending
                    text: qsTr("Force off…")
                    dangerous: veil.stuck
                    onClicked: veil.forceOffRequested()
                    KeyNavigation.tab: back
                    KeyNavigation.left: back
                }
            }
        }
    }
}
