// SPDX-License-Identifier: GPL-3.0-or-later
// PreferencesModel: what can be set about one machine.
#pragma once

#include <functional>

#include <QObject>
#include <QPointer>
#include <QString>
#include <QTimer>
#include <QUrl>
#include <QtQml/qqmlregistration.h>

#include "ui/models/amount.h"
#include "ui/models/library_controller.h"
#include "ui/models/preferences_disks.h"
#include "ui/models/preferences_forwards.h"

namespace ui::models {

/// Each change is written at once (numbers a moment after the last step) through the controller,
/// which changes a running machine where it can; the rest waits for its next start. GUI thread.
class PreferencesModel : public QObject {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(ui::models::LibraryController* controller READ controller WRITE setController NOTIFY
                   targetChanged)
    Q_PROPERTY(QString machine READ machine WRITE setMachine NOTIFY targetChanged)
    /// The machine is there and its configuration can be read.
    Q_PROPERTY(bool valid READ valid NOTIFY changed)
    /// It is there, but as it is written it cannot be used: `problem` says why.
    Q_PROPERTY(bool broken READ broken NOTIFY changed)
    Q_PROPERTY(QString problem READ problem NOTIFY changed)
    Q_PROPERTY(QString name READ name NOTIFY changed)
    Q_PROPERTY(QString osText READ osText NOTIFY changed)
    Q_PROPERTY(QString osLogo READ osLogo NOTIFY changed)
    /// It runs, is paused or suspended: what it has now stays until it starts anew.
    Q_PROPERTY(bool alive READ alive NOTIFY changed)
    /// It runs now, so that there is something to measure.
    Q_PROPERTY(bool running READ running NOTIFY changed)
    /// "At next start" while it is alive, else empty.
    Q_PROPERTY(QString laterText READ laterText NOTIFY changed)

    // Resources.
    Q_PROPERTY(ui::models::Amount* memory READ memory CONSTANT)
    Q_PROPERTY(ui::models::Amount* cpus READ cpus CONSTANT)
    Q_PROPERTY(bool givesBack READ givesBack WRITE setGivesBack NOTIFY changed)
    Q_PROPERTY(ui::models::DiskList* disks READ disks CONSTANT)

    // Media.
    Q_PROPERTY(bool hasDrive READ hasDrive NOTIFY changed)
    Q_PROPERTY(QString mediumName READ mediumName NOTIFY changed)
    Q_PROPERTY(QUrl mediumFolder READ mediumFolder NOTIFY changed)

    // Network, of the first card.
    Q_PROPERTY(Network network READ network WRITE setNetwork NOTIFY changed)
    Q_PROPERTY(bool linkUp READ linkUp WRITE setLinkUp NOTIFY changed)
    Q_PROPERTY(bool restricted READ restricted WRITE setRestricted NOTIFY changed)
    Q_PROPERTY(QString passtSocket READ passtSocket NOTIFY changed)
    Q_PROPERTY(QString tapInterface READ tapInterface NOTIFY changed)
    Q_PROPERTY(QString macText READ macText NOTIFY changed)
    Q_PROPERTY(ui::models::ForwardList* forwards READ forwards CONSTANT)
    /// For the forward that leads to port 22 of the guest; empty: there is none.
    Q_PROPERTY(QString sshCommand READ sshCommand NOTIFY changed)

    // Devices.
    /// Who reads the machine's serial port.
    Q_PROPERTY(Serial serial READ serial WRITE setSerial NOTIFY changed)
    Q_PROPERTY(bool entropy READ entropy WRITE setEntropy NOTIFY changed)
    Q_PROPERTY(bool tellsCopies READ tellsCopies WRITE setTellsCopies NOTIFY changed)

    // Boot.
    Q_PROPERTY(Boot boot READ boot WRITE setBoot NOTIFY changed)
    Q_PROPERTY(Firmware firmware READ firmware WRITE setFirmware NOTIFY changed)
    /// The firmware's file, when it is the person's own.
    Q_PROPERTY(QString firmwareFile READ firmwareFile NOTIFY changed)
    Q_PROPERTY(QString kernel READ kernel WRITE setKernel NOTIFY changed)
    Q_PROPERTY(QString initrd READ initrd WRITE setInitrd NOTIFY changed)
    Q_PROPERTY(QString commandLine READ commandLine WRITE setCommandLine NOTIFY changed)

    // Closing.
    Q_PROPERTY(Closing closing READ closing WRITE setClosing NOTIFY changed)
    Q_PROPERTY(bool disposable READ disposable WRITE setDisposable NOTIFY changed)

    Q_PROPERTY(QString logText READ logText NOTIFY logChanged)
public:
    enum class Network { Nat, Tap, Passt, None };
    Q_ENUM(Network)
    enum class Serial { Nothing, Terminal, Other };
    Q_ENUM(Serial)
    enum class Boot { Cdrom, Disk, Menu };
    Q_ENUM(Boot)
    enum class Firmware { Bios, Uefi, Own };
    Q_ENUM(Firmware)
    enum class Closing { Keep, Suspend, ShutDown };
    Q_ENUM(Closing)

