// SPDX-License-Identifier: GPL-3.0-or-later
// What lies over a card's screen while the pointer or the keyboard is on it.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Item {
    id: over

    required property CollectionActions actions
    required property string machine
    required property string name
    required property int runState
    required property string problem
    /// Work goes on for the machine: it can be used afterwards.
    required property bool busy
    /// Pause and the menu are shown too.
    required property bool everything
    /// The pointer is here: a live screen may be covered, the person is about to click.
    required property bool pointed
    readonly property bool failed: runState === LibraryModel.Failed || runState === LibraryModel.Broken

    Text { // why it failed
        anchors {
            left: parent.left
            right: parent.right
            top: parent.top
            bottom: main.top
            margins: Theme.gap
            bottomMargin: Theme.gapSmall
        }
        visible: over.failed
        text: over.problem
        textFormat: Text.PlainText
        color: "#f4efe8"
        font.pixelSize: Theme.smallSize
        lineHeight: 1.15
        wrapMode: Text.Wrap
        elide: Text.ElideRight
        horizontalAlignment: Text.AlignHCenter
        verticalAlignment: Text.AlignVCenter
    }
    CaseButton {
        id: main

        anchors.horizontalCenter: parent.horizontalCenter
        y: over.failed ? parent.height - height - Theme.gap : (parent.height - height) / 2
        symbol: over.actions.openSymbol(over.runState)
        text: over.actions.openText(over.runState)
        about: over.name
        worded: true
        visible: over.runState !== LibraryModel.Stopping && !over.busy
                 && (over.runState !== LibraryModel.Running || over.pointed || inside.hovered)
        onClicked: over.actions.desk.open(over.machine)
    }
    Row {
        anchors {
            right: parent.right
            top: parent.top
            margins: 6
        }
        spacing: 4
        visible: over.everything || inside.hovered

        CaseButton {
            visible: over.runState === LibraryModel.Running
            symbol: "pause"
            text: qsTr("Pause")
            about: over.name
            onClicked: over.actions.desk.pause(over.machine)
        }
        CaseButton {
            id: more

            symbol: "more"
            text: qsTr("More")
            about: over.name
            onClicked: over.actions.menuRequested(over.machine, more, 0, more.height + 4)
        }
    }
    HoverHandler {
        id: inside
    }
}
