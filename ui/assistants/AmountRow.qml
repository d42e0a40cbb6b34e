// SPDX-License-Identifier: GPL-3.0-or-later
// Memory, processors or a disk's size in a Section: a slider, and a field that takes "4 GiB".
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Item {
    id: row

    required property Amount amount
    /// Beside the title: when a change takes effect.
    property string when: ""
    property bool separated: y > 0
    readonly property string trouble: amount.problem !== "" ? amount.problem : amount.warning

    width: parent?.width ?? 0
    implicitHeight: column.implicitHeight + 2 * Theme.gap

    Rectangle {
        x: Theme.gap
        width: parent.width - 2 * Theme.gap
        height: Theme.line
        visible: row.separated
        color: Theme.outline
        opacity: Theme.highContrast ? 1 : 0.7
    }
    Column {
        id: column

        x: Theme.gap
        y: Theme.gap - 2
        width: parent.width - 2 * Theme.gap
        spacing: Theme.gapTiny

        Item {
            width: parent.width
            implicitHeight: title.implicitHeight

            Text {
                id: title

                anchors.left: parent.left
                text: row.amount.title
                textFormat: Text.PlainText
                color: Theme.text
                font.pixelSize: Theme.baseSize
            }
            Text {
                anchors {
                    left: title.right
                    leftMargin: Theme.gap
                    right: parent.right
                    baseline: title.baseline
                }
                horizontalAlignment: Text.AlignRight
                text: row.when
                textFormat: Text.PlainText
                color: Theme.quiet
                font.pixelSize: Theme.smallSize
                elide: Text.ElideRight
            }
        }
        Item {
            width: parent.width
            implicitHeight: Theme.control

            VSlider {
                id: slider

                anchors {
                    left: parent.left
                    right: field.left
                    rightMargin: Theme.gap
                }
                label: row.amount.title
                valueText: row.amount.text
                value: row.amount.position
                onMoved: {
                    row.amount.setPosition(visualPosition >= 0 ? value : 0);
                    value = Qt.binding(() => row.amount.position);
                }
                Keys.onLeftPressed: row.amount.step(mirrored ? 1 : -1)
                Keys.onRightPressed: row.amount.step(mirrored ? -1 : 1)
                Keys.onUpPressed: row.amount.step(1)
                Keys.onDownPressed: row.amount.step(-1)

                Rectangle { // the recommendation
                    readonly property real share: slider.mirrored ? 1 - row.amount.recommendedPosition
                                                                  : row.amount.recommendedPosition

                    visible: row.amount.recommendedPosition >= 0
                    x: 10 + share * (slider.availableWidth - 20) - 1
                    y: slider.height - 7
                    width: 2
                    height: 5
                    radius: 1
                    color: Theme.quiet
                }
            }
            VField {
                id: field

                anchors.right: parent.right
                width: Math.min(108, row.width * 0.36)
                label: qsTr("%1, typed").arg(row.amount.title)
                text: row.amount.text
                problem: row.amount.problem
                horizontalAlignment: TextInput.AlignHCenter
                onEditingFinished: row.amount.type(text)

                Connections {
                    target: row.amount

                    function onChanged() {
                        field.text = row.amount.text;
                    }
                }
            }
        }
        Text {
            width: parent.width
            visible: text !== ""
            text: row.trouble !== "" ? row.trouble : row.amount.hint
            textFormat: Text.PlainText
            horizontalAlignment: Text.AlignLeft
            color: row.amount.problem !== "" ? Theme.bad
                 : row.amount.warning !== "" ? Theme.waiting : Theme.quiet
            font.pixelSize: Theme.smallSize
            wrapMode: Text.Wrap
        }
    }
}
