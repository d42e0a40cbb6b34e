// SPDX-License-Identifier: GPL-3.0-or-later
// AppPreferences: what is set for all machines: folders, keys the host keeps, downloads.
#pragma once

#include <QObject>
#include <QPointer>
#include <QStringList>
#include <QUrl>
#include <QtQml/qqmlregistration.h>

#include "ui/models/library_controller.h"

namespace ui::models {

/// Folders and downloads by the controller; the keys in $XDG_CONFIG_HOME/vitrine/vitrine.ini,
/// "keyboard/kept", where the guests' windows read them. GUI thread.
class AppPreferencesModel : public QObject {
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(ui::models::LibraryController* controller READ controller WRITE setController NOTIFY
                   controllerChanged)
    /// The first cannot be removed.
    Q_PROPERTY(QStringList folders READ folders NOTIFY foldersChanged)
    /// Combinations such as "Ctrl+Alt+Return", as Qt writes them.
    Q_PROPERTY(QStringList hostKeys READ hostKeys NOTIFY hostKeysChanged)
    Q_PROPERTY(QString downloadFolder READ downloadFolder NOTIFY downloadsChanged)
    /// "1.4 GiB", or that there is nothing.
    Q_PROPERTY(QString downloadText READ downloadText NOTIFY downloadsChanged)
    Q_PROPERTY(bool hasDownloads READ hasDownloads NOTIFY downloadsChanged)
public:
    /// `settings`: the file with the keys; the person's own unless told otherwise.
    explicit AppPreferencesModel(QObject* parent = nullptr, const QString& settings = {});

    LibraryController* controller() const { return m_controller; }
    void setController(LibraryController* controller);
    QStringList folders() const;
    QStringList hostKeys() const { return m_hostKeys; }
    QString downloadFolder() const;
    QString downloadText() const;
    bool hasDownloads() const;

    Q_INVOKABLE void addFolder(const QUrl& folder);
    Q_INVOKABLE void removeFolder(const QString& folder);
    /// An empty answer means that it was taken; else it says what is wrong.
    Q_INVOKABLE QString addHostKey(const QString& keys);
    Q_INVOKABLE void removeHostKey(const QString& keys);
    Q_INVOKABLE void emptyDownloads();
    /// The combination of a key event, as it is stored; empty while only modifiers are held.
    Q_INVOKABLE static QString keysText(int key, int modifiers);

signals:
    void controllerChanged();
    void foldersChanged();
    void hostKeysChanged();
    void downloadsChanged();

private:
    void writeKeys();

    QPointer<LibraryController> m_controller;
    QString m_settings;
    QStringList m_hostKeys;
};

} // namespace ui::models
