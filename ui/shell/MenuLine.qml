// SPDX-License-Identifier: GPL-3.0-or-later
// A quiet line between groups of a menu.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

MenuSeparator {
    topPadding: 5
    bottomPadding: 5
    leftPadding: Theme.gap
    rightPadding: Theme.gap
    contentItem: Rectangle {
        implicitHeight: Theme.line
        color: Theme.outline
    }
}
