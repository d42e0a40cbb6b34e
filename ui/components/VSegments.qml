// SPDX-License-Identifier: GPL-3.0-or-later
// A few choices side by side, one of them taken. With `symbols`, icons with the words as tooltips.
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import org.vitrine.theme

FocusScope {
    id: segments

    required property string label
    property list<string> words
    property list<string> symbols
    property int current: 0

    signal chosen(int index)

    function step(by: int) {
        const mirroredBy = LayoutMirroring.enabled ? -by : by;
        const next = Math.max(0, Math.min(words.length - 1, current + mirroredBy));
        const target = buttons.itemAt(next);
        if (next === current || target === null)
            return;
        target.forceActiveFocus(Qt.TabFocusReason);
        segments.chosen(next);
    }

    implicitWidth: row.implicitWidth + 6
    implicitHeight: Theme.control
    Accessible.role: Accessible.PageTabList
    Accessible.name: label
    Keys.onLeftPressed: step(-1)
    Keys.onRightPressed: step(1)

    Rectangle {
        anchors.fill: parent
        radius: Theme.radius
        color: Theme.track
        border.width: Theme.highContrast ? 2 : 0
        border.color: Theme.outline
    }
    Row {
        id: row

        x: 3
        y: 3

        Repeater {
            id: buttons

            model: segments.words.length

            T.RadioButton { // whose role screen readers are told: a plain button keeps its own
                id: button

                required property int index
                readonly property bool taken: index === segments.current
                readonly property string symbol: segments.symbols[index] ?? ""

                text: segments.words[index]
                implicitWidth: implicitContentWidth + leftPadding + rightPadding
                height: segments.height - 6
                leftPadding: symbol === "" ? Theme.gap : 9
                rightPadding: leftPadding
                focus: taken
                focusPolicy: taken ? Qt.StrongFocus : Qt.ClickFocus
                Accessible.name: text
                Accessible.onPressAction: clicked()
                Accessible.onToggleAction: clicked() // or the mark would move without a choice
                checked: taken
                onClicked: {
                    checked = Qt.binding(() => taken); // a choice may be refused
                    segments.chosen(index);
                }
                Keys.onReturnPressed: segments.chosen(index)

                contentItem: Item {
                    implicitWidth: button.symbol === "" ? words.implicitWidth : Theme.icon
                    implicitHeight: Theme.icon

                    Glyph {
                        anchors.centerIn: parent
                        visible: button.symbol !== ""
                        symbol: button.symbol === "" ? "check" : button.symbol
                        sourceSize.width: 18
                        sourceSize.height: 18
                        color: button.taken ? Theme.text : Theme.quiet
                    }
                    Text {
                        id: words

                        anchors.centerIn: parent
                        visible: button.symbol === ""
                        text: button.text
                        textFormat: Text.PlainText
                        color: button.taken ? Theme.text : Theme.quiet
                        font.pixelSize: Theme.smallSize
                        font.weight: Font.Medium
                    }
                }
                background: Rectangle {
                    radius: Theme.radius - 2
                    color: button.taken ? Theme.raised
                         : button.hovered ? Theme.hover : "transparent"

                    FocusRing {
                        visible: button.visualFocus
                        corner: Theme.radius - 2
                        gap: 2
                    }
                }
                Hint {
                    visible: button.symbol !== "" && button.hovered
                    text: button.text
                }
            }
        }
    }
}
