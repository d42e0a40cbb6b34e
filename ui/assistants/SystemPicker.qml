// SPDX-License-Identifier: GPL-3.0-or-later
// All the systems there are: search as you type, choose one.
pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Popup {
    id: picker

    required property DraftModel draft

    function choose(row: int) {
        if (row < 0 || row >= list.count)
            return;
        draft.chooseSystem(row);
        close();
    }

    width: 320
    padding: Theme.gap
    margins: Theme.gapSmall
    focus: true
    Component.onCompleted: contentItem.parent.Accessible.name = qsTr("Choose the system")
    onAboutToShow: draft.systems.load()
    onOpened: search.forceActiveFocus(Qt.PopupFocusReason)
    onClosed: draft.systems.search = ""

    background: Rectangle {
        radius: Theme.radiusLarge
        color: Theme.raised
        border.width: Theme.line
        border.color: Theme.outline

        Shade {
            anchors.fill: parent
            z: -1
            radius: parent.radius
        }
    }
    contentItem: Column {
        spacing: Theme.gapSmall

        VField {
            id: search

            width: parent.width
            label: qsTr("Search systems")
            placeholderText: qsTr("Search systems")
            symbol: "search"
            text: picker.draft.systems.search
            onTextEdited: picker.draft.systems.search = text
            Keys.onDownPressed: {
                list.forceActiveFocus(Qt.TabFocusReason);
                list.currentIndex = Math.max(list.currentIndex, 0);
            }
            Keys.onReturnPressed: picker.choose(0)
            Keys.onEnterPressed: picker.choose(0)
        }
        ListView {
            id: list

            width: parent.width
            height: 240
            clip: true
            boundsBehavior: Flickable.StopAtBounds
            model: picker.draft.systems
            currentIndex: -1
            activeFocusOnTab: true
            keyNavigationEnabled: true
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Systems")
            Keys.onReturnPressed: picker.choose(currentIndex)
            Keys.onEnterPressed: picker.choose(currentIndex)
            Keys.onSpacePressed: picker.choose(currentIndex)
            onActiveFocusChanged: {
                if (activeFocus && currentIndex < 0)
                    currentIndex = 0;
            }
            ScrollBar.vertical: VScrollBar {}

            delegate: ItemDelegate {
                id: line

                required property int index
                required property string name
                required property string logo

                width: ListView.view?.width ?? 0
                height: Theme.control + 4
                leftPadding: Theme.gapSmall
                rightPadding: Theme.gap
                focusPolicy: Qt.NoFocus // the list has the keyboard
                highlighted: ListView.isCurrentItem && list.activeFocus
                text: name
                Accessible.name: name
                onClicked: picker.choose(index)

                contentItem: Row {
                    spacing: Theme.gapSmall

                    Image {
                        anchors.verticalCenter: parent.verticalCenter
                        source: line.logo
                        width: 24
                        height: 24
                        sourceSize.width: 48
                        sourceSize.height: 48
                        Accessible.ignored: true
                    }
                    Text {
                        anchors.verticalCenter: parent.verticalCenter
                        width: parent.width - 24 - Theme.gapSmall
                        text: line.name
                        textFormat: Text.PlainText
                        horizontalAlignment: Text.AlignLeft
                        color: Theme.text
                        font.pixelSize: Theme.baseSize
                        elide: Text.ElideRight
                    }
                }
                background: Rectangle {
                    radius: Theme.radius
                    color: line.down ? Theme.pressed : line.hovered || line.highlighted ? Theme.hover : "transparent"

                    FocusRing {
                        visible: line.highlighted
                        gap: 0
                    }
                }
            }

            Text {
                anchors.centerIn: parent
                width: parent.width - 2 * Theme.gap
                visible: list.count === 0
                text: picker.draft.systems.loading ? qsTr("Reading the catalogue")
                    : picker.draft.systems.search === "" ? qsTr("There is no catalogue of systems on this computer")
                    : qsTr("No system is called “%1”").arg(picker.draft.systems.search)
                textFormat: Text.PlainText
                horizontalAlignment: Text.AlignHCenter
                color: Theme.quiet
                font.pixelSize: Theme.baseSize
                wrapMode: Text.Wrap
                Accessible.role: Accessible.Paragraph
                Accessible.name: text
            }
        }
    }
}
