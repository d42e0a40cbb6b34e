// SPDX-License-Identifier: GPL-3.0-or-later
// DraftModel: the sheet of a machine that is about to be made.
#pragma once

#include <memory>

#include <QList>
#include <QObject>
#include <QPointer>
#include <QString>
#include <QUrl>
#include <QtQml/qqmlregistration.h>

#include "ui/models/amount.h"
#include "ui/models/choice_list.h"
#include "ui/models/library_controller.h"
#include "ui/models/system_list.h"

namespace ui::models {

/// Holds the drafts that the controller offers, one after the other, lets the person change the
/// first, checks each answer, and hands it back to become a machine. GUI thread.
class DraftModel : public QObject {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(ui::models::LibraryController* controller READ controller WRITE setController NOTIFY
                   controllerChanged)
    /// There is a draft to show.
    Q_PROPERTY(bool active READ active NOTIFY draftChanged)
    /// How many more wait behind it.
    Q_PROPERTY(int waiting READ waiting NOTIFY waitingChanged)
    /// "1 more file waits" or empty.
    Q_PROPERTY(QString waitingText READ waitingText NOTIFY waitingChanged)

    // What it is made of.
    Q_PROPERTY(QString sourceName READ sourceName NOTIFY draftChanged)
    /// "Debian 12", or that the system is not known.
    Q_PROPERTY(QString osText READ osText NOTIFY edited)
    Q_PROPERTY(QString osLogo READ osLogo NOTIFY edited)
    /// Nobody recognised the system, so the person may say which it is.
    Q_PROPERTY(bool canChooseSystem READ canChooseSystem NOTIFY draftChanged)
    Q_PROPERTY(bool systemChosen READ systemChosen NOTIFY edited)
    Q_PROPERTY(ui::models::SystemList* systems READ systems CONSTANT)
    /// "Installer", "Live system", "Disk image" ...
    Q_PROPERTY(QString kindText READ kindText NOTIFY draftChanged)

    // What it will be.
    Q_PROPERTY(QString name READ name WRITE setName NOTIFY edited)
    Q_PROPERTY(QString nameProblem READ nameProblem NOTIFY edited)
    Q_PROPERTY(ui::models::Amount* memory READ memory CONSTANT)
    Q_PROPERTY(ui::models::Amount* cpus READ cpus CONSTANT)
    Q_PROPERTY(ui::models::Amount* disk READ disk CONSTANT)
    /// A disk is to be made, so its size is asked for.
    Q_PROPERTY(bool makesDisk READ makesDisk NOTIFY edited)
    Q_PROPERTY(bool canChooseFirmware READ canChooseFirmware NOTIFY edited)
    Q_PROPERTY(bool uefi READ uefi WRITE setUefi NOTIFY edited)
    Q_PROPERTY(bool canTryLive READ canTryLive NOTIFY draftChanged)
    Q_PROPERTY(bool tryLive READ tryLive WRITE setTryLive NOTIFY edited)

    // Express install.
    Q_PROPERTY(bool canExpress READ canExpress NOTIFY draftChanged)
    /// It is possible with the answers so far: not while the system is only tried.
    Q_PROPERTY(bool offersExpress READ offersExpress NOTIFY edited)
    Q_PROPERTY(bool express READ express WRITE setExpress NOTIFY edited)
    Q_PROPERTY(QString user READ user WRITE setUser NOTIFY edited)
    Q_PROPERTY(QString userProblem READ userProblem NOTIFY edited)
    Q_PROPERTY(QString fullName READ fullName WRITE setFullName NOTIFY edited)
    Q_PROPERTY(QString password READ password WRITE setPassword NOTIFY edited)
    Q_PROPERTY(QString passwordProblem READ passwordProblem NOTIFY edited)
    Q_PROPERTY(bool needsProductKey READ needsProductKey NOTIFY draftChanged)
    Q_PROPERTY(QString productKey READ productKey WRITE setProductKey NOTIFY edited)
    Q_PROPERTY(QString productKeyProblem READ productKeyProblem NOTIFY edited)
    Q_PROPERTY(ui::models::ChoiceList* languages READ languages CONSTANT)
    Q_PROPERTY(ui::models::ChoiceList* keyboards READ keyboards CONSTANT)
    Q_PROPERTY(ui::models::ChoiceList* timeZones READ timeZones CONSTANT)

