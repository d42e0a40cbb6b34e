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
    Flow {
        id: foot

        anchors {
            left: parent.left
            right: parent.right
            bottom: parent.bottom
            margins: page.side
        }
        spacing: Theme.gapSmall

        Row {
            width: Math.max(220, foot.width - revert.width - save.width - 2 * foot.spacing)
            height: Math.max(Theme.control, verdict.implicitHeight)
            spacing: Theme.gapSmall

            Glyph {
                id: mark

                anchors.verticalCenter: parent.verticalCenter
                symbol: editor.problem !== "" ? "warning" : editor.changed ? "info" : "check"
                color: editor.problem !== "" ? Theme.bad : editor.changed ? Theme.accent : Theme.good
            }
            Text {
                id: verdict

                anchors.verticalCenter: parent.verticalCenter
                width: parent.width - mark.width - parent.spacing
                text: editor.problem !== "" ? editor.problem
                    : editor.overtaken ? qsTr("Somebody else changed it meanwhile. Saving replaces that; reverting shows it.")
                    : editor.changed ? qsTr("Changed. The old text is kept beside it when you save.")
                    : qsTr("Saved, and nothing is changed.")
                textFormat: Text.PlainText
                horizontalAlignment: Text.AlignLeft
                color: editor.problem !== "" ? Theme.bad : Theme.quiet
                font.pixelSize: Theme.smallSize
                wrapMode: Text.Wrap
                Accessible.role: Accessible.StaticText
                Accessible.focusable: false
                Accessible.name: text
            }
        }
        ActionButton {
            id: revert

            text: qsTr("Revert")
            enabled: editor.changed
            onClicked: editor.revert()
        }
        ActionButton {
            id: save

            text: qsTr("Save")
            prominent: true
            enabled: editor.changed && editor.problem === ""
            onClicked: editor.save()
        }
    }
    Shortcut {
        sequences: ["Ctrl+S"]
        onActivated: editor.save()
    }
}
