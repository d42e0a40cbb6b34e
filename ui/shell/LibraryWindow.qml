// SPDX-License-Identifier: GPL-3.0-or-later
// The window with all machines.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.collection
import org.vitrine.models
import org.vitrine.theme

ApplicationWindow {
    id: window

    required property LibraryDesk desk

    width: 1060
    height: 700
    minimumWidth: 360
    minimumHeight: 420
    visible: true
    color: Theme.surface
    title: qsTr("Vitrine")

    MachineGrid {
        anchors.fill: parent
        desk: window.desk
    }
}
