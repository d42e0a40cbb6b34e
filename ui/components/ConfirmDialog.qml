// SPDX-License-Identifier: GPL-3.0-or-later
// Asks before something that loses work. The safe answer has the focus.
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import org.vitrine.theme

Popup {
    id: dialog

    property string question: ""
    property string explanation: ""
    property string action: ""

    signal confirmed

    anchors.centerIn: parent
    width: Math.min(460, (parent?.width ?? 460) - 2 * Theme.gapLarge)
    padding: Theme.gapLarge + 4
    modal: true
    focus: true
    Component.onCompleted: contentItem.parent.Accessible.name = Qt.binding(() => question)
    onOpened: cancel.forceActiveFocus(Qt.TabFocusReason)

    T.Overlay.modal: Rectangle {
        color: Theme.scrim
    }

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

    Column {
        width: parent.width
        spacing: Theme.gap

        Text {
            width: parent.width
            text: dialog.question
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Math.round(Theme.baseSize * 1.2)
            font.weight: Font.DemiBold
            wrapMode: Text.Wrap
            horizontalAlignment: Text.AlignLeft
        }
        Text {
            width: parent.width
            text: dialog.explanation
            textFormat: Text.PlainText
            color: Theme.quiet
            font.pixelSize: Theme.baseSize
            lineHeight: 1.25
            wrapMode: Text.Wrap
            horizontalAlignment: Text.AlignLeft
            bottomPadding: Theme.gapSmall
        }
        Flow { // long words go below one another in a narrow window
            width: parent.width
            spacing: Theme.gapSmall
            layoutDirection: Qt.RightToLeft

            ActionButton {
                id: confirm

                text: dialog.action
                dangerous: true
                KeyNavigation.left: cancel
                KeyNavigation.tab: cancel
                onClicked: {
                    dialog.close();
                    dialog.confirmed();
                }
            }
            ActionButton {
                id: cancel

                text: qsTr("Cancel")
                onClicked: dialog.close()
                KeyNavigation.right: confirm
                KeyNavigation.tab: confirm
            }
        }
    }
}
