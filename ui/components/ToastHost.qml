// SPDX-License-Identifier: GPL-3.0-or-later
// Sentences for the person at the lower edge, one below the other, gone after a while.
import QtQuick
import org.vitrine.theme

Item {
    id: host

    /// More at once would hide the guest; the oldest goes first.
    readonly property int most: 3
    readonly property int count: sentences.count
    /// What the buttons do, by ticket.
    property var deeds: ({})
    property int lastTicket: 0

    /// With `action`, a button that calls `deed` and takes the sentence away. What withdraw() wants.
    function show(sentence: string, action = "", deed = null): int {
        if (action === "" && sentences.count > 0
                && sentences.get(sentences.count - 1).sentence === sentence)
            return 0;
        ++lastTicket;
        deeds[lastTicket] = deed;
        sentences.append({ sentence: sentence, action: action, ticket: lastTicket });
        if (sentences.count > most)
            drop(0);
        return lastTicket;
    }

    /// Takes a sentence away that is still shown.
    function withdraw(ticket: int) {
        for (let i = 0; i < sentences.count; ++i) {
            if (sentences.get(i).ticket === ticket) {
                drop(i);
                return;
            }
        }
    }

    function drop(index: int) {
        delete deeds[sentences.get(index).ticket];
        sentences.remove(index);
    }

    function remove(toast: Item) {
        for (let i = 0; i < toasts.count; ++i) {
            if (toasts.itemAt(i) === toast) {
                drop(i);
                return;
            }
        }
    }

    function act(toast: Item, ticket: int) {
        const deed = deeds[ticket];
        remove(toast);
        if (deed)
            deed();
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
            delegate: Toast {
                id: toast

                required property int ticket
                required action

                onDismissed: host.remove(toast)
                onActed: host.act(toast, ticket)
            }
        }
    }
}
