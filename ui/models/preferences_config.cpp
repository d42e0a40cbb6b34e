// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/preferences_config.h"

#include <QRegularExpression>

namespace ui::models {

ConfigEditor::ConfigEditor(QObject* parent) : QObject(parent)
{
    constexpr int kPauseOfTyping = 250; // milliseconds
    m_pause.setSingleShot(true);
    m_pause.setInterval(kPauseOfTyping);
    connect(&m_pause, &QTimer::timeout, this, &ConfigEditor::check);
}

void ConfigEditor::setController(LibraryController* controller)
{
    if (controller == m_controller)
        return;
    if (m_controller)
        disconnect(m_controller, nullptr, this, nullptr);
    m_controller = controller;
    if (controller) {
        connect(controller, &LibraryController::configTextChecked, this, &ConfigEditor::takeAnswer);
        connect(controller, &LibraryController::machineChanged, this, &ConfigEditor::takeChange);
    }
    revert();
    emit targetChanged();
}

void ConfigEditor::setMachine(const QString& machine)
{
    if (machine == m_machine)
        return;
    m_machine = machine;
    revert();
    emit targetChanged();
}

void ConfigEditor::setText(const QString& text)
{
    if (text == m_text)
        return;
    m_text = text;
    m_pause.start();
    emit textChanged();
}

int ConfigEditor::problemLine() const
{
    static const QRegularExpression kLine(QStringLiteral("\\bline (\\d{1,6})\\b"));
    return kLine.match(m_problem).captured(1).toInt();
}

void ConfigEditor::check()
{
    setProblem(m_controller && !m_machine.isEmpty()
                   ? m_controller->configTextProblem(m_machine, m_text)
                   : QString());
}

void ConfigEditor::setProblem(const QString& problem)
{
    if (problem == m_problem)
        return;
    m_problem = problem;
    emit problemChanged();
}

void ConfigEditor::save()
{
    if (!m_controller || !changed())
        return;
    m_pause.stop();
    m_saving = true;
    m_sent = m_text;
    m_controller->setConfigText(m_machine, m_sent);
}

void ConfigEditor::revert()
{
    m_pause.stop();
    m_written =
        m_controller && !m_machine.isEmpty() ? m_controller->configText(m_machine) : QString();
    m_text = m_written;
    m_overtaken = false;
    check(); // what is written may be wrong already
    emit textChanged();
}

void ConfigEditor::takeAnswer(const QString& id, const QString& problem)
{
    if (id != m_machine || !m_saving)
        return;
    m_saving = false;
    setProblem(problem);
    if (!problem.isEmpty())
        return;
    m_written = m_sent; // what was typed meanwhile is a change again
    m_overtaken = false;
    emit textChanged();
    emit saved();
}

void ConfigEditor::takeChange(const QString& id)
{
    if (id != m_machine || m_saving)
        return;
    const QString now = m_controller->configText(m_machine);
    if (now == m_written)
        return;
    if (!changed()) {
        revert();
        return;
    }
    m_written = now;
    m_overtaken = true; // what the person typed stays; saving replaces what came meanwhile
    emit textChanged();
}

} // namespace ui::models
