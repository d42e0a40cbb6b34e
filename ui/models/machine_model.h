// SPDX-License-Identifier: GPL-3.0-or-later
// MachineModel: one machine as the window's QML sees it.
#pragma once

#include <memory>

#include <QList>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QTimer>
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
    /// The machine cannot go on from its suspended state, but could start afresh.
    Q_PROPERTY(bool canStartAfresh READ canStartAfresh NOTIFY failureChanged)
    Q_PROPERTY(display::item::GuestConsole* console READ console NOTIFY consoleChanged)
    /// It can be saved for its next start.
    Q_PROPERTY(bool canSuspend READ canSuspend NOTIFY stateChanged)
    /// What ends the machine at the moment.
    Q_PROPERTY(Ending ending READ ending NOTIFY endingChanged)
    /// 0 to 1 while it is being suspended.
    Q_PROPERTY(qreal suspendProgress READ suspendProgress NOTIFY endingChanged)
    /// Chords the desktop keeps: "Alt+Tab". The list `keyboard/kept` of the file
    /// $XDG_CONFIG_HOME/vitrine/vitrine.ini; none unless said.
    Q_PROPERTY(QStringList keptChords READ keptChords NOTIFY keptChordsChanged)
    /// Text of the person's is being typed.
    Q_PROPERTY(bool typing READ typing NOTIFY typingChanged)
public:
    enum class State { Absent, Paused, Running, Suspended, Panicked, Stopped };
    Q_ENUM(State)
    /// Suspending: its state is being written. ShuttingDown: the guest was asked to.
    /// DoesNotReact: it was asked a while ago.
    enum class Ending { No, Suspending, ShuttingDown, DoesNotReact };
    Q_ENUM(Ending)

    explicit MachineModel(QObject* parent = nullptr);
    ~MachineModel() override;

    /// Gives the model its machine; null takes it away (before the controller is destroyed).
    void setController(MachineController* controller);
    /// What it is called while it has no controller.
    void setName(const QString& name);
    /// The machine cannot start or go on: the window shows `sentence`, and `details` on request.
    void setFailure(const QString& sentence, const QString& details, bool canStartAfresh = false);
    /// The machine is being suspended (by whomever), or is not any more.
    void setSuspending(bool active);
    /// A disposable machine is over: asks whether it is to be kept.
    void askToKeep() { emit keepQuestion(true); }

    QString name() const;
    State state() const;
    QString stateText() const;
    bool alive() const;
    bool hasMedium() const { return !mediumPath().isEmpty(); }
    QString mediumName() const;
    QUrl discFolder() const;
    QString failure() const { return m_failure; }
    QString failureDetails() const { return m_failureDetails; }
    bool canStartAfresh() const { return m_canStartAfresh; }
    display::item::GuestConsole* console() const { return m_console.get(); }
    bool canSuspend() const { return alive() && m_controller->canSuspend(); }
    Ending ending() const { return m_ending; }
    qreal suspendProgress() const { return m_suspendPercent / 100.0; }
    QStringList keptChords() const { return m_keptChords; }
    bool typing() const { return m_typing; }

    /// Reads keptChords anew: the person may have changed them in another window. When ours has the
    /// focus again is soon enough.
    Q_INVOKABLE void readKeptChords();
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
    /// The window is to be closed: what has to happen follows by the signals. True: it may close
    /// at once.
    Q_INVOKABLE bool requestClose();
    Q_INVOKABLE void suspend();
    Q_INVOKABLE void cancelSuspend();
    /// Stops waiting for the guest to shut down; the window stays.
    Q_INVOKABLE void stayOpen();
    /// A disposable machine stays in the library, and is closed as others are.
    Q_INVOKABLE void keep();
    Q_INVOKABLE void discard();
    /// Starts without what was suspended.
    Q_INVOKABLE void startAfresh();
    /// Types the clipboard's text on the guest's keyboard (US layout).
    Q_INVOKABLE void typeClipboard();
    Q_INVOKABLE void cancelTyping();
    /// How long the guest may take to shut down before the person is asked, in milliseconds.
    void setPatience(int milliseconds) { m_patience.setInterval(milliseconds); }
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
    void endingChanged();
    void typingChanged();
    void keptChordsChanged();
    /// Closing turns the machine off: is that wanted?
    void turnOffQuestion();
    /// Is the disposable machine to be kept? `over`: it is off already.
    void keepQuestion(bool over);
    /// The window goes, the machine stays.
    void hideRequested();
    /// The window is wanted in front.
    void presentRequested();
    void startAfreshRequested();
    /// One sentence for the person.
    void notice(const QString& sentence);

private:
    QString mediumPath() const;
    void connectController();
    void closeAs(MachineController::OnClose what);
    void shutDownToClose();
    void setEnding(Ending ending, int percent = 0);
    void setTyping(bool typing);

    MachineController* m_controller = nullptr;
    std::unique_ptr<display::item::GuestConsole> m_console;
    QString m_name;
    QStringList m_keptChords;
    QString m_failure;
    QString m_failureDetails;
    bool m_canStartAfresh = false;
    bool m_typing = false;
    bool m_closing = false; // keep() goes on with closing
    Ending m_ending = Ending::No;
    int m_suspendPercent = 0;
    QTimer m_patience;
};

} // namespace ui::models
