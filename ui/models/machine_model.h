// SPDX-License-Identifier: GPL-3.0-or-later
// MachineModel: one machine as the window's QML sees it.
#pragma once

#include <memory>

#include <QList>
#include <QObject>
#include <QString>
#include <QUrl>
#include <QtQml/qqmlregistration.h>

#include "display/item/guest_console.h"
#include "ui/models/machine_controller.h"

namespace ui::models {

/// State, words and commands of a machine for QML. Without a controller it shows that there is no
/// machine yet, or why there is none (setFailure). GUI thread. The controller, where there is one,
/// outlives it.
class MachineModel : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("The application makes the machine")
    Q_PROPERTY(QString name READ name NOTIFY nameChanged)
    Q_PROPERTY(State state READ state NOTIFY stateChanged)
    /// The state in the person's language: "Running".
    Q_PROPERTY(QString stateText READ stateText NOTIFY stateChanged)
    /// Whether commands make sense: there is a machine and it is not off.
    Q_PROPERTY(bool alive READ alive NOTIFY stateChanged)
    Q_PROPERTY(bool hasMedium READ hasMedium NOTIFY mediumChanged)
    /// File name of the medium in the CD-ROM drive, without its folder.
    Q_PROPERTY(QString mediumName READ mediumName NOTIFY mediumChanged)
    /// Where looking for disc images starts.
    Q_PROPERTY(QUrl discFolder READ discFolder CONSTANT)
    /// Why there is no machine: one sentence; empty when all is well.
    Q_PROPERTY(QString failure READ failure NOTIFY failureChanged)
    /// More about the failure for those who can use it; may be empty.
    Q_PROPERTY(QString failureDetails READ failureDetails NOTIFY failureChanged)
    Q_PROPERTY(display::item::GuestConsole* console READ console NOTIFY consoleChanged)
public:
    enum class State { Absent, Paused, Running, Suspended, Panicked, Stopped };
    Q_ENUM(State)

    explicit MachineModel(QObject* parent = nullptr);
    ~MachineModel() override;

    /// Gives the model its machine; null takes it away (before the controller is destroyed).
    void setController(MachineController* controller);
    /// The machine cannot start or go on: the window shows `sentence`, and `details` on request.
    void setFailure(const QString& sentence, const QString& details);

    QString name() const;
    State state() const;
    QString stateText() const;
    bool alive() const;
    bool hasMedium() const { return !mediumPath().isEmpty(); }
    QString mediumName() const;
    QUrl discFolder() const;
    QString failure() const { return m_failure; }
    QString failureDetails() const { return m_failureDetails; }
    display::item::GuestConsole* console() const { return m_console.get(); }

    /// Pauses a running machine, lets a paused one go on.
    Q_INVOKABLE void togglePause();
    Q_INVOKABLE void reset();
    /// Asks the guest to shut down.
    Q_INVOKABLE void shutDown();
    /// Takes the power away.
    Q_INVOKABLE void forceOff();
    /// Keys the host keeps for itself, as MachineController::sendKeys.
    Q_INVOKABLE void sendKeys(const QString& chord);
    /// Ctrl+Alt+F`number`, 1 to 12.
    Q_INVOKABLE void sendFunctionKey(int number);
    /// Saves the screen in the Pictures folder under a name that is free.
    Q_INVOKABLE void takeScreenshot();
    Q_INVOKABLE void insertMedium(const QUrl& file);
    Q_INVOKABLE void ejectMedium();
    /// Whether dropping `urls` inserts something: one local disc image.
    Q_INVOKABLE bool acceptsDrop(const QList<QUrl>& urls) const;
    /// Inserts what acceptsDrop() accepts; says why not otherwise.
    Q_INVOKABLE void drop(const QList<QUrl>& urls);

    /// The file a screenshot goes to: in `folder`, named after `machine` and the time, not there
    /// yet.
    static QString screenshotPath(const QString& folder, const QString& machine);

signals:
    void nameChanged();
    void stateChanged();
    void mediumChanged();
    void failureChanged();
    void consoleChanged();
    /// One sentence for the person.
    void notice(const QString& sentence);

private:
    QString mediumPath() const;

    MachineController* m_controller = nullptr;
    std::unique_ptr<display::item::GuestConsole> m_console;
    QString m_failure;
    QString m_failureDetails;
};

} // namespace ui::models
