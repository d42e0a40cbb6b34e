// SPDX-License-Identifier: GPL-3.0-or-later
// DemoMachine: a MachineController without a machine, with a test picture, that notes every call.
#pragma once

#include <vector>

#include <QStringList>

#include "ui/models/machine_controller.h"

namespace tests::ui {

/// A still picture that the test changes. Calls back on the caller's thread.
class DemoSource final : public display::core::DisplaySource {
public:
    void show(Notify notify) override;
    void hide() override { m_notify = nullptr; }
    void expectChange() override {}
    bool read(display::core::Want want, const Reader& reader) override;
    std::string text() const override { return screenText; }

    /// Shows `width` x `height` pixels of test picture.
    void setPicture(int width, int height);
    /// Fills `rect` with `colour` (0xffRRGGBB) and says so.
    void paint(const display::core::Rect& rect, uint32_t colour);
    bool shown() const { return m_notify != nullptr; }

    std::string screenText;
    int reads = 0;
    std::vector<display::core::Rect> lastDamage;

private:
    void tell();

    display::core::Frame m_frame;
    std::vector<display::core::Rect> m_damage;
    Notify m_notify;
};

/// Notes the keys it gets.
class DemoKeyboard final : public display::core::KeyboardSink {
public:
    void key(display::core::KeyEvent event) override { events.push_back(event); }
    uint8_t leds() const override { return 0; }
    std::vector<display::core::KeyEvent> events;
};

/// Notes what the mouse does.
class DemoPointer final : public display::core::PointerSink {
public:
    void move(int dx, int dy) override
    {
        x += dx;
        y += dy;
    }
    void button(display::core::PointerButton which, bool down) override
    {
        buttons.push_back({which, down});
    }
    void wheel(int detents) override { wheels += detents; }
    int x = 0;
    int y = 0;
    int wheels = 0;
    std::vector<std::pair<display::core::PointerButton, bool>> buttons;
};

/// A machine that does as it is told at once.
class DemoMachine final : public ::ui::models::MachineController {
    Q_OBJECT
public:
    using MachineController::MachineController;

    QString name() const override { return machineName; }
    QString runState() const override { return m_state; }
    QString medium() const override { return m_medium; }
    void pause() override { change(QStringLiteral("pause"), QStringLiteral("paused")); }
    void resume() override { change(QStringLiteral("resume"), QStringLiteral("running")); }
    void reset() override { calls << QStringLiteral("reset"); }
    void powerButton() override { calls << QStringLiteral("powerButton"); }
    void powerOff() override { change(QStringLiteral("powerOff"), QStringLiteral("stopped")); }
    void sendKeys(const QString& chord) override { calls << QStringLiteral("sendKeys ") + chord; }
    void screenshot(const QString& path) override;
    void insertMedium(const QString& path) override { setMedium(path); }
    void ejectMedium() override { setMedium(QString()); }
    void typeText(const QString& text) override { calls << QStringLiteral("type ") + text; }
    void cancelTyping() override { emit typingEnded({}); }
    void askOnClose() override { emit onCloseKnown(onClose); }
    bool canSuspend() const override { return true; }
    void suspend() override { calls << QStringLiteral("suspend"); }
    void cancelSuspend() override { calls << QStringLiteral("cancelSuspend"); }
    void keep() override
    {
        calls << QStringLiteral("keep");
        onClose = OnClose::Suspend;
        emit kept();
    }
    void discard() override { calls << QStringLiteral("discard"); }
    display::core::DisplaySource* display() override { return &source; }
    display::core::KeyboardSink* keyboard() override { return &keys; }
    display::core::PointerSink* pointer() override { return &mouse; }

    void setState(const QString& state);

    OnClose onClose = OnClose::AskToTurnOff;
    QString machineName = QStringLiteral("Demo");
    QStringList calls;
    DemoSource source;
    DemoKeyboard keys;
    DemoPointer mouse;

private:
    void change(const QString& call, const QString& state);
    void setMedium(const QString& path);

    QString m_state = QStringLiteral("running");
    QString m_medium;
};

} // namespace tests::ui
