// SPDX-License-Identifier: GPL-3.0-or-later
// One disk: its size, more of it, and the way out.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

SectionRow {
    id: row

    required property PreferencesModel prefs
    required property int index
    required property string disk
    required property string file
    required property string size
    required property string onHost

    function grow() {
        problem = prefs.growDisk(disk, field.text);
        if (problem === "")
            growing = false;
    }
    property bool growing: false

    signal detachRequested

    separated: index > 0
    title: row.file
    detail: qsTr("%1. %2.").arg(row.size).arg(row.onHost)

    Row {
        spacing: Theme.gapSmall

        VField {
            id: field

            visible: row.growing
            width: 96
            label: qsTr("New size of %1").arg(row.file)
            problem: row.problem
            horizontalAlignment: TextInput.AlignHCenter
            onAccepted: row.grow()
            Keys.onEscapePressed: {
                row.growing = false;
                row.problem = "";
            }
        }
        ActionButton {
            enabled: row.prefs.running || !row.prefs.alive
            text: qsTr("Grow")
            Accessible.name: qsTr("Grow %1").arg(row.file)
            onClicked: {
                if (row.growing) {
                    row.grow();
                    return;
                }
                row.growing = true;
                field.text = row.size;
                field.forceActiveFocus(Qt.TabFocusReason);
                field.selectAll();
            }
        }
        BarButton {
            symbol: "trash"
            text: qsTr("Detach %1").arg(row.file)
            onClicked: row.detachRequested()
        }
    }
}
