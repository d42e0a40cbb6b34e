// SPDX-License-Identifier: GPL-3.0-or-later
// The machine's configuration as text, checked while it is typed.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Item {
    id: page

    required property PreferencesModel prefs
    required property LibraryController controller

    readonly property int side: width < Theme.compact ? Theme.gap : Theme.gapLarge

    readonly property string problem: editor.problem !== "" ? editor.problem
                                    : prefs.broken && !editor.changed ? prefs.problem : ""

    ConfigEditor {
        id: editor

        controller: page.controller
        machine: page.prefs.machine
        onTextChanged: {
            if (area.text !== text)
                area.text = text;
        }
    }

    VTextArea {
        id: area

        anchors {
            top: parent.top
            left: parent.left
            right: parent.right
            bottom: foot.top
            margins: page.side
            bottomMargin: Theme.gap
        }
        label: qsTr("Configuration of the machine")
        fixedPitch: true
        wrapMode: TextEdit.NoWrap
        onEdited: editor.text = text
        Component.onCompleted: text = editor.text
    }
    Item {
        id: foot

        /// The verdict lies beside the buttons where that leaves it a line, else above them.
        readonly property real beside: width - buttons.width - Theme.gap
        readonly property bool stacked: beside < 260

        anchors {
            left: parent.left
            right: parent.right
            bottom: parent.bottom
            margins: page.side
        }
        height: stacked ? said.height + Theme.gapSmall + buttons.height : Math.max(said.height, buttons.height)

        Row {
            id: said

            anchors { top: parent.top; left: parent.left }
            width: foot.stacked ? foot.width : foot.beside
            height: Math.max(foot.stacked ? 0 : Theme.control, verdict.implicitHeight)
            spacing: Theme.gapSmall

            Glyph {
                id: mark

                anchors.verticalCenter: parent.verticalCenter
                symbol: page.problem !== "" ? "warning" : editor.changed ? "info" : "check"
                color: page.problem !== "" ? Theme.bad : editor.changed ? Theme.accent : Theme.good
            }
            Text {
                id: verdict

                anchors.verticalCenter: parent.verticalCenter
                width: parent.width - mark.width - parent.spacing
                text: page.problem !== "" ? page.problem
                    : editor.overtaken ? qsTr("Somebody else changed it meanwhile. Saving replaces that; reverting shows it.")
                    : editor.changed ? qsTr("Changed. The old text is kept beside it when you save.")
                    : qsTr("Saved, and nothing is changed.")
                textFormat: Text.PlainText
                horizontalAlignment: Text.AlignLeft
                color: page.problem !== "" ? Theme.bad : Theme.quiet
                font.pixelSize: Theme.smallSize
                wrapMode: Text.Wrap
                Accessible.role: Accessible.Paragraph
                Accessible.name: text
            }
        }
        Row {
            id: buttons

            anchors { bottom: parent.bottom; right: parent.right }
            spacing: Theme.gapSmall

            ActionButton {
                text: qsTr("Revert")
                enabled: editor.changed
                onClicked: editor.revert()
            }
            ActionButton {
                text: qsTr("Save")
                prominent: true
                enabled: editor.changed && editor.problem === ""
                onClicked: editor.save()
            }
        }
    }
    Shortcut {
        sequences: ["Ctrl+S"]
        onActivated: editor.save()
    }
}
