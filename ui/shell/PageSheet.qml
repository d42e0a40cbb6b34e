// SPDX-License-Identifier: GPL-3.0-or-later
// Shows a page of another room over the window; fills small windows. Escape closes it.
import QtQuick
import QtQuick.Controls.Basic
import QtQuick.Templates as T
import org.vitrine.components
import org.vitrine.theme

Popup {
    id: sheet

    property string title: ""
    readonly property bool small: parent !== null && parent.width < 800
    /// What its page needs, so that a short one leaves no empty half.
    readonly property real wanted: (body.item as Flickable)?.contentHeight ?? 640

    function show(title: string, page: url, given: var) {
        sheet.title = title;
        body.setSource(page, given);
        open();
    }

    anchors.centerIn: parent
    width: small ? parent.width : 760
    height: small ? parent.height : Math.min(parent.height - 2 * Theme.gapLarge, 640, Math.max(320, body.anchors.topMargin + wanted + body.anchors.bottomMargin))
    padding: 0
    modal: true
    focus: true
    closePolicy: Popup.CloseOnEscape
    // The item around the content is the dialog that screen readers are told of.
    Component.onCompleted: contentItem.parent.Accessible.name = Qt.binding(() => title)
    onOpened: {
        body.forceActiveFocus(Qt.TabFocusReason);
        const taken = body.Window.activeFocusItem;
        if (taken === body || taken === body.item) // the page names no control to start with
            body.nextItemInFocusChain(true).forceActiveFocus(Qt.TabFocusReason);
    }
    onClosed: body.source = ""

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
    contentItem: Item {
        Text {
            anchors {
                left: parent.left
                right: close.left
                leftMargin: Theme.gapLarge + 4
                verticalCenter: close.verticalCenter
            }
            text: sheet.title
            textFormat: Text.PlainText
            color: Theme.text
            font.pixelSize: Theme.leadSize
            font.weight: Font.DemiBold
            elide: Text.ElideRight
            horizontalAlignment: Text.AlignLeft
            Accessible.role: Accessible.Heading
            Accessible.name: text
        }
        BarButton {
            id: close

            anchors {
                right: parent.right
                top: parent.top
                margins: Theme.gap
            }
            symbol: "close"
            text: qsTr("Close")
            shortcutText: qsTr("Esc")
            onClicked: sheet.close()
        }
        Loader {
            id: body

            anchors {
                fill: parent
                topMargin: close.height + Theme.gap + Theme.gapSmall
                bottomMargin: 1
            }
            focus: true
        }
        Connections {
            target: body.item
            ignoreUnknownSignals: true

            function onDone() { sheet.close(); }
        }
    }
}
