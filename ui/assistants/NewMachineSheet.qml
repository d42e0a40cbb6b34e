// SPDX-License-Identifier: GPL-3.0-or-later
// What was dropped becomes a machine: filled in already, Enter starts it.
import QtQuick
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

Sheet {
    id: sheet

    required property DraftModel draft
    property bool strict: false

    /// Makes the machine, or shows what keeps it from being made.
    function create(start: bool) {
        strict = true;
        if (draft.create(start))
            return;
        if (draft.passwordProblem !== "")
            express.passwordField.forceActiveFocus(Qt.TabFocusReason);
    }

    title: draft.canTryLive || draft.canExpress || draft.sourceName !== "" ? draft.osText
                                                                          : qsTr("New machine")
    subtitle: draft.sourceName === "" ? draft.kindText
            : qsTr("%1, %2").arg(draft.kindText).arg(draft.sourceName)
    firstFocus: nameField
    onOpened: nameField.selectAll()
    onClosed: {
        if (draft.active)
            draft.cancel();
    }

    Connections {
        target: sheet.draft

        function onDraftChanged() {
            sheet.strict = false;
            if (!sheet.draft.active) {
                sheet.close();
                return;
            }
            sheet.open();
            nameField.forceActiveFocus(Qt.TabFocusReason);
            nameField.selectAll();
        }
    }
    Column {
        width: parent.width
        spacing: Theme.gapLarge
        // Fields let Enter pass; switches and lists keep it.
        Keys.onReturnPressed: sheet.create(true)
        Keys.onEnterPressed: sheet.create(true)

        Item {
            width: parent.width
            implicitHeight: Math.max(logo.height, nameRow.implicitHeight)

            Image {
                id: logo

                anchors.left: parent.left
                y: 4
                visible: sheet.draft.osLogo !== ""
                source: sheet.draft.osLogo
                width: 52
                height: 52
                sourceSize.width: 104
                sourceSize.height: 104
                fillMode: Image.PreserveAspectFit
                Accessible.ignored: true
            }
            FieldRow {
                id: nameRow

                anchors {
                    left: logo.visible ? logo.right : parent.left
                    leftMargin: logo.visible ? Theme.gap : 0
                    right: parent.right
                }
                title: qsTr("Name")
                problem: sheet.draft.nameProblem

                VField {
                    id: nameField

                    width: parent.width
                    label: qsTr("Name of the machine")
                    text: sheet.draft.name
                    problem: sheet.draft.nameProblem
                    onTextEdited: sheet.draft.name = text
                }
            }
        }

        Section {
            visible: sheet.draft.canTryLive || sheet.draft.canExpress

            SectionRow {
                visible: sheet.draft.canTryLive
                height: visible ? implicitHeight : 0
                title: qsTr("Just try it")
                detail: qsTr("Starts from the disc without a disk. The machine is gone when its window is closed, unless you keep it.")

                VSwitch {
                    label: qsTr("Just try it")
                    checked: sheet.draft.tryLive
                    onToggled: sheet.draft.tryLive = checked
                }
            }
            SectionRow {
                visible: sheet.draft.canExpress
                height: visible ? implicitHeight : 0
                enabled: sheet.draft.offersExpress
                title: qsTr("Express install")
                detail: qsTr("Answers the installer's questions for you; come back when it is done.")

                VSwitch {
                    label: qsTr("Express install")
                    checked: sheet.draft.express
                    onToggled: sheet.draft.express = checked
                }
            }
            Item {
                width: parent.width
                visible: sheet.draft.express
                implicitHeight: visible ? express.implicitHeight + 2 * Theme.gapSmall + Theme.gap : 0
                height: implicitHeight

                ExpressFields {
                    id: express

                    x: Theme.gap
                    y: Theme.gapSmall
                    width: parent.width - 2 * Theme.gap
                    draft: sheet.draft
                    strict: sheet.strict
                }
            }
        }

        Section {
            SystemRow {
                visible: sheet.draft.canChooseSystem
                height: visible ? implicitHeight : 0
                draft: sheet.draft
            }
            AmountRow {
                amount: sheet.draft.memory
            }
            AmountRow {
                amount: sheet.draft.cpus
            }
            AmountRow {
                visible: sheet.draft.makesDisk
                height: visible ? implicitHeight : 0
                amount: sheet.draft.disk
            }
            SectionRow {
                visible: sheet.draft.canChooseFirmware
                height: visible ? implicitHeight : 0
                title: qsTr("Firmware")

                VSegments {
                    label: qsTr("Firmware")
                    words: [qsTr("BIOS"), qsTr("UEFI")]
                    current: sheet.draft.uefi ? 1 : 0
                    onChosen: index => sheet.draft.uefi = index === 1
                }
            }
        }

        Text {
            width: parent.width
            visible: text !== ""
            text: sheet.draft.waitingText
            textFormat: Text.PlainText
            horizontalAlignment: Text.AlignLeft
            color: Theme.quiet
            font.pixelSize: Theme.smallSize
        }
    }

    actions: [
        ActionButton {
            visible: !sheet.draft.tryLive
            text: qsTr("Create")
            enabled: sheet.draft.problem === "" || !sheet.strict
            onClicked: sheet.create(false)
        },
        ActionButton {
            text: sheet.draft.startText
            prominent: true
            enabled: sheet.draft.problem === "" || !sheet.strict
            onClicked: sheet.create(true)
        }
    ]
}
