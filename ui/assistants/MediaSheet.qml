// SPDX-License-Identifier: GPL-3.0-or-later
// The media of one system: choosing one starts its download.
pragma ComponentBehavior: Bound

import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Sheet {
    id: sheet

    required property CatalogueModel catalogue

    title: catalogue.currentName
    onClosed: catalogue.current = -1

    Connections {
        target: sheet.catalogue

        function onCurrentChanged() {
            if (sheet.catalogue.current >= 0)
                sheet.open();
            else
                sheet.close();
        }
    }

    Section {
        explanation: qsTr("The download goes on in the background; the machine opens when it is done.")

        Repeater {
            model: sheet.catalogue.variants

            SectionRow {
                id: line

                required property int index
                required property string kindText
                required property string host

                required title
                separated: index > 0
                detail: qsTr("%1, from %2").arg(line.kindText).arg(line.host)

                ActionButton {
                    text: qsTr("Download")
                    prominent: line.index === 0
                    Accessible.name: qsTr("Download %1").arg(line.title)
                    onClicked: sheet.catalogue.choose(line.index)
                }
            }
        }
    }
}
