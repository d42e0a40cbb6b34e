// SPDX-License-Identifier: GPL-3.0-or-later
// A machine's name, or the field to change it in place.
import QtQuick
import org.vitrine.components
import org.vitrine.theme

Item {
    id: edit

    required property string machine
    required property string name
    required property CollectionActions actions
    property int weight: Font.DemiBold
    /// The field is higher than the words; how far down it goes.
    property int fieldShift: 0
    readonly property bool editing: actions.renaming === machine

    implicitHeight: label.implicitHeight

    Text {
        id: label

        width: parent.width
        visible: !edit.editing
        text: edit.name
        textFormat: Text.PlainText
        color: Theme.text
        font.pixelSize: Theme.baseSize
        font.weight: edit.weight
        elide: Text.ElideRight
        maximumLineCount: 1
        horizontalAlignment: Text.AlignLeft
    }
    Loader {
        x: -Theme.gapSmall
        y: (edit.height - height) / 2 + edit.fieldShift
        width: parent.width + 2 * Theme.gapSmall
        active: edit.editing
        sourceComponent: VField {
            label: qsTr("New name of %1").arg(edit.name)
            text: edit.name
            maximumLength: 120
            Component.onCompleted: {
                selectAll();
                forceActiveFocus(Qt.OtherFocusReason);
            }
            onAccepted: edit.actions.finishRename(edit.machine, text)
            onActiveFocusChanged: {
                if (!activeFocus && edit.editing)
                    edit.actions.finishRename(edit.machine, text);
            }
            Keys.onEscapePressed: edit.actions.renaming = ""
            Keys.onPressed: event => {
                // The view's own keys must not move it while one writes.
                if ([Qt.Key_Up, Qt.Key_Down, Qt.Key_Delete, Qt.Key_Home, Qt.Key_End].includes(event.key))
                    event.accepted = event.key === Qt.Key_Up || event.key === Qt.Key_Down;
            }
        }
    }
}
