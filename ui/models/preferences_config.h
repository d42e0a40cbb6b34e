// SPDX-License-Identifier: GPL-3.0-or-later
// ConfigEditor: a machine's configuration as text.
#pragma once

#include <QObject>
#include <QPointer>
#include <QTimer>
#include <QtQml/qqmlregistration.h>

#include "ui/models/library_controller.h"

namespace ui::models {

/// The text as the person edits it; checked a moment after each change, written by save() only.
/// GUI thread.
class ConfigEditor : public QObject {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(ui::models::LibraryController* controller READ controller WRITE setController NOTIFY
                   targetChanged)
    Q_PROPERTY(QString machine READ machine WRITE setMachine NOTIFY targetChanged)
    Q_PROPERTY(QString text READ text WRITE setText NOTIFY textChanged)
    /// It differs from what is written.
    Q_PROPERTY(bool changed READ changed NOTIFY textChanged)
    /// What is wrong with it; empty: nothing, or not checked yet.
    Q_PROPERTY(QString problem READ problem NOTIFY problemChanged)
    /// The line of the problem, from 1 up; 0: none.
    Q_PROPERTY(int problemLine READ problemLine NOTIFY problemChanged)
    /// Somebody else wrote the configuration meanwhile.
    Q_PROPERTY(bool overtaken READ overtaken NOTIFY textChanged)
public:
    explicit ConfigEditor(QObject* parent = nullptr);

    LibraryController* controller() const { return m_controller; }
    void setController(LibraryController* controller);
    QString machine() const { return m_machine; }
    void setMachine(const QString& machine);
    QString text() const { return m_text; }
    void setText(const QString& text);
    bool changed() const { return m_text != m_written; }
    QString problem() const { return m_problem; }
    int problemLine() const;
    bool overtaken() const { return m_overtaken; }

    /// Writes the text; saved() or problem() follows.
    Q_INVOKABLE void save();
    /// Takes what is written now.
    Q_INVOKABLE void revert();

signals:
    void targetChanged();
    void textChanged();
    void problemChanged();
    void saved();

private:
    void check();
    void setProblem(const QString& problem);
    void takeAnswer(const QString& id, const QString& problem);
    void takeChange(const QString& id);

    QPointer<LibraryController> m_controller;
    QString m_machine;
    QString m_text;
    QString m_written;
    QString m_sent; ///< what save() handed over
    QString m_problem;
    bool m_overtaken = false;
    bool m_saving = false;
    QTimer m_pause;
};

} // namespace ui::models
