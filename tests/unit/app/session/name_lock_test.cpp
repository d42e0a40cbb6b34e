// SPDX-License-Identifier: GPL-3.0-or-later
// One machine of a name; nothing left behind.
#include <optional>

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <sys/wait.h>
#include <unistd.h>

#include "app/session/name_lock.h"

using app::session::NameLock;

class NameLockTest : public QObject {
    Q_OBJECT

private slots:
    void init()
    {
        m_folder.emplace();
        m_locks = m_folder->filePath("vitrine").toStdString();
    }

    void secondOfANameIsRefused()
    {
        const auto first = NameLock::acquire("a", m_locks);
        QVERIFY(first.has_value());
        const auto second = NameLock::acquire("a", m_locks);
        QVERIFY(!second.has_value());
        QCOMPARE(second.error().code(), vmm::ErrorCode::Busy);
        QVERIFY(second.error().sentence().starts_with("a machine named a is already running"));
        QVERIFY(NameLock::acquire("b", m_locks).has_value());
    }
    void nothingIsLeftBehind()
    {
        {
            auto one = NameLock::acquire("a", m_locks);
            const auto two = NameLock::acquire("b", m_locks);
            QVERIFY(one && two);
            NameLock moved = *std::move(one);
            QVERIFY(QFile::exists(m_folder->filePath("vitrine/a.lock")));
        }
        QVERIFY(!QFile::exists(m_folder->filePath("vitrine")));
        QVERIFY(NameLock::acquire("a", m_locks).has_value());
    }
    void heldNamesAreListed()
    {
        QVERIFY(NameLock::held(m_locks).empty());
        const auto lock = NameLock::acquire("a", m_locks);
        QFile stale(m_folder->filePath("vitrine/dead.lock"));
        QVERIFY(stale.open(QIODevice::WriteOnly));
        QCOMPARE(NameLock::held(m_locks), std::vector<std::string>{"a"});
    }
    void aDeadProcessKeepsNoName()
    {
        const pid_t child = ::fork();
        if (child == 0) {
            const auto lock = NameLock::acquire("a", m_locks);
            ::_exit(lock.has_value() ? 0 : 1); // without destructors, as if killed
        }
        int status = -1;
        QCOMPARE(::waitpid(child, &status, 0), child);
        QCOMPARE(status, 0);
        QVERIFY(QFile::exists(m_folder->filePath("vitrine/a.lock")));
        QVERIFY(NameLock::acquire("a", m_locks).has_value());
    }
    void namesDoNotLeaveTheFolder()
    {
        QVERIFY(!NameLock::acquire("../a", m_locks).has_value());
        QVERIFY(!NameLock::acquire("", m_locks).has_value());
    }
    void aPreparedFolderIsRefused()
    {
        QVERIFY(QFile::link("/tmp", QString::fromStdString(m_locks)));
        QVERIFY(!NameLock::acquire("a", m_locks).has_value());
        QVERIFY(!NameLock::acquire("a", "/nowhere/vitrine").has_value());
    }

private:
    std::optional<QTemporaryDir> m_folder;
    std::string m_locks;
};

QTEST_GUILESS_MAIN(NameLockTest)
#include "name_lock_test.moc"
