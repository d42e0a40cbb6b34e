// SPDX-License-Identifier: GPL-3.0-or-later
// Says that something goes on, and how far it is; there only while it does.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

BarButton {
    id: button

    required property JobModel jobs

    visible: jobs.count > 0
    symbol: "download"
    text: qsTr("Tasks under way")

    VProgress {
        anchors {
            left: parent.left
            right: parent.right
            bottom: parent.bottom
            leftMargin: 7
            rightMargin: 7
            bottomMargin: 3
        }
        implicitHeight: 4
        value: button.jobs.progress
        label: button.text
    }
}
