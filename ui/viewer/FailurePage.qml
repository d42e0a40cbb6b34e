// SPDX-License-Identifier: GPL-3.0-or-later
// Why the machine is not there: one sentence, details on request, a way out.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.theme

MessagePage {
    id: page

    property string details: ""
    property bool canStartAfresh: false

    signal closeRequested
    signal startAfreshRequested

    symbol: "warning"
    tone: Theme.bad
    title: qsTr("The machine could not be started")
    onVisibleChanged: if (visible) close.forceActiveFocus()
    Keys.onEscapePressed: closeRequested()

    Row {
        anchors.horizontalCenter: parent.horizontalCenter
        spacing: Theme.gapSmall

        ActionButton {
            id: more

            text: details.visible ? qsTr("Hide details") : qsTr("Show details")
            visible: page.details !== ""
            onClicked: details.visible = !details.visible
            KeyNavigation.tab: afresh.visible ? afresh : close
        }
        ActionButton {
            id: afresh

            text: qsTr("Start afresh")
            visible: page.canStartAfresh
            Accessible.description: qsTr("What was suspended is given up")
            onClicked: page.startAfreshRequested()
            KeyNavigation.tab: close
        }
        ActionButton {
            id: close

            text: qsTr("Close")
            prominent: true
            onClicked: page.closeRequested()
            KeyNavigation.tab: more.visible ? more : afresh
        }
    }
    Rectangle {
        id: details

        width: parent.width
        height: Math.min(200, detailText.implicitHeight)
        visible: false
        radius: Theme.radius
        color: Theme.raised
        border.width: Theme.line
        border.color: Theme.outline

        ScrollView {
            anchors.fill: parent

            TextArea {
                id: detailText

                text: page.details
                textFormat: TextEdit.PlainText
                readOnly: true
                selectByMouse: true
                wrapMode: TextEdit.Wrap
                padding: Theme.gap
                color: Theme.text
                selectionColor: Theme.accent
                selectedTextColor: Theme.accentInk
                font.family: "monospace"
                font.pixelSize: Theme.smallSize
                Accessible.name: qsTr("Details")
            }
        }
    }
}
