// SPDX-License-Identifier: GPL-3.0-or-later
// Each control by mouse, keyboard and screen reader, both ways round, and while it is off.
import QtQuick
import QtTest
import org.vitrine.components

TestCase {
    id: test

    name: "Controls"
    width: 600
    height: 400
    visible: true
    when: windowShown

    component Spy: SignalSpy {}

    /// A control of its own for each case, and a spy on one of its signals.
    function made(component: Component, properties: var, signalName: string): var {
        const control = createTemporaryObject(component, test, properties);
        verify(control !== null);
        const spy = createTemporaryObject(spies, test, { target: control, signalName: signalName });
        verify(spy.valid, signalName);
        return { control: control, spy: spy };
    }

    Component {
        id: spies

        Spy {}
    }
    Component {
        id: switches

        VSwitch { label: "Switch" }
    }
    Component {
        id: checks

        VCheck { text: "Check" }
    }
    Component {
        id: segments

        VSegments {
            label: "Segments"
            words: ["One", "Two", "Three"]
        }
    }
    Component {
        id: combos

        VCombo { label: "Combo" }
    }
    Component {
        id: steppers

        VStepper { label: "Stepper"; from: 1; to: 8; value: 4 }
    }
    Component {
        id: sliders

        VSlider { label: "Slider"; from: 0; to: 10; stepSize: 1; value: 5 }
    }
    Component {
        id: fields

        VField { label: "Field" }
    }
    Component {
        id: passwords

        VPassword { label: "Password"; text: "secret" }
    }
    Component {
        id: buttons

        ActionButton { text: "Act" }
    }
    Component {
        id: bars

        VProgress { label: "Progress"; width: 100 }
    }
    Component {
        id: areas

        Column {
            property alias area: area
            property alias after: after

            VTextArea { id: area; label: "Area"; width: 300 }
            VField { id: after; label: "After" }
        }
    }

    function test_marks_data() {
        return [{ tag: "switch", component: switches }, { tag: "check", component: checks }];
    }

    /// Each way changes it once, and says so once.
    function test_marks(data) {
        const { control, spy } = made(data.component, {}, "toggled");
        mouseClick(control);
        verify(control.checked);
        compare(spy.count, 1);
        control.forceActiveFocus();
        keyClick(Qt.Key_Space);
        verify(!control.checked);
        compare(spy.count, 2);
        keyClick(Qt.Key_Return);
        verify(control.checked);
        compare(spy.count, 3);
        control.Accessible.toggleAction();
        verify(!control.checked);
        compare(spy.count, 4);
        control.Accessible.pressAction();
        verify(control.checked);
        compare(spy.count, 5);
        control.enabled = false;
        mouseClick(control);
        control.change();
        control.Accessible.toggleAction();
        verify(control.checked);
        compare(spy.count, 5);
    }

    function test_segments_mouse() {
        const { control, spy } = made(segments, {}, "chosen");
        mouseClick(control, control.width - 12);
        compare(spy.count, 1);
        compare(spy.signalArguments[0][0], 2);
        compare(control.current, 0); // whoever listens decides
    }

    function test_segments_keys_data() {
        return [{ tag: "left to right", mirrored: false, on: Qt.Key_Right, back: Qt.Key_Left },
                { tag: "right to left", mirrored: true, on: Qt.Key_Left, back: Qt.Key_Right }];
    }
    function test_segments_keys(data) {
        const { control, spy } = made(segments, { current: 1 }, "chosen");
        control.LayoutMirroring.enabled = data.mirrored;
        control.forceActiveFocus();
        keyClick(data.on);
        compare(spy.signalArguments[0][0], 2);
        control.current = 2;
        keyClick(data.on); // there is no further one
        compare(spy.count, 1);
        keyClick(data.back);
        compare(spy.signalArguments[1][0], 1);
    }

    function test_combo() {
        const { control, spy } = made(combos, { model: ["Red", "Green", "Blue"] }, "activated");
        control.forceActiveFocus();
        keyClick(Qt.Key_Return);
        tryVerify(() => control.popup.opened);
        keyClick(Qt.Key_Down);
        keyClick(Qt.Key_Down);
        keyClick(Qt.Key_Return);
        tryVerify(() => !control.popup.visible);
        compare(spy.count, 1);
        compare(control.currentText, "Blue");
        control.Accessible.pressAction();
        tryVerify(() => control.popup.opened);
        keyClick(Qt.Key_Up);
        keyClick(Qt.Key_Escape);
        tryVerify(() => !control.popup.visible);
        compare(control.currentText, "Blue"); // nothing was taken
        compare(spy.count, 1);
    }
    /// A list longer than its room is scrolled, not as high as the screen.
    function test_combo_long() {
        const { control } = made(combos, { model: 200 }, "activated");
        control.popup.open();
        tryVerify(() => control.popup.opened);
        verify(control.popup.height <= 320);
        verify(control.popup.contentItem.contentHeight > 320);
    }

    function test_stepper() {
        const { control, spy } = made(steppers, {}, "valueModified");
        mouseClick(control, control.width - 10);
        compare(control.value, 5);
        mouseClick(control, 10);
        mouseClick(control, 10);
        compare(control.value, 3);
        control.forceActiveFocus();
        keyClick(Qt.Key_Up);
        compare(control.value, 4);
        compare(spy.count, 4);
        for (let i = 0; i < 9; ++i)
            keyClick(Qt.Key_Up);
        compare(control.value, 8);
    }
    /// What is typed counts when it is a number within the bounds.
    function test_stepper_typed() {
        const { control } = made(steppers, {}, "valueModified");
        const input = control.contentItem;
        input.forceActiveFocus();
        input.selectAll();
        keyClick(Qt.Key_7);
        keyClick(Qt.Key_Return);
        compare(control.value, 7);
        input.selectAll();
        keyClick(Qt.Key_X);
        keyClick(Qt.Key_Return);
        compare(control.value, 7);
    }

    function test_slider_data() {
        return [{ tag: "left to right", mirrored: false, more: Qt.Key_Right }, { tag: "right to left", mirrored: true, more: Qt.Key_Left }];
    }
    function test_slider(data) {
        const { control, spy } = made(sliders, { width: 200 }, "moved");
        control.LayoutMirroring.enabled = data.mirrored;
        control.forceActiveFocus();
        keyClick(data.more);
        compare(control.value, 6);
        compare(spy.count, 1);
        const end = data.mirrored ? 12 : 188;
        mouseClick(control, end);
        compare(control.value, 10);
    }

    function test_field_says_what_is_wrong() {
        const { control } = made(fields, { problem: "Too short" }, "textEdited");
        compare(control.Accessible.name, "Field");
        compare(control.Accessible.description, "Too short");
        control.forceActiveFocus();
        keyClick(Qt.Key_A);
        compare(control.text, "a");
    }

    function test_password() {
        const { control } = made(passwords, { width: 200 }, "textEdited");
        verify(control.displayText.indexOf("secret") < 0);
        mouseClick(control, control.width - 10);
        compare(control.displayText, "secret");
        mouseClick(control, control.width - 10);
        verify(control.displayText.indexOf("secret") < 0);
        // By keyboard: the eye is the next stop of Tab.
        control.forceActiveFocus();
        keyClick(Qt.Key_Tab);
        keyClick(Qt.Key_Return);
        compare(control.displayText, "secret");
    }

    function test_button() {
        const { control, spy } = made(buttons, {}, "clicked");
        control.forceActiveFocus();
        keyClick(Qt.Key_Space);
        keyClick(Qt.Key_Return);
        keyClick(Qt.Key_Enter);
        mouseClick(control);
        control.Accessible.pressAction();
        compare(spy.count, 5);
        compare(control.Accessible.description, "");
        control.enabled = false;
        verify(control.Accessible.description !== "");
        mouseClick(control);
        control.Accessible.pressAction();
        compare(spy.count, 5);
    }

    function test_progress_data() {
        return [{ tag: "none", value: 0, width: 6 }, { tag: "half", value: 0.5, width: 50 }, { tag: "whole", value: 1, width: 100 },
                { tag: "too much", value: 7, width: 100 }, { tag: "unknown", value: -1, width: 30 }];
    }
    function test_progress(data) {
        const { control } = made(bars, { value: data.value }, "widthChanged");
        compare(control.children[0].width, data.width);
    }

    /// Tab leaves a text, as it leaves everything else.
    function test_area() {
        const made = createTemporaryObject(areas, test);
        const spy = createTemporaryObject(spies, test, { target: made.area, signalName: "edited" });
        made.area.text = "given";
        compare(spy.count, 0); // only what a person writes
        made.area.area.forceActiveFocus();
        keyClick(Qt.Key_X);
        compare(spy.count, 1);
        keyClick(Qt.Key_Tab);
        verify(made.after.activeFocus);
        compare(made.area.text.length, 6);
    }
}
