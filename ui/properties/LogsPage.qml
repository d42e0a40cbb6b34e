// SPDX-License-Identifier: GPL-3.0-or-later
// What the machine wrote about its last run.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Item {
    id: page

    required property PreferencesModel prefs
    required property LibraryController controller

    readonly property int side: width < Theme.compact ? Theme.gap : Theme.gapLarge

    Component.onCompleted: prefs.readLog()

    VTextArea {
        anchors {
            top: parent.top
            left: parent.left
            right: parent.right
            bottom: buttons.top
            margins: page.side
            bottomMargin: Theme.gap
        }
        label: qsTr("Log of the machine")
        readOnly: true
        fixedPitch: true
        wrapMode: TextEdit.Wrap
        text: page.prefs.logText
        placeholderText: qsTr("Nothing was written yet")
    }
    Row {
        id: buttons

        anchors {
            right: parent.right
            bottom: parent.bottom
            margins: page.side
        }
        spacing: Theme.gapSmall

        ActionButton {
            text: qsTr("Read again")
            onClicked: page.prefs.readLog()
        }
        ActionButton {
            text: qsTr("Copy")
            Accessible.name: qsTr("Copy the log")
            enabled: page.prefs.logText !== ""
            onClicked: page.prefs.copyText(page.prefs.logText)
        }
    }
}
