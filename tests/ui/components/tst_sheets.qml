// SPDX-License-Identifier: GPL-3.0-or-later
// What opens over a window: it takes the keyboard (that it gives it back is tried in real windows: e2e.library_accessible), and takes
// nobody's words for markup.
import QtQuick
import QtTest
import org.vitrine.components

TestCase {
    id: test

    name: "Sheets"
    width: 640
    height: 480
    visible: true
    when: windowShown

    Component {
        id: spies

        SignalSpy {}
    }
    Component {
        id: places

        FocusScope {
            property alias before: before
            property alias sheet: sheet
            property alias name: name
            property alias confirm: confirm
            property alias toasts: toasts

            anchors.fill: parent

            ActionButton { id: before; text: "Before" }
            Sheet {
                id: sheet

                title: "A sheet"
                firstFocus: name
                actions: ActionButton { text: "Done"; onClicked: sheet.close() }

                VField { id: name; label: "Name"; width: parent.width }
                Item { width: 10; height: 900 }
            }
            ConfirmDialog {
                id: confirm

                question: "Delete <b>this</b>?"
                explanation: "<img src='http://127.0.0.1:9/x.png'>It is gone then."
                action: "Delete"
            }
            ToastHost {
                id: toasts

                anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
            }
        }
    }

    function place(): Item {
        const made = createTemporaryObject(places, test);
        verify(made !== null);
        made.before.forceActiveFocus();
        verify(made.before.activeFocus);
        return made;
    }

    /// Of everything below `item`, what `wanted` says yes to.
    function within(item: Item, wanted: var): list<Item> {
        let found = wanted(item) ? [item] : [];
        for (let i = 0; i < item.children.length; ++i)
            found = found.concat(within(item.children[i], wanted));
        return found;
    }

    function texts(item: Item): list<Item> {
        return within(item, one => one.textFormat !== undefined && one.wrapMode !== undefined);
    }

    function test_sheet_keyboard() {
        const made = place();
        made.sheet.open();
        tryVerify(() => made.sheet.opened);
        tryVerify(() => made.name.activeFocus);
        // Tab goes round inside.
        for (let i = 0; i < 5; ++i) {
            keyClick(Qt.Key_Tab);
            verify(!made.before.activeFocus);
        }
        keyClick(Qt.Key_Escape);
        tryVerify(() => !made.sheet.visible);
    }

    /// Longer than the window: scrolled, with title and buttons in sight.
    function test_sheet_fits() {
        const made = place();
        made.sheet.open();
        tryVerify(() => made.sheet.opened);
        verify(made.sheet.height <= test.height, `${made.sheet.height}`);
        const done = within(made.sheet.contentItem, one => one.text === "Done")[0];
        const at = done.mapToItem(null, 0, done.height);
        verify(at.y <= test.height, `${at.y}`);
    }

    function test_confirm() {
        const made = place();
        const confirmed = createTemporaryObject(spies, test, { target: made.confirm, signalName: "confirmed" });
        made.confirm.open();
        tryVerify(() => made.confirm.opened);
        keyClick(Qt.Key_Return); // the safe answer has the keyboard
        tryVerify(() => !made.confirm.visible);
        compare(confirmed.count, 0);
        made.confirm.open();
        tryVerify(() => made.confirm.opened);
        keyClick(Qt.Key_Tab);
        keyClick(Qt.Key_Return);
        tryVerify(() => !made.confirm.visible);
        compare(confirmed.count, 1);
    }

    /// A machine's name may come from somebody else.
    function test_confirm_is_plain() {
        const made = place();
        made.confirm.open();
        tryVerify(() => made.confirm.opened);
        const seen = texts(made.confirm.contentItem);
        verify(seen.length >= 2);
        for (const one of seen)
            compare(one.textFormat, Text.PlainText, one.text);
    }

    function test_toasts() {
        const made = place();
        let done = 0;
        const ticket = made.toasts.show("<i>Moved</i> to the trash", "Undo", () => ++done);
        verify(ticket > 0);
        compare(made.toasts.show("Copied"), ticket + 1);
        compare(made.toasts.show("Copied"), 0); // said already
        compare(made.toasts.count, 2);
        for (const one of texts(made.toasts))
            compare(one.textFormat, Text.PlainText, one.text);
        const undo = within(made.toasts, one => one.text === "Undo" && one.clicked !== undefined)[0];
        mouseClick(undo);
        compare(done, 1);
        compare(made.toasts.count, 1);
        made.toasts.withdraw(ticket + 1);
        compare(made.toasts.count, 0);
    }
    /// What is said while a sheet is open stands there when the sheet has gone.
    function test_toasts_below_a_sheet() {
        const made = place();
        made.toasts.show("Refused");
        const toast = within(made.toasts, one => one.leaving !== undefined)[0];
        verify(toast.leaving);
        made.sheet.open();
        tryVerify(() => made.sheet.opened);
        verify(!toast.leaving);
        made.sheet.close();
        tryVerify(() => toast.leaving);
    }
    /// The oldest goes when there are too many, and what its button would have done with it.
    function test_toasts_most() {
        const made = place();
        for (let i = 0; i < 5; ++i)
            made.toasts.show(`Sentence ${i}`, "Undo", () => {});
        compare(made.toasts.count, made.toasts.most);
        compare(Object.keys(made.toasts.deeds).length, made.toasts.most);
    }
}