    explicit PreferencesModel(QObject* parent = nullptr);
    ~PreferencesModel() override;

    LibraryController* controller() const { return m_controller; }
    void setController(LibraryController* controller);
    QString machine() const { return m_machine; }
    void setMachine(const QString& machine);

    bool valid() const { return m_valid; }
    bool broken() const { return m_summary.state == MachineState::Broken; }
    QString problem() const { return m_summary.problem; }
    QString name() const { return m_summary.name; }
    QString osText() const { return m_summary.osName; }
    QString osLogo() const { return m_summary.osLogo; }
    bool alive() const;
    bool running() const;
    QString laterText() const;

    Amount* memory() { return &m_memory; }
    Amount* cpus() { return &m_cpus; }
    bool givesBack() const;
    void setGivesBack(bool givesBack);
    DiskList* disks() { return &m_disks; }

    bool hasDrive() const;
    QString mediumName() const;
    QUrl mediumFolder() const;

    Network network() const;
    void setNetwork(Network network);
    bool linkUp() const;
    void setLinkUp(bool up);
    bool restricted() const;
    void setRestricted(bool restricted);
    QString passtSocket() const;
    QString tapInterface() const;
    QString macText() const;
    ForwardList* forwards() { return &m_forwards; }
    QString sshCommand() const;

    Serial serial() const;
    void setSerial(Serial serial);
    bool entropy() const;
    void setEntropy(bool entropy);
    bool tellsCopies() const;
    void setTellsCopies(bool tells);

    Boot boot() const;
    void setBoot(Boot boot);
    Firmware firmware() const;
    void setFirmware(Firmware firmware);
    QString firmwareFile() const;
    QString kernel() const;
    void setKernel(const QString& file);
    QString initrd() const;
    void setInitrd(const QString& file);
    QString commandLine() const;
    void setCommandLine(const QString& line);

    Closing closing() const;
    void setClosing(Closing closing);
    bool disposable() const { return m_config.disposable; }
    void setDisposable(bool disposable);

    QString logText() const { return m_log; }

    /// An empty answer means that it was passed on; else it says what is wrong.
    Q_INVOKABLE QString addDisk(const QString& size);
    Q_INVOKABLE QString growDisk(const QString& disk, const QString& size);
    Q_INVOKABLE void detachDisk(const QString& disk);
    Q_INVOKABLE void insertMedium(const QUrl& file);
    Q_INVOKABLE void ejectMedium();
    /// The way to the world through passt's socket.
    Q_INVOKABLE void usePasst(const QUrl& socket);
    /// The way to the world through a tap interface that somebody made, such as "tap0".
    Q_INVOKABLE void useTap(const QString& interface);
    /// This computer's tap interfaces by their names, with the machine's own, whether it is there
    /// or not.
    Q_INVOKABLE QStringList tapInterfaces() const;
    /// As addDisk(). `others`: other computers may connect.
    Q_INVOKABLE QString addForward(const QString& hostPort, const QString& guestPort, bool udp,
                                   bool others);
    Q_INVOKABLE void removeForward(const QString& rule);
    Q_INVOKABLE void useFirmwareFile(const QUrl& file);
    Q_INVOKABLE void useKernelFile(const QUrl& file);
    Q_INVOKABLE void useInitrdFile(const QUrl& file);
    Q_INVOKABLE void readLog();
    Q_INVOKABLE void copyText(const QString& text) const;
    /// Writes numbers that were just stepped; before the page goes.
    Q_INVOKABLE void flush();

signals:
    void targetChanged();
    void changed();
    void logChanged();
    /// What became of the last change, in a sentence.
    void applied(const QString& sentence);

private:
    void takeChange(const QString& id);
    void takeNotice(const QString& sentence, const QString& id);
    void takeApplied(const QString& id, bool atNextStart);
    void reload();
    void showAmounts();
    void writeAmounts();
    void edit(const std::function<void(app::library::MachineConfig&)>& change);
    void editNic(const std::function<void(vmm::spec::NicSpec&)>& change);
    const vmm::spec::NicSpec* nic() const;
    const vmm::spec::DriveSpec* drive() const;

    QPointer<LibraryController> m_controller;
    QString m_machine;
    MachineSummary m_summary;
    app::library::MachineConfig m_config;
    bool m_valid = false;
    Amount m_memory;
    Amount m_cpus;
    DiskList m_disks;
    ForwardList m_forwards;
    QString m_log;
    int m_unanswered = 0; ///< changes the controller has not said anything about yet
    QTimer m_settle;      ///< runs while numbers are being stepped
};

} // namespace ui::models
