// SPDX-License-Identifier: GPL-3.0-or-later
// Sentences for the person at the lower edge: one below the other, gone after a while.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

Item {
    id: host

    /// More at once would hide the guest; the oldest goes first.
    readonly property int most: 3
    readonly property int count: sentences.count

    implicitHeight: column.implicitHeight

    function show(sentence: string) {
        if (sentences.count > 0 && sentences.get(sentences.count - 1).sentence === sentence)
            return;
        sentences.append({ sentence: sentence });
        if (sentences.count > most)
            sentences.remove(0);
    }

    ListModel {
        id: sentences
    }

    Column {
        id: column

        anchors.bottom: parent.bottom
        anchors.horizontalCenter: parent.horizontalCenter
        spacing: Theme.gapSmall

        Repeater {
            model: sentences

            Rectangle {
                id: toast

                required property int index
                required property string sentence

                width: Math.min(host.width, label.implicitWidth + 88)
                height: Math.max(Theme.control + 8, label.contentHeight + 2 * Theme.gap)
                anchors.horizontalCenter: parent?.horizontalCenter
                radius: Theme.radiusLarge
                color: Theme.raised
                border.width: Theme.line
                border.color: Theme.outline
                Accessible.role: Accessible.AlertMessage
                Accessible.name: sentence

                Glyph {
                    id: glyph

                    anchors { left: parent.left; leftMargin: Theme.gap; verticalCenter: parent.verticalCenter }
                    symbol: "info"
                    color: Theme.accent
                }
                Text {
                    id: label

                    anchors { left: glyph.right; right: close.left; margins: Theme.gapSmall; verticalCenter: parent.verticalCenter }
                    text: toast.sentence
                    textFormat: Text.PlainText
                    wrapMode: Text.Wrap
                    maximumLineCount: 4
                    elide: Text.ElideRight
                    color: Theme.text
                    font.pixelSize: Theme.baseSize
                }
                BarButton {
                    id: close

                    anchors { right: parent.right; rightMargin: 4; verticalCenter: parent.verticalCenter }
                    symbol: "close"
                    text: qsTr("Dismiss")
                    onClicked: sentences.remove(toast.index)
                }
                HoverHandler {
                    id: reading
                }
                Timer {
                    interval: 4000 + toast.sentence.length * 50 // time to read it
                    running: !reading.hovered
                    onTriggered: sentences.remove(toast.index)
                }
            }
        }
    }
}
