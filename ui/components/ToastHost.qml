// SPDX-License-Identifier: GPL-3.0-or-later
// Sentences for the person at the lower edge, one below the other, gone after a while.
import QtQuick
import org.vitrine.theme

Item {
    id: host

    /// More at once would hide the guest; the oldest goes first.
    readonly property int most: 3
    readonly property int count: sentences.count

    function show(sentence: string) {
        if (sentences.count > 0 && sentences.get(sentences.count - 1).sentence === sentence)
            return;
        sentences.append({ sentence: sentence });
        if (sentences.count > most)
            sentences.remove(0);
    }

    function remove(toast: Item) {
        for (let i = 0; i < toasts.count; ++i) {
            if (toasts.itemAt(i) === toast) {
                sentences.remove(i);
                return;
            }
        }
    }

    implicitHeight: column.implicitHeight

    ListModel {
        id: sentences
    }

    Column {
        id: column

        anchors.bottom: parent.bottom
        width: parent.width
        spacing: Theme.gapSmall

        Repeater {
            id: toasts

            model: sentences
            delegate: Toast {}
            onItemAdded: (index, item) => {
                const toast = item as Toast;
                toast.dismissed.connect(() => host.remove(toast));
            }
        }
    }
}
