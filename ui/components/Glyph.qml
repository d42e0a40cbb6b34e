// SPDX-License-Identifier: GPL-3.0-or-later
// One of our icons in a colour of the theme. Decoration: what it means stands beside it.
import QtQuick
import QtQuick.Controls.impl
import org.vitrine.theme

IconImage {
    required property string symbol

    source: Theme.iconSource(symbol)
    sourceSize.width: Theme.icon
    sourceSize.height: Theme.icon
    color: Theme.text
}
