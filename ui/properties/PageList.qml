// SPDX-License-Identifier: GPL-3.0-or-later
// The pages of the preferences, one below the other.
pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import org.vitrine.components
import org.vitrine.theme

Rectangle {
    id: side

    required property var pages
    required property int current

    signal chosen(int index)

    color: Theme.raised

    Rectangle {
        anchors { right: parent.right; top: parent.top; bottom: parent.bottom }
        width: Theme.line
        color: Theme.outline
    }
    ListView {
        id: list

        anchors.fill: parent
        anchors.margins: Theme.gapSmall
        anchors.topMargin: Theme.gap
        boundsBehavior: Flickable.StopAtBounds
        clip: true
        spacing: 2
        model: side.pages
        currentIndex: side.current
        activeFocusOnTab: true
        focus: true
        Accessible.role: Accessible.PageTabList
        Accessible.name: qsTr("Pages")
        Keys.onUpPressed: side.chosen(Math.max(0, side.current - 1))
        Keys.onDownPressed: side.chosen(Math.min(count - 1, side.current + 1))

        delegate: T.TabButton {
            id: line

            required property int index
            required property var modelData
            readonly property bool taken: index === side.current

            width: ListView.view.width
            height: Math.max(Theme.control + 4, words.implicitHeight + Theme.gap)
            focusPolicy: Qt.NoFocus // the list has the keyboard
            text: line.modelData.title
            Accessible.name: text
            Accessible.selected: taken
            Accessible.focused: taken && list.activeFocus
            Accessible.onPressAction: side.chosen(line.index)
            checked: taken
            onClicked: {
                checked = Qt.binding(() => taken);
                side.chosen(line.index);
            }

            contentItem: null

            Item {
                anchors.fill: parent
                anchors.leftMargin: Theme.gap
                anchors.rightMargin: Theme.gap

                Glyph {
                    id: glyph

                    anchors {
                        left: parent.left
                        verticalCenter: parent.verticalCenter
                    }
                    symbol: line.modelData.symbol
                    color: line.taken ? Theme.accent : Theme.quiet
                }
                Text {
                    id: words

                    anchors {
                        left: glyph.right
                        leftMargin: Theme.gap
                        right: parent.right
                        verticalCenter: parent.verticalCenter
                    }
                    text: line.text
                    textFormat: Text.PlainText
                    horizontalAlignment: Text.AlignLeft
                    color: Theme.text
                    font.pixelSize: Theme.baseSize
                    font.weight: line.taken ? Font.DemiBold : Font.Normal
                    wrapMode: Text.Wrap
                    maximumLineCount: 2
                    elide: Text.ElideRight
                }
            }
            background: Rectangle {
                radius: Theme.radius
                color: line.taken ? Theme.pressed : line.hovered ? Theme.hover : "transparent"

                FocusRing {
                    visible: line.taken && list.activeFocus
                    gap: -1
                }
            }
        }
    }
}
