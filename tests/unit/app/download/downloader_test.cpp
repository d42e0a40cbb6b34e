// SPDX-License-Identifier: GPL-3.0-or-later
// Downloads from servers that break, lie and stall.
#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "app/download/cache_folder.h"
#include "app/download/downloader.h"
#include "tests/unit/app/download/web_server.h"

using namespace app::download;
using tests::honestAnswer;
using tests::webHead;
using tests::WebRequest;
using tests::WebServer;

namespace {

QByteArray sumOf(const QByteArray& content)
{
    return QCryptographicHash::hash(content, QCryptographicHash::Sha256).toHex();
}

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// How a download ended.
struct Outcome {
    QString path;
    QString sentence;
};

Outcome outcomeOf(Download& download)
{
    QSignalSpy finished(&download, &Download::finished);
    QSignalSpy failed(&download, &Download::failed);
    // Either end will do; the time is only for a test that hangs.
    if (!QTest::qWaitFor([&] { return !finished.isEmpty() || !failed.isEmpty(); }, 20000))
        return {{}, QStringLiteral("no end")};
    return {finished.isEmpty() ? QString() : finished.first().first().toString(),
            failed.isEmpty() ? QString() : failed.first().first().toString()};
}

} // namespace

class DownloaderTest : public QObject {
    Q_OBJECT

    // Beside the program: /tmp may lie in memory, where nothing is downloaded to.
    QTemporaryDir m_dir{QDir::currentPath() + "/downloads-XXXXXX"};
    std::unique_ptr<WebServer> m_server;
    std::unique_ptr<Downloader> m_downloader;
    QByteArray m_content;
    int m_count = 0;

    void open()
    {
        m_downloader = std::make_unique<Downloader>(m_dir.filePath(QString::number(m_count)));
        m_downloader->setPatience(
            {.stallMs = 500, .firstPauseMs = 1, .longestPauseMs = 4, .tries = 4});
    }
    Outcome get(const QString& path, const QByteArray& sum = {})
    {
        return outcomeOf(*m_downloader->get(m_server->url(path), sum));
    }
    QStringList files() const
    {
        return QDir(m_downloader->folder()).entryList(QDir::Files | QDir::Hidden, QDir::Name);
    }
    WebServer::Answer honest() const
    {
        return [this](QTcpSocket& socket, const WebRequest& request) {
            socket.write(honestAnswer(request, m_content));
            socket.disconnectFromHost();
        };
    }
    WebServer::Answer always(const QByteArray& answer) const
    {
        return [answer](QTcpSocket& socket, const WebRequest& /*request*/) {
            socket.write(answer);
            socket.disconnectFromHost();
        };
    }
    /// At first only so many bytes of an honest answer, then `then`.
    WebServer::Answer breakingOnce(qint64 bytes, const WebServer::Answer& then) const
    {
        return [this, bytes, then](QTcpSocket& socket, const WebRequest& request) {
            if (m_server->requests.size() > 1)
                return then(socket, request);
            const QByteArray whole = honestAnswer(request, m_content);
            socket.write(whole.left(whole.size() - m_content.size() + bytes));
            socket.disconnectFromHost();
        };
    }

private slots:
    void init()
    {
        if (liesInMemory(m_dir.path()))
            QSKIP("the current folder lies in memory");
        ++m_count;
        m_content.resize(300000);
        for (qsizetype i = 0; i < m_content.size(); ++i)
            m_content[i] = static_cast<char>(i * 31 % 253);
        m_server = std::make_unique<WebServer>();
        QVERIFY(m_server->isListening());
        m_server->answer = honest();
        open();
    }
    void cleanup()
    {
        m_downloader.reset();
        m_server.reset();
    }

