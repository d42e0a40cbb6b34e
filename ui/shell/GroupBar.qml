// SPDX-License-Identifier: GPL-3.0-or-later
// The groups as chips; scrolls sideways where there are more than fit.
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

ListView {
    id: bar

    required property LibraryFilter machines

    implicitHeight: visible ? 42 : 0
    visible: machines.groups.length > 0
    orientation: ListView.Horizontal
    leftMargin: Theme.gapLarge
    rightMargin: Theme.gapLarge
    spacing: 6
    clip: true
    boundsBehavior: Flickable.StopAtBounds
    model: machines.choices
    currentIndex: machines.choice
    highlightMoveDuration: 0
    activeFocusOnTab: true
    Accessible.role: Accessible.List
    Accessible.name: qsTr("Groups")
    Keys.onLeftPressed: step(LayoutMirroring.enabled ? 1 : -1)
    Keys.onRightPressed: step(LayoutMirroring.enabled ? -1 : 1)

    function step(by: int) {
        machines.choice = Math.max(0, Math.min(count - 1, currentIndex + by));
    }

    delegate: T.RadioButton {
        id: chip

        required property string modelData
        readonly property bool taken: bar.machines.group === modelData

        y: 3
        height: 30
        implicitWidth: implicitContentWidth + leftPadding + rightPadding
        leftPadding: Theme.gap + 2
        rightPadding: Theme.gap + 2
        text: modelData === "" ? qsTr("All") : modelData
        focusPolicy: Qt.NoFocus // the bar has the focus, arrow keys choose
        Accessible.name: text
        Accessible.focused: taken && bar.activeFocus
        Accessible.onPressAction: clicked()
        Accessible.onToggleAction: clicked() // or the mark would move without a choice
        checked: taken
        onClicked: {
            checked = Qt.binding(() => taken);
            bar.machines.group = modelData;
        }

        contentItem: Text {
            text: chip.text
            textFormat: Text.PlainText
            color: chip.taken ? Theme.accent : Theme.quiet
            font.pixelSize: Theme.smallSize
            font.weight: Font.Medium
            verticalAlignment: Text.AlignVCenter
        }
        background: Rectangle {
            radius: height / 2
            color: chip.taken ? Theme.selected : chip.hovered ? Theme.hover : "transparent"
            border.width: chip.taken && bar.activeFocus ? Theme.focusLine : Theme.line
            border.color: chip.taken ? Theme.accent : Theme.outline
        }
    }
}
