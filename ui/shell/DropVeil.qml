// SPDX-License-Identifier: GPL-3.0-or-later
// Takes files and addresses dropped anywhere on the window, and says so while they hover.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

DropArea {
    id: area

    required property LibraryDesk desk
    property bool welcome: false
    /// All that hovers are machines of Vitrine, by their names.
    property bool machines: false

    /// Browsers give an address as a list or as text only.
    function offered(event: var): var {
        if (event.hasUrls)
            return event.urls;
        const address = event.hasText ? event.text.trim() : "";
        return /^https?:\/\/\S+$/.test(address) ? [Qt.resolvedUrl(address)] : [];
    }

    onEntered: drag => {
        const urls = offered(drag);
        welcome = desk.accepts(urls);
        machines = welcome && Array.from(urls).every(url => /\.vitrine(\.tar\.zst)?\/?$/.test(url.toString()));
        drag.accepted = welcome;
    }
    onDropped: drop => {
        const urls = offered(drop);
        drop.accepted = urls.length > 0;
        if (drop.accepted)
            desk.offer(urls);
    }

    Loader {
        anchors.fill: parent
        active: area.containsDrag && area.welcome
        sourceComponent: Rectangle {
            color: Qt.alpha(Theme.surface, 0.94)

            Rectangle {
                anchors.fill: parent
                anchors.margins: Theme.gap
                radius: Theme.radiusLarge + 4
                color: Theme.selected
                border.width: 3
                border.color: Theme.accent
            }
            Column {
                anchors.centerIn: parent
                width: parent.width - 4 * Theme.gapLarge
                spacing: Theme.gap

                Glyph {
                    anchors.horizontalCenter: parent.horizontalCenter
                    symbol: "insert"
                    color: Theme.accent
                    sourceSize.width: 56
                    sourceSize.height: 56
                }
                Text {
                    width: parent.width
                    text: area.machines ? qsTr("Drop to add it to the library") : qsTr("Drop to make a machine of it")
                    textFormat: Text.PlainText
                    color: Theme.text
                    font.pixelSize: Theme.titleSize
                    font.weight: Font.DemiBold
                    horizontalAlignment: Text.AlignHCenter
                    wrapMode: Text.Wrap
                    Accessible.role: Accessible.AlertMessage
                    Accessible.name: text
                }
            }
        }
    }
}
