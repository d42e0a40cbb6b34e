// SPDX-License-Identifier: GPL-3.0-or-later
// A page over the window: a title, what there is to fill in (scrolled when it is long), and buttons
// below. Fills small windows. Escape closes it.
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Layouts
import QtQuick.Templates as T
import org.vitrine.theme

Popup {
    id: sheet

    property string title: ""
    property string subtitle: ""
    /// Buttons at the lower edge, the most likely one last.
    property alias actions: actionRow.data
    default property alias page: column.data
    /// Where the keyboard starts; the first control when it is null.
    property Item firstFocus: null
    readonly property bool small: parent !== null && parent.width < width + 2 * Theme.gapLarge

    anchors.centerIn: parent
    width: Math.min(Theme.sheetWidth, parent?.width ?? Theme.sheetWidth)
    height: Math.min(implicitHeight, (parent?.height ?? 600) - (small ? 0 : 2 * Theme.gapLarge))
    padding: 0
    modal: true
    focus: true
    closePolicy: Popup.CloseOnEscape
    // The item around the content is the dialog that screen readers are told of.
    Component.onCompleted: contentItem.parent.Accessible.name = Qt.binding(() => title)
    onOpened: {
        const first = firstFocus ?? column.nextItemInFocusChain(true);
        // Where there is only the close button, nobody needs to see that it has the keyboard.
        first.forceActiveFocus(first === close ? Qt.PopupFocusReason : Qt.TabFocusReason);
    }

    enter: Transition {
        NumberAnimation { property: "opacity"; from: 0; to: 1; duration: Theme.quick }
    }
    exit: Transition {
        NumberAnimation { property: "opacity"; from: 1; to: 0; duration: Theme.quick }
    }
    T.Overlay.modal: Rectangle {
        color: Theme.scrim
    }
    background: Rectangle {
        radius: sheet.small ? 0 : Theme.radiusLarge
        color: Theme.surface
        border.width: sheet.small ? 0 : Theme.line
        border.color: Theme.outline

        Shade {
            anchors.fill: parent
            z: -1
            radius: parent.radius
        }
    }

    contentItem: ColumnLayout {
        spacing: 0

        Item {
            Layout.fillWidth: true
            implicitHeight: heading.implicitHeight + 2 * Theme.gap

            Column {
                id: heading

                anchors {
                    left: parent.left
                    leftMargin: Theme.gapLarge + 4
                    right: close.left
                    rightMargin: Theme.gap
                    verticalCenter: parent.verticalCenter
                }
                spacing: 2

                Text {
                    width: parent.width
                    topPadding: Theme.gapSmall
                    text: sheet.title
                    textFormat: Text.PlainText
                    color: Theme.text
                    font.pixelSize: Theme.leadSize
                    font.weight: Font.DemiBold
                    elide: Text.ElideRight
                    horizontalAlignment: Text.AlignLeft // mirrored with the window, whatever the title's letters
                    Accessible.role: Accessible.Heading
                    Accessible.name: text
                }
                Text {
                    width: parent.width
                    visible: text !== ""
                    text: sheet.subtitle
                    textFormat: Text.PlainText
                    color: Theme.quiet
                    font.pixelSize: Theme.smallSize
                    elide: Text.ElideMiddle
                    horizontalAlignment: Text.AlignLeft
                }
            }
            BarButton {
                id: close

                anchors {
                    right: parent.right
                    rightMargin: Theme.gap
                    top: parent.top
                    topMargin: Theme.gap
                }
                symbol: "close"
                text: qsTr("Close")
                shortcutText: qsTr("Esc")
                onClicked: sheet.close()
            }
        }
        Flickable {
            id: flick

            Layout.fillWidth: true
            Layout.fillHeight: true
            implicitHeight: contentHeight
            contentHeight: column.implicitHeight + 2 * Theme.gapSmall
            clip: true
            boundsBehavior: Flickable.StopAtBounds
            ScrollBar.vertical: VScrollBar {}

            Column {
                id: column

                x: Theme.gapLarge + 4
                y: Theme.gapSmall
                width: flick.width - 2 * (Theme.gapLarge + 4)
                spacing: Theme.gapLarge
            }
        }
        Rectangle {
            Layout.fillWidth: true
            visible: actionRow.children.length > 0
            implicitHeight: Theme.line
            color: Theme.outline
            opacity: flick.contentHeight > flick.height ? 1 : 0
        }
        Item {
            Layout.fillWidth: true
            visible: actionRow.children.length > 0
            implicitHeight: actionRow.implicitHeight + 2 * Theme.gapLarge - 8

            Flow { // long words go below one another in a small window
                id: actionRow

                /// As wide as all of them in one line.
                function whole(): real {
                    let sum = -spacing;
                    for (let i = 0; i < children.length; ++i)
                        sum += children[i].visible ? children[i].implicitWidth + spacing : 0;
                    return Math.max(0, sum);
                }

                width: Math.min(whole(), parent.width - 2 * (Theme.gapLarge + 4))
                anchors {
                    right: parent.right
                    rightMargin: Theme.gapLarge + 4
                    verticalCenter: parent.verticalCenter
                }
                spacing: Theme.gapSmall
            }
        }
        Item {
            visible: actionRow.children.length === 0
            implicitHeight: Theme.gapLarge
        }
    }
}
