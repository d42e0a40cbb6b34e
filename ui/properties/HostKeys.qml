// SPDX-License-Identifier: GPL-3.0-or-later
// Key combinations that stay with this computer while a guest has the keyboard.
pragma ComponentBehavior: Bound

import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Section {
    id: section

    required property AppPreferencesModel prefs
    property bool listening: false

    title: qsTr("Keys this computer keeps")
    explanation: qsTr("All other keys go to the machine while its window has the keyboard.")

    Repeater {
        model: section.prefs.hostKeys

        SectionRow {
            id: line

            required property int index
            required property string modelData

            separated: index > 0
            title: line.modelData

            BarButton {
                symbol: "trash"
                text: qsTr("Give %1 to machines").arg(line.modelData)
                onClicked: section.prefs.removeHostKey(line.modelData)
            }
        }
    }
    SectionRow {
        id: adder

        separated: section.prefs.hostKeys.length > 0
        title: section.listening ? qsTr("Press the keys") : qsTr("Another combination")
        detail: section.listening ? qsTr("Escape gives up") : ""

        ActionButton {
            id: button

            text: section.listening ? qsTr("Cancel") : qsTr("Add")
            Accessible.name: section.listening ? qsTr("Cancel") : qsTr("Add a combination of keys")
            onClicked: {
                section.listening = !section.listening;
                adder.problem = "";
            }
            onActiveFocusChanged: {
                if (!activeFocus)
                    section.listening = false;
            }
            Keys.priority: Keys.BeforeItem
            Keys.onShortcutOverride: event => event.accepted = section.listening
            Keys.onPressed: event => {
                if (!section.listening)
                    return;
                event.accepted = true;
                const keys = AppPreferencesModel.keysText(event.key, event.modifiers);
                if (keys === "")
                    return;
                section.listening = false;
                if (event.key !== Qt.Key_Escape)
                    adder.problem = section.prefs.addHostKey(keys);
            }
        }
    }
}
