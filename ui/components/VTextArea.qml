// SPDX-License-Identifier: GPL-3.0-or-later
// Several lines of text, scrolled; Tab moves on.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

ScrollView {
    id: view

    required property string label
    property alias text: area.text
    property alias readOnly: area.readOnly
    property alias placeholderText: area.placeholderText
    property alias wrapMode: area.wrapMode
    property alias cursorPosition: area.cursorPosition
    property bool fixedPitch: false
    /// The edit control itself, for selections.
    readonly property TextArea area: area

    signal edited

    implicitHeight: 140
    implicitWidth: 260
    ScrollBar.vertical: VScrollBar {
        parent: view
        anchors { right: view.right; top: view.top; bottom: view.bottom; margins: 2 }
    }
    ScrollBar.horizontal: VScrollBar {
        parent: view
        anchors { left: view.left; right: view.right; bottom: view.bottom; margins: 2 }
    }

    TextArea {
        id: area

        padding: Theme.gap
        color: Theme.text
        placeholderTextColor: Theme.quiet
        selectionColor: Theme.accent
        selectedTextColor: Theme.accentInk
        textFormat: TextEdit.PlainText
        font.family: view.fixedPitch ? "monospace" : Application.font.family
        font.pixelSize: view.fixedPitch ? Theme.smallSize : Theme.baseSize
        selectByMouse: true
        KeyNavigation.priority: KeyNavigation.BeforeItem
        Accessible.name: view.label
        Keys.onTabPressed: event => {
            const next = area.nextItemInFocusChain(true);
            if (next !== null)
                next.forceActiveFocus(Qt.TabFocusReason);
        }
        onTextChanged: {
            if (activeFocus)
                view.edited();
        }
    }

    background: Rectangle {
        radius: Theme.radius
        color: Theme.field
        border.width: area.activeFocus ? Theme.focusLine : Theme.line
        border.color: area.activeFocus ? Theme.accent : Theme.outline
    }
}