    /// The first thing that keeps the machine from being made; empty: nothing.
    Q_PROPERTY(QString problem READ problem NOTIFY edited)
    /// What "Create and start" does with this draft.
    Q_PROPERTY(QString startText READ startText NOTIFY edited)
public:
    explicit DraftModel(QObject* parent = nullptr);

    LibraryController* controller() const { return m_controller; }
    void setController(LibraryController* controller);

    bool active() const { return m_active; }
    int waiting() const { return static_cast<int>(m_queue.size()); }
    QString waitingText() const;

    QString sourceName() const { return m_draft.sourceName; }
    QString osText() const;
    QString osLogo() const { return m_draft.osLogo; }
    QString kindText() const;
    bool canChooseSystem() const { return m_canChooseSystem; }
    bool systemChosen() const { return !m_draft.osName.isEmpty(); }
    SystemList* systems() { return &m_systems; }

    QString name() const;
    void setName(const QString& name);
    QString nameProblem() const;
    Amount* memory() { return &m_memory; }
    Amount* cpus() { return &m_cpus; }
    Amount* disk() { return &m_disk; }
    bool makesDisk() const
    {
        return m_draft.diskBytes != 0 && !tryLive() && // an appliance's disks have their sizes
               m_draft.source != MachineDraft::Source::Appliance;
    }
    bool canChooseFirmware() const { return m_draft.canBios && m_draft.canUefi; }
    bool uefi() const;
    void setUefi(bool uefi);
    bool canTryLive() const { return m_draft.canTryLive; }
    bool tryLive() const { return m_draft.canTryLive && m_draft.tryLive; }
    void setTryLive(bool tryLive);

    bool canExpress() const { return m_draft.canExpress; }
    bool offersExpress() const { return m_draft.canExpress && !tryLive(); }
    bool express() const { return offersExpress() && m_draft.express; }
    void setExpress(bool express);
    QString user() const { return m_draft.user; }
    void setUser(const QString& user);
    QString userProblem() const;
    QString fullName() const { return m_draft.fullName; }
    void setFullName(const QString& name);
    QString password() const { return m_draft.password; }
    void setPassword(const QString& password);
    QString passwordProblem() const;
    bool needsProductKey() const { return m_draft.needsProductKey; }
    QString productKey() const { return m_draft.productKey; }
    void setProductKey(const QString& key);
    QString productKeyProblem() const;
    ChoiceList* languages() { return &m_languages; }
    ChoiceList* keyboards() { return &m_keyboards; }
    ChoiceList* timeZones() { return &m_timeZones; }

    QString problem() const;
    QString startText() const;

    /// The row `row` of systems() is what the machine has, or will have: its recommendations are
    /// filled in, a moment later.
    Q_INVOKABLE void chooseSystem(int row);
    /// A draft without a medium.
    Q_INVOKABLE void beginEmpty();
    /// Makes the machine and shows the next draft; false, and nothing happens, while there is a
    /// problem().
    Q_INVOKABLE bool create(bool start);
    /// Gives this draft up and shows the next.
    Q_INVOKABLE void cancel();

signals:
    void controllerChanged();
    /// Another draft is shown, or none.
    void draftChanged();
    void waitingChanged();
    void edited();

private:
    void add(const MachineDraft& draft);
    void showNext();
    void fillInSystem(const MachineDraft& draft);
    void fillPerson();
    void showAmounts();
    template <class T>
    void change(T& field, const T& value);

    QPointer<LibraryController> m_controller;
    QList<MachineDraft> m_queue;
    MachineDraft m_draft;
    bool m_active = false;
    bool m_canChooseSystem = false;
    int m_tickets = 0; ///< the last one given
    SystemList m_systems;
    Amount m_memory;
    Amount m_cpus;
    Amount m_disk;
    ChoiceList m_languages;
    ChoiceList m_keyboards;
    ChoiceList m_timeZones;
};

} // namespace ui::models
