// SPDX-License-Identifier: GPL-3.0-or-later
// What an installer would ask, answered before it starts.
import QtQuick
import QtQuick.Layouts
import org.vitrine.components
import org.vitrine.models
import org.vitrine.theme

GridLayout {
    id: grid

    required property DraftModel draft
    /// The person has tried to go on: what is missing is said.
    property bool strict: false
    readonly property Item passwordField: password

    function said(problem: string, empty: bool): string {
        return strict || !empty ? problem : "";
    }

    columns: width >= 440 ? 2 : 1
    columnSpacing: Theme.gap
    rowSpacing: Theme.gap

    FieldRow {
        Layout.fillWidth: true
        Layout.preferredWidth: 1
        Layout.alignment: Qt.AlignTop
        title: qsTr("Full name")

        VField {
            width: parent.width
            label: qsTr("Full name")
            text: grid.draft.fullName
            onTextEdited: grid.draft.fullName = text
        }
    }
    FieldRow {
        Layout.fillWidth: true
        Layout.preferredWidth: 1
        Layout.alignment: Qt.AlignTop
        title: qsTr("User name")
        problem: grid.said(grid.draft.userProblem, grid.draft.user === "")

        VField {
            width: parent.width
            label: qsTr("User name")
            text: grid.draft.user
            problem: grid.said(grid.draft.userProblem, grid.draft.user === "")
            inputMethodHints: Qt.ImhNoAutoUppercase | Qt.ImhNoPredictiveText
            onTextEdited: grid.draft.user = text
        }
    }
    FieldRow {
        Layout.fillWidth: true
        Layout.preferredWidth: 1
        Layout.alignment: Qt.AlignTop
        title: qsTr("Password")
        problem: grid.said(grid.draft.passwordProblem, grid.draft.password === "")

        VPassword {
            id: password

            width: parent.width
            label: qsTr("Password")
            text: grid.draft.password
            problem: grid.said(grid.draft.passwordProblem, grid.draft.password === "")
            onTextEdited: grid.draft.password = text
        }
    }
    FieldRow {
        Layout.fillWidth: true
        Layout.preferredWidth: 1
        Layout.alignment: Qt.AlignTop
        title: qsTr("Language")

        VCombo {
            width: parent.width
            label: qsTr("Language")
            model: grid.draft.languages
            textRole: "text"
            currentIndex: grid.draft.languages.current
            onActivated: index => grid.draft.languages.current = index
        }
    }
    FieldRow {
        Layout.fillWidth: true
        Layout.preferredWidth: 1
        Layout.alignment: Qt.AlignTop
        title: qsTr("Keyboard")

        VCombo {
            width: parent.width
            label: qsTr("Keyboard")
            model: grid.draft.keyboards
            textRole: "text"
            currentIndex: grid.draft.keyboards.current
            onActivated: index => grid.draft.keyboards.current = index
        }
    }
    FieldRow {
        Layout.fillWidth: true
        Layout.preferredWidth: 1
        Layout.alignment: Qt.AlignTop
        title: qsTr("Time zone")

        VCombo {
            width: parent.width
            label: qsTr("Time zone")
            model: grid.draft.timeZones
            textRole: "text"
            currentIndex: grid.draft.timeZones.current
            onActivated: index => grid.draft.timeZones.current = index
        }
    }
    FieldRow {
        Layout.fillWidth: true
        Layout.columnSpan: grid.columns
        visible: grid.draft.needsProductKey
        title: qsTr("Product key")
        problem: grid.said(grid.draft.productKeyProblem, grid.draft.productKey === "")

        VField {
            width: parent.width
            label: qsTr("Product key")
            placeholderText: "XXXXX-XXXXX-XXXXX-XXXXX-XXXXX"
            text: grid.draft.productKey
            problem: grid.said(grid.draft.productKeyProblem, grid.draft.productKey === "")
            inputMethodHints: Qt.ImhUppercaseOnly | Qt.ImhNoPredictiveText
            onTextEdited: grid.draft.productKey = text
        }
    }
}
