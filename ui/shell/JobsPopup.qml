// SPDX-License-Identifier: GPL-3.0-or-later
// Imports, clones and downloads: how far they are, and a way to give them up.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Popup {
    id: popup

    required property JobModel jobs

    function popup(at: Item) {
        const place = at.mapToItem(parent, at.width, at.height + 6);
        x = Math.max(Theme.gapSmall, Math.min(place.x - width, parent.width - width - Theme.gapSmall));
        y = place.y;
        open();
    }

    width: Math.min(360, parent.width - 2 * Theme.gapSmall)
    padding: Theme.gap
    focus: true
    Component.onCompleted: contentItem.parent.Accessible.name = list.Accessible.name
    onOpened: list.forceActiveFocus(Qt.TabFocusReason)

    Connections {
        target: popup.jobs

        function onCountChanged() {
            if (popup.jobs.count === 0)
                popup.close();
        }
    }

    background: Rectangle {
        radius: Theme.radiusLarge
        color: Theme.raised
        border.width: Theme.line
        border.color: Theme.outline

        Shade {
            anchors.fill: parent
            z: -1
            radius: parent.radius
        }
    }
    contentItem: ListView {
        id: list

        implicitHeight: Math.min(contentHeight, 320)
        model: popup.jobs
        spacing: Theme.gapSmall
        clip: true
        activeFocusOnTab: true
        Accessible.role: Accessible.List
        Accessible.name: qsTr("Tasks under way")
        ScrollBar.vertical: VScrollBar {}

        delegate: Item {
            id: job

            required property string jobId
            required property string title
            required property real progress
            required property string percent

            width: ListView.view.width
            implicitHeight: 52
            Accessible.role: Accessible.ListItem
            Accessible.name: title
            Accessible.description: percent

            Text {
                id: words

                anchors {
                    left: parent.left
                    right: number.left
                    rightMargin: Theme.gapSmall
                    top: parent.top
                    topMargin: 6
                    leftMargin: 4
                }
                text: job.title
                textFormat: Text.PlainText
                color: Theme.text
                font.pixelSize: Theme.baseSize
                elide: Text.ElideMiddle
                horizontalAlignment: Text.AlignLeft
            }
            Text {
                id: number

                anchors {
                    right: cancel.left
                    rightMargin: Theme.gapSmall
                    baseline: words.baseline
                }
                text: job.percent
                textFormat: Text.PlainText
                color: Theme.quiet
                font.pixelSize: Theme.smallSize
            }
            VProgress {
                anchors {
                    left: words.left
                    right: number.right
                    top: words.bottom
                    topMargin: 8
                }
                value: job.progress
                label: job.title
            }
            BarButton {
                id: cancel

                anchors {
                    right: parent.right
                    verticalCenter: parent.verticalCenter
                }
                symbol: "close"
                text: qsTr("Cancel")
                Accessible.name: qsTr("Cancel: %1").arg(job.title)
                onClicked: popup.jobs.cancel(job.jobId)
            }
        }
    }
}
