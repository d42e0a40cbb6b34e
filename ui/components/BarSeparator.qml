// SPDX-License-Identifier: GPL-3.0-or-later
// A quiet line between groups of the toolbar.
import QtQuick
import org.vitrine.theme

Item {
    implicitWidth: Theme.gap + 1
    implicitHeight: Theme.control

    Rectangle {
        anchors.centerIn: parent
        width: Theme.line
        height: 20
        color: Theme.outline
    }
}
