// SPDX-License-Identifier: GPL-3.0-or-later
// One line of text that nobody should read over a shoulder.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

VField {
    id: field

    echoMode: reveal.checked ? TextInput.Normal : TextInput.Password
    inputMethodHints: Qt.ImhSensitiveData | Qt.ImhNoPredictiveText | Qt.ImhNoAutoUppercase
    endPadding: Theme.control

    AbstractButton {
        id: reveal

        anchors.right: parent.right
        width: Theme.control
        height: Theme.control
        checkable: true
        Accessible.role: Accessible.CheckBox
        Accessible.name: qsTr("Show the password")
        Accessible.onPressAction: toggle()
        Accessible.onToggleAction: toggle()
        Keys.onReturnPressed: toggle()
        contentItem: Item {
            Glyph {
                anchors.centerIn: parent
                symbol: reveal.checked ? "eye-off" : "eye"
                color: reveal.hovered ? Theme.text : Theme.quiet
            }
        }
        background: Item {
            FocusRing {
                visible: reveal.visualFocus
                gap: -3
            }
        }
    }
}
