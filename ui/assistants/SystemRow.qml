// SPDX-License-Identifier: GPL-3.0-or-later
// Which system the machine has, or will have, where nobody recognised it.
import QtQuick
import org.vitrine.components
import org.vitrine.models

SectionRow {
    id: row

    required property DraftModel draft

    title: qsTr("System")
    detail: qsTr("Memory and disk are proposed for it.")

    ActionButton {
        id: button

        text: row.draft.systemChosen ? row.draft.osText : qsTr("Choose…")
        Accessible.name: qsTr("Choose the system")
        Accessible.description: row.draft.osText
        onClicked: picker.open()

        SystemPicker {
            id: picker

            y: button.height + 4
            x: button.mirrored ? 0 : button.width - width
            draft: row.draft
        }
    }
}