    void aFileArrivesOnce()
    {
        const auto download = m_downloader->get(m_server->url("/a/disc.iso#part"));
        QCOMPARE(m_downloader->get(m_server->url("/a/disc.iso")), download);
        QSignalSpy progress(download.get(), &Download::progress);
        const Outcome outcome = outcomeOf(*download);
        QCOMPARE(outcome.sentence, QString());
        QCOMPARE(outcome.path, m_downloader->folder() + "/disc.iso");
        QVERIFY(contentOf(outcome.path) == m_content);
        QCOMPARE(progress.last().first().toLongLong(), qint64{300000});
        QCOMPARE(files(), (QStringList{".disc.iso.download", "disc.iso"}));
        QCOMPARE(m_downloader->bytesInCache(), qint64{300000});
        QCOMPARE(m_server->requests.size(), 1);
        // With its sum known, nobody has to be asked.
        QCOMPARE(get("/a/disc.iso", sumOf(m_content)).path, outcome.path);
        QCOMPARE(m_server->requests.size(), 1);
    }
    void aBrokenConnectionGoesOn()
    {
        m_server->answer = breakingOnce(100000, honest());
        const Outcome outcome = get("/disc.iso", sumOf(m_content));
        QCOMPARE(outcome.sentence, QString());
        QVERIFY(contentOf(outcome.path) == m_content);
        QCOMPARE(m_server->requests.size(), 2);
        QVERIFY(m_server->requests.last().from() > 0);
        QCOMPARE(m_server->requests.last().headers.value("if-range"), QByteArray("\"one\""));
    }
    void aStallCountsAsBroken()
    {
        m_server->answer = [this](QTcpSocket& socket, const WebRequest& request) {
            const QByteArray whole = honestAnswer(request, m_content);
            if (m_server->requests.size() > 1)
                socket.write(whole);
            else
                socket.write(whole.left(150000)); // and then nothing
        };
        const Outcome outcome = get("/disc.iso");
        QVERIFY(contentOf(outcome.path) == m_content);
        QCOMPARE(m_server->requests.size(), 2);
    }
    void aSilentServerIsGivenUp()
    {
        m_server->answer = [](QTcpSocket&, const WebRequest&) {};
        QVERIFY(get("/disc.iso").sentence.contains("does not answer"));
        QCOMPARE(m_server->requests.size(), 4);
    }
    void aLaterSessionGoesOn()
    {
        m_server->answer = [this](QTcpSocket& socket, const WebRequest& request) {
            socket.write(honestAnswer(request, m_content).left(200000));
        };
        const auto download = m_downloader->get(m_server->url("/disc.iso"));
        QSignalSpy progress(download.get(), &Download::progress);
        QTRY_VERIFY(QFileInfo(m_downloader->folder() + "/disc.iso.part").size() > 0);
        download->cancel();
        QVERIFY(outcomeOf(*download).sentence.contains("cancelled"));
        m_server->answer = honest();
        open();
        QCOMPARE(m_downloader->cachedFiles().size(), 1);
        QVERIFY(!m_downloader->cachedFiles().first().complete);
        QVERIFY(contentOf(get("/disc.iso").path) == m_content);
        QVERIFY(m_server->requests.last().from() > 0);
    }
    void anotherFileMeanwhileStartsAnew()
    {
        const QByteArray old = m_content;
        for (const bool lies : {false, true}) {
            m_server->requests.clear();
            m_content = old;
            m_server->answer =
                breakingOnce(100000, [this, lies](QTcpSocket& socket, const WebRequest& request) {
                    WebRequest seen = request;
                    if (lies) // goes on with the rest of another file
                        seen.headers.remove("if-range");
                    socket.write(honestAnswer(seen, m_content, "\"two\""));
                    socket.disconnectFromHost();
                    m_content = m_content.toUpper();
                });
            const QByteArray expected = old;
            const Outcome outcome = get(lies ? "/lies.iso" : "/honest.iso");
            QCOMPARE(outcome.sentence, QString());
            QVERIFY(contentOf(outcome.path).size() == expected.size());
            QCOMPARE(m_server->requests.size(), lies ? 3 : 2);
        }
    }
    void aWrongSumLeavesNothing()
    {
        QVERIFY(get("/disc.iso", sumOf("other")).sentence.contains("its sum is wrong"));
        QCOMPARE(files(), QStringList());
        QCOMPARE(m_server->requests.size(), 1);
    }
    void aWrongSumOfPiecesIsTriedOnceMore()
    {
        // The rest is of another file, and the server does not say so.
        m_server->answer =
            breakingOnce(100000, [this](QTcpSocket& socket, const WebRequest& request) {
                QByteArray content = m_content;
                if (m_server->requests.size() == 2)
                    content.replace(content.size() - 10, 10, "0123456789");
                socket.write(honestAnswer(request, content));
                socket.disconnectFromHost();
            });
        const Outcome outcome = get("/disc.iso", sumOf(m_content));
        QCOMPARE(outcome.sentence, QString());
        QVERIFY(contentOf(outcome.path) == m_content);
        QCOMPARE(m_server->requests.size(), 3);
        QCOMPARE(m_server->requests.last().from(), 0);
    }
    void tooShortForItsLengthIsGivenUp()
    {
        m_server->answer = always(webHead(200, {"Content-Length: 500000"}) + m_content);
        QVERIFY(get("/disc.iso").sentence.contains("broke"));
        QCOMPARE(m_server->requests.size(), 4);
        QVERIFY(!files().contains("disc.iso"));
    }
    void moreThanAnnouncedIsNotTaken()
    {
        m_server->answer =
            breakingOnce(100000, [this](QTcpSocket& socket, const WebRequest& request) {
                const QByteArray from = QByteArray::number(request.from());
                if (request.from() == 0)
                    socket.write(honestAnswer(request, m_content));
                else
                    socket.write(webHead(206, {"Content-Range: bytes " + from + "-299999/300000"}) +
                                 QByteArray(400000, 'x'));
                socket.disconnectFromHost();
            });
        const Outcome outcome = get("/disc.iso");
        QCOMPARE(outcome.sentence, QString());
        QVERIFY(contentOf(outcome.path) == m_content);
    }
    void rangesThatDoNotFitStartAnew_data()
    {
        QTest::addColumn<QByteArray>("answer");
        QTest::newRow("other start") << webHead(206, {"Content-Range: bytes 0-9/300000"});
        QTest::newRow("other length")
            << webHead(206, {"Content-Range: bytes 100000-200000/200001"});
        QTest::newRow("nonsense") << webHead(206, {"Content-Range: bytes x-y/z"});
        QTest::newRow("none") << webHead(206, {});
        QTest::newRow("beyond") << webHead(416, {"Content-Range: bytes */5"});
    }
    void rangesThatDoNotFitStartAnew()
    {
        QFETCH(QByteArray, answer);
        m_server->answer =
            breakingOnce(100000, [this, answer](QTcpSocket& socket, const WebRequest& request) {
                socket.write(request.from() > 0 ? answer : honestAnswer(request, m_content));
                socket.disconnectFromHost();
            });
        QVERIFY(contentOf(get("/disc.iso").path) == m_content);
        QCOMPARE(m_server->requests.size(), 3);
    }
    void aPartThatIsWholeIsTaken()
    {
        // The length was never said, and the connection broke after the last byte.
        QVERIFY(QDir().mkpath(m_downloader->folder()));
        CacheEntry entry;
        entry.url = m_server->url("/disc.iso");
        entry.name = "disc.iso";
        entry.etag = "\"one\"";
        const CacheFolder cache(m_downloader->folder());
        QVERIFY(cache.save(entry));
        QFile part(cache.partPath(entry));
        QVERIFY(part.open(QIODevice::WriteOnly) && part.write(m_content) == m_content.size());
        part.close();
        m_server->answer = always(webHead(416, {"Content-Range: bytes */300000"}));
        QVERIFY(contentOf(get("/disc.iso").path) == m_content);
        QCOMPARE(m_server->requests.size(), 1);
    }
    void webPagesAreNoFiles()
    {
        m_server->answer =
            always(webHead(200, {"Content-Type: text/html; charset=x"}) + "<p>Sign in");
        QVERIFY(get("/disc.iso").sentence.contains("a web page instead"));
        m_server->answer = always(webHead(200, {"Content-Type: application/octet-stream"}) +
                                  "\n <!DOCTYPE HTML><title>x");
        QVERIFY(get("/disc.iso").sentence.contains("a web page instead"));
        m_server->answer = always(webHead(200, {"Content-Length: 0"}));
        QVERIFY(get("/disc.iso").sentence.contains("an empty file"));
        QCOMPARE(files(), QStringList());
    }
    void refusalsAreExplained()
    {
        m_server->answer = always(webHead(404, {"Content-Type: text/html"}) + "<html>");
        QVERIFY(get("/disc.iso").sentence.contains("no such file on 127.0.0.1 (error 404)"));
        m_server->answer = always(webHead(403, {}));
        QVERIFY(get("/disc.iso").sentence.contains("to everybody (error 403)"));
        QCOMPARE(m_server->requests.size(), 2);
        m_server->answer = always(webHead(503, {}));
        QVERIFY(get("/disc.iso").sentence.contains("trouble of its own (error 503)"));
        QCOMPARE(m_server->requests.size(), 6);
        const QUrl url = m_server->url("/disc.iso");
        m_server->close();
        QVERIFY(
            outcomeOf(*m_downloader->get(url)).sentence.contains("does not accept connections"));
        QCOMPARE(files(), QStringList());
    }
    void redirectsAreFollowedWithinReason()
    {
        m_server->answer = [this](QTcpSocket& socket, const WebRequest& request) {
            if (request.path == "/get")
                socket.write(webHead(302, {"Location: /b/real.iso", "Content-Length: 0"}));
            else if (request.path == "/loop")
                socket.write(webHead(302, {"Location: /loop", "Content-Length: 0"}));
            else if (request.path == "/file")
                socket.write(webHead(302, {"Location: file:///etc/passwd", "Content-Length: 0"}));
            else
                socket.write(honestAnswer(request, m_content));
            socket.disconnectFromHost();
        };
        QCOMPARE(get("/get").path, m_downloader->folder() + "/real.iso");
        QVERIFY(get("/loop").sentence.contains("in circles or nowhere"));
        const Outcome outcome = get("/file");
        QVERIFY2(outcome.path.isEmpty(), qPrintable(outcome.path));
    }
    void namesStayInTheFolder()
    {
        m_server->answer = [this](QTcpSocket& socket, const WebRequest&) {
            socket.write(webHead(200, {"Content-Disposition: attachment; "
                                       "filename=\"../../.ssh/authorized_keys\""}) +
                         m_content);
            socket.disconnectFromHost();
        };
        QCOMPARE(get("/x.iso").path, m_downloader->folder() + "/_.._.ssh_authorized_keys");
    }
    void twoAddressesWithOneNameAreTwoFiles()
    {
        QCOMPARE(get("/a/mini.iso").path, m_downloader->folder() + "/mini.iso");
        QCOMPARE(get("/b/mini.iso").path, m_downloader->folder() + "/mini (2).iso");
        QCOMPARE(m_downloader->cachedFiles().size(), 2);
    }
    void aCachedFileIsAskedFor()
    {
        const QString path = get("/disc.iso").path;
        m_server->answer = always(webHead(304, {}));
        QCOMPARE(get("/disc.iso").path, path);
        QCOMPARE(m_server->requests.last().headers.value("if-none-match"), QByteArray("\"one\""));
        m_content = m_content.toUpper();
        m_server->answer = honest();
        QCOMPARE(get("/disc.iso").path, path);
        QVERIFY(contentOf(path) == m_content);
        QCOMPARE(files(), (QStringList{".disc.iso.download", "disc.iso"}));
        // Without the network, what is there does.
        const QUrl url = m_server->url("/disc.iso");
        m_server->close();
        const Outcome offline = outcomeOf(*m_downloader->get(url));
        QCOMPARE(offline.sentence, QString());
        QCOMPARE(offline.path, path);
    }
    void aChangedFileIsNotOursAnyMore()
    {
        const QString path = get("/disc.iso").path;
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write("mine") == 4);
        file.close();
        QCOMPARE(get("/disc.iso").path, m_downloader->folder() + "/disc (2).iso");
        QCOMPARE(contentOf(path), QByteArray("mine"));
        m_downloader->emptyCache();
        QCOMPARE(files(), QStringList("disc.iso"));
        QCOMPARE(m_downloader->bytesInCache(), 0);
    }
    void noRoomIsSaidAhead()
    {
        m_server->answer = always(webHead(200, {"Content-Length: 1000000000000000000"}) + "x");
        const QString sentence = get("/disc.iso").sentence;
        QVERIFY2(sentence.contains("not enough room on " + m_downloader->folder()),
                 qPrintable(sentence));
        QVERIFY(sentence.contains(" needed, "));
    }
    void nothingIsKeptInMemory()
    {
        if (!liesInMemory("/dev/shm"))
            QSKIP("/dev/shm does not lie in memory here");
        QVERIFY(!liesInMemory(m_dir.path()));
        QCOMPARE(firstOnDisk({"/dev/shm/x/y", m_dir.path() + "/new"}), m_dir.path() + "/new");
        QCOMPARE(firstOnDisk({"/dev/shm/x"}), QString());
        Downloader downloader(QStringLiteral("/dev/shm/vitrine-test/downloads"));
        const QString sentence = outcomeOf(*downloader.get(m_server->url("/disc.iso"))).sentence;
        QVERIFY(sentence.contains("/dev/shm/vitrine-test/downloads lies in memory"));
        QVERIFY(!QFileInfo::exists("/dev/shm/vitrine-test"));
        qputenv("XDG_CACHE_HOME", "/dev/shm/cache");
        qputenv("XDG_DATA_HOME", m_dir.filePath("data").toUtf8());
        const Downloader usual;
        QCOMPARE(usual.folder(), m_dir.filePath("data/vitrine/downloads"));
        QVERIFY(usual.notice().contains("/dev/shm/cache/vitrine/downloads lies in memory"));
    }
    void nonsenseIsRefused()
    {
        for (const char* address : {"file:///etc/passwd", "ftp://h/x", "x", "http://", "data:,x"}) {
            const auto download = m_downloader->get(QUrl(address));
            QVERIFY(outcomeOf(*download).sentence.contains("is not an address"));
        }
        QVERIFY(
            outcomeOf(*m_downloader->get(m_server->url("/x"), "12")).sentence.contains("SHA-256"));
    }
    void goingAwayInTheMiddleIsQuiet()
    {
        m_server->answer = [this](QTcpSocket& socket, const WebRequest& request) {
            socket.write(honestAnswer(request, m_content).left(200000));
        };
        const auto download = m_downloader->get(m_server->url("/disc.iso"));
        QTRY_VERIFY(QFileInfo(m_downloader->folder() + "/disc.iso.part").size() > 0);
        m_downloader->emptyCache(); // not what is being written
        QVERIFY(QFileInfo::exists(m_downloader->folder() + "/disc.iso.part"));
        // A second program does not write the same file.
        Downloader other(m_downloader->folder());
        QVERIFY(outcomeOf(*other.get(m_server->url("/disc.iso"))).sentence.contains("already"));
        m_downloader.reset();
        open();
    }
};

QTEST_GUILESS_MAIN(DownloaderTest)
#include "downloader_test.moc"
