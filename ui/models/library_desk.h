// SPDX-License-Identifier: GPL-3.0-or-later
// LibraryDesk: everything the library's window binds to and can ask for.
#pragma once

#include <memory>

#include <QObject>
#include <QSettings>
#include <QSize>
#include <QtQml/qqmlregistration.h>

#include "ui/models/draft_model.h"
#include "ui/models/job_model.h"
#include "ui/models/library_filter.h"
#include "ui/models/library_model.h"

namespace ui::models {

/// The library for QML: the lists, and the person's commands handed to the controller. GUI thread.
/// Owned by LibraryWindow; the controller outlives it.
class LibraryDesk : public QObject {
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("The application makes it")
    Q_PROPERTY(ui::models::LibraryFilter* machines READ machines CONSTANT)
    Q_PROPERTY(ui::models::JobModel* jobs READ jobs CONSTANT)
    /// For the sheets' and preferences' own models.
    Q_PROPERTY(ui::models::LibraryController* controller READ controller CONSTANT)
    /// The machine that is about to be made, and what waits behind it.
    Q_PROPERTY(ui::models::DraftModel* draft READ draft CONSTANT)
    /// Version of the program.
    Q_PROPERTY(QString version READ version CONSTANT)
    /// How the person left the window; kept from one start to the next.
    Q_PROPERTY(bool asList READ asList WRITE setAsList NOTIFY asListChanged)
    Q_PROPERTY(QSize windowSize READ windowSize WRITE setWindowSize NOTIFY windowSizeChanged)
    /// Where the first dialog for a file starts.
    Q_PROPERTY(QUrl downloadFolder READ downloadFolder CONSTANT)
    Q_PROPERTY(QUrl homeFolder READ homeFolder CONSTANT)
public:
    /// `memory`: the file that keeps how the window was left; empty: nothing is kept. Whatever
    /// stands in it, the window comes up.
    explicit LibraryDesk(LibraryController& controller, const QString& memory = {},
                         QObject* parent = nullptr);
    ~LibraryDesk() override;

    LibraryFilter* machines() { return &m_filter; }
    JobModel* jobs() { return &m_jobs; }
    bool asList() const { return m_asList; }
    void setAsList(bool asList);
    /// Empty: never left yet.
    QSize windowSize() const { return m_windowSize; }
    void setWindowSize(QSize size);
    QString version() const;
    QUrl downloadFolder() const;
    QUrl homeFolder() const;
    LibraryController* controller() { return &m_controller; }
    DraftModel* draft() { return &m_draft; }

    // To a machine; ids that are gone are ignored by the controller.
    /// A broken one is not started: mendRequested() follows.
    Q_INVOKABLE void open(const QString& id);
    Q_INVOKABLE void pause(const QString& id) { m_controller.pause(id); }
    Q_INVOKABLE void resume(const QString& id) { m_controller.resume(id); }
    Q_INVOKABLE void restart(const QString& id) { m_controller.restart(id); }
    Q_INVOKABLE void suspend(const QString& id) { m_controller.suspend(id); }
    Q_INVOKABLE void shutDown(const QString& id) { m_controller.shutDown(id); }
    Q_INVOKABLE void forceOff(const QString& id) { m_controller.forceOff(id); }
    /// An empty name, or the one it has, changes nothing.
    Q_INVOKABLE void rename(const QString& id, const QString& name);
    /// Puts the machine into `group`, or takes it out.
    Q_INVOKABLE void setInGroup(const QString& id, const QString& group, bool inGroup);
    Q_INVOKABLE QStringList groupsOf(const QString& id) const;
    Q_INVOKABLE void clone(const QString& id) { m_controller.clone(id); }
    Q_INVOKABLE void remove(const QString& id) { m_controller.remove(id); }
    Q_INVOKABLE void undoRemove(const QString& ticket) { m_controller.undoRemove(ticket); }
    Q_INVOKABLE void exportTo(const QString& id, const QUrl& file);
    Q_INVOKABLE void moveTo(const QString& id, const QUrl& folder);

    // Files.
    Q_INVOKABLE void addFolder(const QUrl& folder) { m_controller.addFolder(folder); }
    Q_INVOKABLE bool accepts(const QList<QUrl>& urls) const { return m_controller.accepts(urls); }
    Q_INVOKABLE void offer(const QList<QUrl>& urls) { m_controller.offer(urls); }
    /// Proposes "Debian 12.vitrine.tar.zst" in the person's documents.
    Q_INVOKABLE QUrl exportFile(const QString& name) const;

    /// Whose thumbnails are on the screen.
    Q_INVOKABLE void setVisibleMachines(const QStringList& ids);

signals:
    void asListChanged();
    void windowSizeChanged();
    void deleted(const QString& name, const QString& ticket);
    void notice(const QString& sentence, const QString& machine);
    /// The machine cannot start as it is written: the person is to mend that.
    void mendRequested(const QString& machine);

private:
    void recall();
    void keep(const QString& key, const QVariant& value);

    LibraryController& m_controller;
    LibraryModel m_machines;
    LibraryFilter m_filter;
    JobModel m_jobs;
    DraftModel m_draft;
    QStringList m_visible;
    std::unique_ptr<QSettings> m_memory; // null: nothing is kept
    bool m_asList = false;
    QSize m_windowSize;
};

} // namespace ui::models
