// SPDX-License-Identifier: GPL-3.0-or-later
// Which groups a machine is in. Takes effect at once.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Sheet {
    id: sheet

    required property LibraryDesk desk
    property string machine: ""
    property string name: ""
    property var member: []

    function add() {
        desk.setInGroup(machine, field.text, true);
        member = desk.groupsOf(machine);
        field.clear();
    }

    width: Math.min(420, parent?.width ?? 420)
    title: qsTr("Groups")
    subtitle: name
    firstFocus: field
    onAboutToShow: member = desk.groupsOf(machine)

    Row {
        width: parent.width
        spacing: Theme.gapSmall

        VField {
            id: field

            width: parent.width - addButton.width - parent.spacing
            label: qsTr("New group")
            placeholderText: qsTr("New group")
            maximumLength: 60
            onAccepted: sheet.add()
        }
        ActionButton {
            id: addButton

            text: qsTr("Add")
            enabled: field.text.trim() !== ""
            onClicked: sheet.add()
        }
    }
    Column {
        width: parent.width

        Repeater {
            model: sheet.desk.machines.groups

            VCheck {
                required property string modelData

                width: parent?.width ?? 0
                text: modelData
                checked: sheet.member.includes(modelData)
                onToggled: {
                    sheet.desk.setInGroup(sheet.machine, modelData, checked);
                    sheet.member = sheet.desk.groupsOf(sheet.machine);
                }
            }
        }
    }
}
