// SPDX-License-Identifier: GPL-3.0-or-later
// Asks what becomes of a machine that was only meant to be tried. Keeping it has the focus.
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import org.vitrine.components
import org.vitrine.theme

Popup {
    id: dialog

    /// The machine is off already: there is no way back to it.
    property bool over: false

    signal keepRequested
    signal discardRequested

    anchors.centerIn: parent
    width: Math.min(460, (parent?.width ?? 460) - 2 * Theme.gapLarge)
    padding: Theme.gapLarge + 4
    modal: true
    focus: true
    closePolicy: over ? Popup.NoAutoClose : Popup.CloseOnEscape
    Component.onCompleted: contentItem.parent.Accessible.name = question.text
    onOpened: keep.forceActiveFocus(Qt.TabFocusReason)

    T.Overlay.modal: Rectangle {
        color: Theme.scrim
    }
    background: Rectangle {
        radius: Theme.radiusLarge
        color: Theme.raised
        border.width: Theme.line
        border.color: Theme.outline
    }

    Column {
        width: parent.width
        spacing: Theme.gap

        Text {
            id: question

            width: parent.width
            text: qsTr("Keep this machine?")
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.leadSize
            font.weight: Font.DemiBold
            wrapMode: Text.Wrap
        }
        Text {
            width: parent.width
            text: qsTr("It was started to try it, and is deleted unless you keep it.")
            textFormat: Text.PlainText
            color: Theme.quiet
            font.pixelSize: Theme.baseSize
            lineHeight: 1.25
            wrapMode: Text.Wrap
            bottomPadding: Theme.gapSmall
        }
        Flow {
            width: parent.width
            spacing: Theme.gapSmall
            layoutDirection: Qt.RightToLeft

            ActionButton {
                id: keep

                text: qsTr("Keep")
                prominent: true
                onClicked: {
                    dialog.close();
                    dialog.keepRequested();
                }
                KeyNavigation.tab: discard
                KeyNavigation.left: discard
            }
            ActionButton {
                id: discard

                text: qsTr("Delete")
                dangerous: true
                onClicked: {
                    dialog.close();
                    dialog.discardRequested();
                }
                KeyNavigation.tab: cancel.visible ? cancel : keep
                KeyNavigation.left: cancel.visible ? cancel : keep
                KeyNavigation.right: keep
            }
            ActionButton {
                id: cancel

                visible: !dialog.over
                text: qsTr("Cancel")
                onClicked: dialog.close()
                KeyNavigation.tab: keep
                KeyNavigation.right: discard
            }
        }
    }
}
