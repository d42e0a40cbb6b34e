// SPDX-License-Identifier: GPL-3.0-or-later
// One machine of the grid: its screen in a case, and a plinth with name and state.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Item {
    id: card

    required property int index
    required property string machineId
    required property string name
    required property string osName
    required property string osLogo
    required property int runState
    required property string status
    required property string problem
    required property bool alive
    required property var picture
    required property real progress
    required property string jobTitle
    required property CollectionActions actions
    required property GridView view

    readonly property bool current: GridView.isCurrentItem
    readonly property bool focused: current && view.activeFocus
    readonly property bool failed: runState === LibraryModel.Failed || runState === LibraryModel.Broken
    readonly property bool busy: jobTitle !== ""
    readonly property bool pointed: mouse.containsMouse

    Accessible.role: Accessible.ListItem
    Accessible.name: name
    Accessible.description: osName === "" ? status : qsTr("%1, %2").arg(osName).arg(status)
    Accessible.focusable: true
    Accessible.focused: focused
    Accessible.onPressAction: actions.desk.open(machineId)

    Rectangle {
        id: plate

        anchors.fill: parent
        anchors.margins: Theme.gapSmall
        radius: Theme.radiusLarge
        color: Theme.raised
        border.width: Theme.line
        border.color: card.pointed ? Theme.quiet : Theme.outline

        MouseArea {
            id: mouse

            anchors.fill: parent
            hoverEnabled: true
            acceptedButtons: Qt.LeftButton | Qt.RightButton
            onPressed: event => {
                card.view.currentIndex = card.index;
                card.view.forceActiveFocus(Qt.MouseFocusReason);
                if (event.button === Qt.RightButton)
                    card.actions.menuRequested(card.machineId, mouse, event.x, event.y);
            }
            onDoubleClicked: event => {
                if (event.button === Qt.LeftButton)
                    card.actions.desk.open(card.machineId);
            }
            onPressAndHold: event => card.actions.menuRequested(card.machineId, mouse, event.x, event.y)
        }

        MachinePicture {
            id: screen

            anchors {
                left: parent.left
                right: parent.right
                top: parent.top
                margins: Theme.gapSmall
            }
            height: width / Theme.pictureRatio
            picture: card.picture // qmllint disable type
            seed: card.osName === "" ? card.name : card.osName
            osLogo: card.osLogo
            runState: card.runState
            covered: card.pointed || card.focused || card.failed

            Loader {
                anchors.fill: parent
                active: card.pointed || card.focused || card.failed
                sourceComponent: CardActions {
                    actions: card.actions
                    machine: card.machineId
                    name: card.name
                    runState: card.runState
                    problem: card.problem
                    busy: card.busy
                    everything: card.pointed || card.focused
                    pointed: card.pointed
                }
            }
            VProgress {
                anchors {
                    left: parent.left
                    right: parent.right
                    bottom: parent.bottom
                    margins: Theme.gap
                }
                visible: card.busy
                value: card.progress
                label: card.jobTitle
            }
        }
        NameEdit {
            id: title

            anchors {
                left: parent.left
                right: parent.right
                top: screen.bottom
                leftMargin: Theme.gap + 2
                rightMargin: Theme.gap + 2
                topMargin: Theme.gap
            }
            machine: card.machineId
            name: card.name
            actions: card.actions
            fieldShift: 8
        }
        StateLine {
            anchors {
                left: title.left
                right: title.right
                top: title.bottom
                topMargin: 5
            }
            visible: !title.editing
            tone: card.actions.tone(card.runState)
            status: card.busy ? card.jobTitle : card.status
            loud: card.failed
            hollow: card.runState === LibraryModel.Off
            osName: card.failed || card.busy ? "" : card.osName
        }
        FocusRing {
            visible: card.current && (card.view.activeFocus || mouse.pressed)
            corner: Theme.radiusLarge
            gap: 2
        }
    }
}
