// SPDX-License-Identifier: GPL-3.0-or-later
// A page of the preferences: scrolled, not wider than a line can be read.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Flickable {
    id: page

    required property PreferencesModel prefs
    required property LibraryController controller
    default property alias content: column.data
    readonly property int side: width < Theme.compact ? Theme.gap : Theme.gapLarge

    contentHeight: column.implicitHeight + 2 * Theme.gapLarge
    clip: true
    boundsBehavior: Flickable.StopAtBounds
    ScrollBar.vertical: VScrollBar {}

    Column {
        id: column

        x: Math.max(page.side, (page.width - width) / 2)
        y: Theme.gapLarge
        width: Math.min(page.width - 2 * page.side, 720)
        spacing: Theme.gapLarge
    }
}
