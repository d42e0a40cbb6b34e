// SPDX-License-Identifier: GPL-3.0-or-later
// The machines as cards, as many in a row as there is room for.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.theme

GridView {
    id: grid

    required property CollectionActions actions
    /// Larger windows have larger cards, not only more of them.
    readonly property real wanted: Math.max(Theme.cardLeast, Math.min(Theme.cardMost, width / 7))
    readonly property int columns: Math.max(1, Math.floor(width / (wanted + 2 * Theme.gapSmall)))
    readonly property int plinth: Math.round(Theme.baseSize * 1.35 + Theme.smallSize * 1.35) + 2 * Theme.gap + 5
    readonly property int firstVisible: Math.max(0, Math.floor(contentY / cellHeight)) * columns
    readonly property int lastVisible: Math.ceil((contentY + height) / cellHeight) * columns - 1

    leftMargin: Theme.gap
    rightMargin: Theme.gap
    topMargin: Theme.gapTiny
    bottomMargin: Theme.gapLarge
    cellWidth: Math.floor((width - leftMargin - rightMargin) / columns)
    cellHeight: Math.round((cellWidth - 4 * Theme.gapSmall) / Theme.pictureRatio) + plinth + 3 * Theme.gapSmall
    cacheBuffer: 0
    clip: true
    boundsBehavior: Flickable.StopAtBounds
    keyNavigationEnabled: true
    highlightFollowsCurrentItem: true
    highlightMoveDuration: 0
    activeFocusOnTab: true
    Accessible.role: Accessible.List
    Accessible.name: qsTr("Machines")
    ScrollBar.vertical: VScrollBar {}

    delegate: MachineCard {
        width: grid.cellWidth
        height: grid.cellHeight
        actions: grid.actions
        view: grid
    }
    moveDisplaced: Transition {
        NumberAnimation { properties: "x,y"; duration: Theme.calm; easing.type: Easing.OutCubic }
    }
    removeDisplaced: moveDisplaced
    addDisplaced: moveDisplaced
}
