// SPDX-License-Identifier: GPL-3.0-or-later
// A machine's screen, or its cover with what it runs.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

LibraryPicture {
    id: screen

    required property int runState
    required property string osLogo
    property int mark: Theme.iconLarge
    /// A button lies where the mark of a cover would be.
    property bool covered: false

    radius: Theme.radius
    dimmed: blank || runState === LibraryModel.Running ? 0
          : runState === LibraryModel.Failed || runState === LibraryModel.Broken ? 0.72 : 0.45

    Loader {
        anchors.centerIn: parent
        active: screen.blank && !screen.covered
        sourceComponent: screen.osLogo !== "" ? logo : glyph
    }
    Component {
        id: logo

        Image {
            source: screen.osLogo
            sourceSize.width: screen.mark * 1.5
            sourceSize.height: screen.mark * 1.5
            asynchronous: true
        }
    }
    Component {
        id: glyph

        Glyph {
            symbol: "machine"
            color: "#d8ffffff"
            sourceSize.width: screen.mark
            sourceSize.height: screen.mark
        }
    }
}
