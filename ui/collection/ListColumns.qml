// SPDX-License-Identifier: GPL-3.0-or-later
// How wide the columns of the list are, and which of them there is room for.
import QtQuick
import org.vitrine.theme

QtObject {
    required property real rowWidth
    readonly property bool wide: rowWidth >= 700
    readonly property bool veryWide: rowWidth >= 940
    /// The state stands below the name instead of in a column.
    readonly property bool narrow: rowWidth < 520
    readonly property int picture: 77
    readonly property int system: 160
    readonly property int status: narrow ? 0 : 172
    readonly property int size: 76
    readonly property int used: 132
    readonly property real rest: status + 2 * Theme.gapSmall + Theme.control
                                 + (wide ? system + used + 2 * Theme.gap : 0)
                                 + (veryWide ? 2 * (size + Theme.gap) : 0)
    readonly property real name: rowWidth - picture - 3 * Theme.gap - rest
}
