// SPDX-License-Identifier: GPL-3.0-or-later
// One machine of the list.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Item {
    id: row

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
    required property string memory
    required property string disk
    required property string lastUsed
    required property string jobTitle
    required property real progress
    required property CollectionActions actions
    required property ListColumns columns
    required property ListView view

    readonly property bool current: ListView.isCurrentItem
    readonly property bool failed: runState === LibraryModel.Failed || runState === LibraryModel.Broken
    readonly property bool wide: columns.wide

    implicitHeight: 64
    Accessible.role: Accessible.ListItem
    Accessible.name: name
    Accessible.description: failed ? problem : osName === "" ? status : qsTr("%1, %2").arg(osName).arg(status)
    Accessible.focusable: true
    Accessible.focused: current && view.activeFocus
    Accessible.onPressAction: actions.desk.open(machineId)

    component Cell: Text {
        anchors.verticalCenter: parent?.verticalCenter
        textFormat: Text.PlainText
        color: Theme.quiet
        font.pixelSize: Theme.smallSize
        elide: Text.ElideRight
        horizontalAlignment: Text.AlignLeft
    }

    Rectangle {
        anchors.fill: parent
        anchors.margins: 2
        radius: Theme.radius + 2
        color: row.current && row.view.activeFocus ? Theme.selected
             : mouse.containsMouse ? Theme.hover : "transparent"
        border.width: row.current && row.view.activeFocus ? Theme.focusLine : 0
        border.color: Theme.accent
    }
    MouseArea {
        id: mouse

        anchors.fill: parent
        hoverEnabled: true
        acceptedButtons: Qt.LeftButton | Qt.RightButton
        onPressed: event => {
            row.view.currentIndex = row.index;
            row.view.forceActiveFocus(Qt.MouseFocusReason);
            if (event.button === Qt.RightButton)
                row.actions.menuRequested(row.machineId, mouse, event.x, event.y);
        }
        onDoubleClicked: event => {
            if (event.button === Qt.LeftButton)
                row.actions.desk.open(row.machineId);
        }
    }
    MachinePicture {
        id: screen

        anchors {
            left: parent.left
            leftMargin: Theme.gap
            verticalCenter: parent.verticalCenter
        }
        width: row.columns.picture
        height: 48
        radius: 5
        mark: Theme.icon
        picture: row.picture // qmllint disable type
        seed: row.osName === "" ? row.name : row.osName
        osLogo: row.osLogo
        runState: row.runState
    }
    Column {
        anchors {
            left: screen.right
            leftMargin: Theme.gap
            verticalCenter: parent.verticalCenter
        }
        width: row.columns.name
        spacing: 3

        NameEdit {
            width: parent.width
            machine: row.machineId
            name: row.name
            actions: row.actions
            weight: Font.Medium
        }
        StateLine {
            width: parent.width
            visible: row.columns.narrow
            tone: row.actions.tone(row.runState)
            loud: row.failed
            hollow: row.runState === LibraryModel.Off
            status: row.jobTitle !== "" ? row.jobTitle : row.status
            osName: row.failed || row.jobTitle !== "" ? "" : row.osName
        }
        Cell {
            anchors.verticalCenter: undefined
            width: parent.width
            visible: !row.columns.narrow && (!row.wide || row.failed)
            color: row.failed ? Theme.bad : Theme.quiet
            text: row.failed ? row.problem : row.wide ? "" : row.osName
        }
    }
    Row {
        anchors {
            right: more.left
            rightMargin: Theme.gapSmall
            verticalCenter: parent.verticalCenter
        }
        spacing: Theme.gap

        Cell {
            width: row.columns.system
            visible: row.wide
            text: row.osName
        }
        Item {
            anchors.verticalCenter: parent.verticalCenter
            width: row.columns.status
            height: 24
            visible: !row.columns.narrow

            StateLine {
                anchors.verticalCenter: parent.verticalCenter
                width: parent.width
                tone: row.actions.tone(row.runState)
                loud: row.failed
                hollow: row.runState === LibraryModel.Off
                status: row.jobTitle !== "" ? row.jobTitle : row.status
            }
            VProgress {
                anchors.bottom: parent.bottom
                anchors.bottomMargin: -7
                width: parent.width
                implicitHeight: 4
                visible: row.jobTitle !== ""
                value: row.progress
                label: row.jobTitle
            }
        }
        Cell {
            width: row.columns.size
            visible: row.columns.veryWide
            text: row.memory
        }
        Cell {
            width: row.columns.size
            visible: row.columns.veryWide
            text: row.disk
        }
        Cell {
            width: row.columns.used
            visible: row.wide
            text: row.lastUsed
        }
    }
    BarButton {
        id: more

        anchors {
            right: parent.right
            rightMargin: Theme.gapSmall
            verticalCenter: parent.verticalCenter
        }
        symbol: "more"
        text: qsTr("More")
        focusPolicy: Qt.NoFocus // the menu key does it
        Accessible.focusable: false
        Accessible.name: qsTr("More about %1").arg(row.name)
        onClicked: row.actions.menuRequested(row.machineId, more, 0, more.height)
    }
}
