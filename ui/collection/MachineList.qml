// SPDX-License-Identifier: GPL-3.0-or-later
// The machines as a list with columns; those it has no room for are left out.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

ListView {
    id: list

    required property CollectionActions actions
    readonly property ListColumns columns: ListColumns {
        rowWidth: list.width - list.leftMargin - list.rightMargin
    }
    readonly property int rowHeight: 64
    readonly property int firstVisible: Math.max(0, Math.floor((contentY - originY - topInset) / rowHeight))
    readonly property int lastVisible: Math.ceil((contentY - originY - topInset + height) / rowHeight)
    readonly property int topInset: headerItem?.height ?? 0

    leftMargin: Theme.gapLarge - 4
    rightMargin: Theme.gapLarge - 4
    bottomMargin: Theme.gapLarge
    cacheBuffer: 0
    clip: true
    reuseItems: true
    boundsBehavior: Flickable.StopAtBounds
    keyNavigationEnabled: true
    highlightMoveDuration: 0
    activeFocusOnTab: true
    Accessible.role: Accessible.List
    Accessible.name: qsTr("Machines")
    ScrollBar.vertical: VScrollBar {}

    component Head: Text {
        anchors.verticalCenter: parent?.verticalCenter
        textFormat: Text.PlainText
        color: Theme.quiet
        font.pixelSize: Theme.smallSize
        font.weight: Font.Medium
        elide: Text.ElideRight
        horizontalAlignment: Text.AlignLeft
    }

    header: Item {
        width: list.columns.rowWidth
        height: list.columns.wide ? 30 : 0
        visible: list.columns.wide

        Head {
            anchors.left: parent.left
            anchors.leftMargin: Theme.gap
            text: qsTr("Name")
        }
        Row {
            anchors {
                right: parent.right
                rightMargin: 2 * Theme.gapSmall + Theme.control
                verticalCenter: parent.verticalCenter
            }
            spacing: Theme.gap

            Head { width: list.columns.system; text: qsTr("System") }
            Head { width: list.columns.status; text: qsTr("State") }
            Head { width: list.columns.size; text: qsTr("Memory"); visible: list.columns.veryWide }
            Head { width: list.columns.size; text: qsTr("On disk"); visible: list.columns.veryWide }
            Head { width: list.columns.used; text: qsTr("Last used") }
        }
    }
    delegate: MachineRow {
        width: list.columns.rowWidth
        height: list.rowHeight
        actions: list.actions
        columns: list.columns
        view: list
    }
}
