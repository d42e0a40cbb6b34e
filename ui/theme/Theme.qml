// SPDX-License-Identifier: GPL-3.0-or-later
// Design tokens: colours for light, dark and high contrast, spacing, type and motion.
pragma Singleton

import QtQuick
import org.vitrine.models

QtObject {
    id: theme

    readonly property AppearanceModel appearance: AppearanceModel {}
    readonly property bool dark: appearance.dark
    readonly property bool highContrast: appearance.highContrast

    // Surfaces, from the back to the front.
    readonly property color canvas: highContrast ? "#000000" : dark ? "#0e1114" : "#22272c"
    readonly property color surface: pick("#f8f6f3", "#1a1e22", "#ffffff", "#000000")
    readonly property color raised: pick("#ffffff", "#242a2f", "#ffffff", "#000000")
    readonly property color hover: pick("#ebe7e1", "#2a3036", "#e0e0e0", "#303030")
    readonly property color pressed: pick("#e4ded6", "#343b42", "#c8c8c8", "#484848")
    readonly property color outline: pick("#ddd6cc", "#333a41", "#000000", "#ffffff")
    readonly property color field: pick("#ffffff", "#14181b", "#ffffff", "#000000")
    readonly property color track: pick("#e6e0d8", "#353c43", "#c8c8c8", "#484848")
    readonly property color selected: pick("#d9ebe7", "#1e3f3c", "#c9dcff", "#123a44")
    /// Under what floats; drawn some times over itself (Shade).
    readonly property color shade: highContrast ? "#00000000" : dark ? "#1e000000" : "#0c2a2118"
    readonly property color scrim: dark ? "#99000000" : "#80101418"

    // What is written on them, with 4.5 times their brightness at least (WCAG 2.1, 1.4.3; theme_test).
    readonly property color text: pick("#22282d", "#eceae6", "#000000", "#ffffff")
    readonly property color quiet: pick("#5a6168", "#a9afb4", "#000000", "#ffffff")
    readonly property color accent: pick("#0a6e64", "#55c9ba", "#00429d", "#7fe9ff")
    readonly property color accentInk: pick("#ffffff", "#06241f", "#ffffff", "#000000")
    readonly property color good: pick("#0e7041", "#5fd08c", "#004d1a", "#7dff9a")
    readonly property color waiting: pick("#885600", "#edb550", "#5c3a00", "#ffe066")
    readonly property color bad: pick("#b3261e", "#ff8f85", "#8b0000", "#ff9d9d")

    // Lengths are multiples of four logical pixels.
    readonly property int gapTiny: 4
    readonly property int gapSmall: 8
    readonly property int gap: 12
    readonly property int gapLarge: 20
    readonly property int radius: 8
    readonly property int radiusLarge: 14
    readonly property int control: 36
    readonly property int icon: 20
    readonly property int bar: 48
    readonly property int controlSmall: 28
    readonly property int iconSmall: 16
    readonly property int iconLarge: 40
    readonly property int line: highContrast ? 2 : 1
    readonly property int focusLine: highContrast ? 3 : 2

    // Sizes follow the person's own font.
    readonly property real baseSize: Math.max(appearance.fontPixelSize, 13)
    readonly property real smallSize: Math.round(baseSize * 0.9)
    readonly property real leadSize: Math.round(baseSize * 1.2)
    readonly property real titleSize: Math.round(baseSize * 1.55)
    readonly property real displaySize: Math.round(baseSize * 1.9)

    // The collection. Cards grow with their column between these; below `compact` the window has
    // one column and a header of icons.
    readonly property int compact: 560
    readonly property int cardLeast: 236
    readonly property int cardMost: 360
    readonly property real pictureRatio: 16 / 10
    readonly property int sheetWidth: 560

    // Milliseconds; nothing moves for those who do not want it.
    readonly property int quick: appearance.reducedMotion ? 0 : 120
    readonly property int calm: appearance.reducedMotion ? 0 : 220

    function pick(light: string, night: string, contrastLight: string, contrastNight: string): color {
        if (highContrast)
            return dark ? contrastNight : contrastLight;
        return dark ? night : light;
    }

    function iconSource(name: string): url {
        return "qrc:/org/vitrine/icons/" + name + ".svg";
    }
}
