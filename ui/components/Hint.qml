// SPDX-License-Identifier: GPL-3.0-or-later
// A tooltip in the house's look. It goes when its button is pressed: what opens then is not to lie below it.
import QtQuick
import QtQuick.Controls.Basic
import org.vitrine.theme

ToolTip {
    id: tip

    delay: 500

    Connections {
        target: tip.parent
        ignoreUnknownSignals: true

        function onPressed() { tip.close(); }
    }

    padding: 7
    leftPadding: Theme.gap
    rightPadding: Theme.gap
    contentItem: Text {
        text: tip.text
        textFormat: Text.PlainText
        color: Theme.text
        font.pixelSize: Theme.smallSize
        wrapMode: Text.Wrap
    }
    background: Rectangle {
        radius: 6
        color: Theme.raised
        border.width: Theme.line
        border.color: Theme.outline
    }
}
