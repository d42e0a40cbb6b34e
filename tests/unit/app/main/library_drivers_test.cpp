// SPDX-License-Identifier: GPL-3.0-or-later
// Drivers out of the web, a few at a time, from a server on the loopback.
#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "app/download/cache_folder.h"
#include "app/main/library_drivers.h"
#include "tests/unit/app/download/web_server.h"

using app::download::Downloader;
using app::install::DriverFile;
using app::main::DriverFetch;
using app::main::WantedDriver;
using app::main::wantedDrivers;
using tests::honestAnswer;
using tests::webHead;
using tests::WebRequest;
using tests::WebServer;

class LibraryDriversTest : public QObject {
    Q_OBJECT

    // Beside the program: /tmp may lie in memory, where nothing is downloaded to.
    QTemporaryDir m_dir{QDir::currentPath() + "/drivers-XXXXXX"};
    std::unique_ptr<WebServer> m_server;
    std::unique_ptr<Downloader> m_downloader;
    std::vector<DriverFile> m_files;
    QString m_sentence;

    /// Runs to its end, whichever it is.
    bool fetch(const QList<WantedDriver>& wanted, bool cancelled = false)
    {
        m_files.clear();
        m_sentence.clear();
        int ends = 0;
        DriverFetch fetch(*m_downloader, wanted);
        connect(&fetch, &DriverFetch::finished, this, [&](const std::vector<DriverFile>& files) {
            m_files = files;
            ++ends;
        });
        connect(&fetch, &DriverFetch::failed, this, [&](const QString& sentence) {
            m_sentence = sentence;
            ++ends;
        });
        fetch.start();
        if (cancelled)
            fetch.cancel();
        const bool ended = ends == 0 && QTest::qWaitFor([&] { return ends > 0; }, 20000);
        QTest::qWait(50); // for an end too many
        return ended && ends == 1;
    }
    QList<WantedDriver> wanted(int count) const
    {
        QList<WantedDriver> list;
        for (int i = 0; i < count; ++i)
            list << WantedDriver{QStringLiteral("d%1.sys").arg(i),
                                 m_server->url(QStringLiteral("/amd64/d%1.sys").arg(i))};
        return list;
    }

private slots:
    void init()
    {
        if (app::download::liesInMemory(m_dir.path()))
            QSKIP("the current folder lies in memory");
        m_server = std::make_unique<WebServer>();
        QVERIFY(m_server->isListening());
        m_server->answer = [](QTcpSocket& socket, const WebRequest& request) {
            socket.write(honestAnswer(request, "driver " + request.path));
            socket.disconnectFromHost();
        };
        QDir(m_dir.filePath("cache")).removeRecursively();
        m_downloader = std::make_unique<Downloader>(m_dir.filePath("cache"));
        m_downloader->setPatience(
            {.stallMs = 500, .firstPauseMs = 1, .longestPauseMs = 4, .tries = 2});
    }

    void addresses()
    {
        const auto list = wantedDrivers({{"https://example.org/w10", {"a.sys", "b.inf"}},
                                         {"https://example.org/other", {"c.cat"}}});
        QCOMPARE(list.size(), 3);
        QCOMPARE(list[1].url, QUrl("https://example.org/w10/b.inf"));
        QCOMPARE(list[2].name, QString("c.cat"));
    }

    void allOfThem()
    {
        constexpr int kCount = 11;
        QVERIFY(fetch(wanted(kCount)));
        QCOMPARE(m_sentence, QString());
        QCOMPARE(m_files.size(), size_t{kCount});
        for (size_t i = 0; i < m_files.size(); ++i) {
            QCOMPARE(m_files[i].name, "d" + std::to_string(i) + ".sys");
            QFile file(QString::fromStdString(m_files[i].path.string()));
            QVERIFY(file.open(QIODevice::ReadOnly));
            QCOMPARE(file.readAll(),
                     QByteArray("driver /amd64/d" + QByteArray::number(int(i)) + ".sys"));
        }
    }

    /// One that cannot be had makes the rest useless, and is told once.
    void oneIsMissing()
    {
        m_server->answer = [](QTcpSocket& socket, const WebRequest& request) {
            const bool gone = request.path.endsWith("d6.sys");
            socket.write(gone ? webHead(404, {"Content-Length: 0"})
                              : honestAnswer(request, "driver"));
            socket.disconnectFromHost();
        };
        QVERIFY(fetch(wanted(11)));
        QVERIFY(m_files.empty());
        QVERIFY(!m_sentence.isEmpty());
    }

    void givenUp()
    {
        m_server->answer = [](QTcpSocket& /*socket*/, const WebRequest& /*request*/) {};
        QVERIFY(fetch(wanted(3), true));
        QVERIFY(m_files.empty() && !m_sentence.isEmpty());
    }
};

QTEST_GUILESS_MAIN(LibraryDriversTest)
#include "library_drivers_test.moc"
