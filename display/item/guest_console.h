// SPDX-License-Identifier: GPL-3.0-or-later
// GuestConsole: the screen, keyboard and mouse of one machine in a form QML can hand on.
#pragma once

#include <QObject>
#include <QtQml/qqmlregistration.h>

#include "display/core/display_source.h"
#include "display/core/input_sinks.h"

namespace display::item {

/// Carries a machine's console to a DisplayItem. Owns nothing: source and sinks outlive it. GUI
/// thread.
class GuestConsole : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("A console comes from a machine")
public:
    GuestConsole(core::DisplaySource& source, core::KeyboardSink& keyboard,
                 core::PointerSink& pointer, QObject* parent = nullptr)
        : QObject(parent), m_source(source), m_keyboard(keyboard), m_pointer(pointer)
    {}
    ~GuestConsole() override;

    core::DisplaySource& source() const { return m_source; }
    core::KeyboardSink& keyboard() const { return m_keyboard; }
    core::PointerSink& pointer() const { return m_pointer; }

signals:
    /// It is about to be destroyed; whoever shows it stops now.
    void closing();

private:
    core::DisplaySource& m_source;
    core::KeyboardSink& m_keyboard;
    core::PointerSink& m_pointer;
};

} // namespace display::item
