// SPDX-License-Identifier: GPL-3.0-or-later
// The host's ends of ports: terminals, files, and parts of this program; flow control on each.
#include <QtTest>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>

#include "tests/device/vmm/console/end_rig.h"
#include "vmm/console/file_end.h"
#include "vmm/console/program_end.h"
#include "vmm/console/pty_end.h"

using namespace vmm;
using namespace vmm::console;
using tests::EndRig;
using tests::eventually;
using tests::pattern;
using tests::readSome;

namespace {

UniqueFd openTerminal(const std::string& path)
{
    return UniqueFd(::open(path.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
}

} // namespace

class ByteEndTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<EndRig> m_rig;

private slots:
    void initTestCase() { ::signal(SIGPIPE, SIG_IGN); } // as the program does
    void init() { m_rig = std::make_unique<EndRig>(); }
    void cleanup() { m_rig.reset(); }

    void terminalComesAndGoes()
    {
        m_rig->use(std::move(*PtyEnd::create(*m_rig->loop)));
        const std::string path = m_rig->end->path();
        QVERIFY(!m_rig->connected());
        m_rig->send("before anybody looks\n");
        for (const char* text : {"one\r\x03", "two\r\x04"}) {
            UniqueFd terminal = openTerminal(path);
            QVERIFY(terminal.valid());
            QVERIFY(eventually([&] { return m_rig->connected(); }));
            QCOMPARE(::write(terminal.get(), text, 5), ssize_t{5});
            QVERIFY(eventually([&] { return m_rig->received().ends_with(text); }));
            if (text[0] == 'o')
                QCOMPARE(readSome(terminal.get(), 21), std::string("before anybody looks\n"));
            terminal.reset();
            QVERIFY(eventually([&] { return !m_rig->connected(); }));
        }
        QCOMPARE(m_rig->received(), std::string("one\r\x03two\r\x04"));
    }

    /// A terminal that nobody has open costs no time.
    void noSpinWhileHungUp()
    {
        m_rig->use(std::move(*PtyEnd::create(*m_rig->loop)));
        UniqueFd terminal = openTerminal(m_rig->end->path());
        m_rig->allow(0); // what was typed last stays unread
        QVERIFY(eventually([&] { return m_rig->connected(); }));
        QCOMPARE(::write(terminal.get(), "x", 1), ssize_t{1});
        terminal.reset();
        QTest::qWait(50);
        const unsigned calls = m_rig->calls;
        QTest::qWait(100);
        QVERIFY(m_rig->calls - calls < 10);
        m_rig->allow(10);
        QCOMPARE(m_rig->received(), std::string("x"));
        QVERIFY(eventually([&] { return !m_rig->connected(); }));
    }

    void slowTerminalLosesNothing()
    {
        m_rig->use(std::move(*PtyEnd::create(*m_rig->loop)));
        const UniqueFd terminal = openTerminal(m_rig->end->path());
        QVERIFY(eventually([&] { return m_rig->connected(); }));
        const std::string sent = pattern(1 << 20);
        m_rig->send(sent);
        QVERIFY(m_rig->unsent() > 0); // the rest waits with the port
        QVERIFY(readSome(terminal.get(), sent.size()) == sent);
        // And the other way round.
        m_rig->allow(0);
        std::thread typist([&] {
            for (size_t done = 0; done < sent.size();) {
                pollfd wait{terminal.get(), POLLOUT, 0};
                ::poll(&wait, 1, 5000);
                const ssize_t put = ::write(terminal.get(), sent.data() + done, sent.size() - done);
                if (put > 0)
                    done += static_cast<size_t>(put);
            }
        });
        while (m_rig->received().size() < sent.size()) {
            m_rig->allow(10'000);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        typist.join();
        QVERIFY(m_rig->received() == sent);
    }

    void fileIsCompleteAtTheEnd()
    {
        const std::string path = m_folder.filePath("out.log").toStdString();
        std::ofstream(path) << "of an earlier run";
        m_rig->use(std::move(*FileEnd::create(*m_rig->loop, path)));
        const std::string sent = pattern(1 << 20); // more than the buffer
        m_rig->send(sent);
        QVERIFY(eventually([&] { return m_rig->unsent() == 0; }));
        m_rig->drop();
        std::ifstream file(path, std::ios::binary);
        const std::string found(std::istreambuf_iterator<char>(file), {});
        QVERIFY(found == sent);
    }

    void fileThatCannotBeMade()
    {
        const std::string path = m_folder.filePath("missing/out.log").toStdString();
        const auto end = FileEnd::create(*m_rig->loop, path);
        QVERIFY(!end.has_value());
        QVERIFY(end.error().sentence().find(path) != std::string::npos);
    }

    /// A file that can take no more does not hold the guest for ever: what it was given is lost,
    /// and counted.
    void fullFileIsCounted()
    {
        m_rig->use(std::move(*FileEnd::create(*m_rig->loop, "/dev/full")));
        m_rig->send(pattern(1 << 20));
        QVERIFY(eventually([&] { return m_rig->end->dropped() == 1 << 20; }));
        QCOMPARE(m_rig->unsent(), size_t{0});
    }

    void pipeThatNobodyReads()
    {
        const std::string path = m_folder.filePath("fifo").toStdString();
        QCOMPARE(::mkfifo(path.c_str(), 0600), 0);
        const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        m_rig->use(std::move(*FileEnd::create(*m_rig->loop, path)));
        const std::string sent = pattern(1 << 20);
        m_rig->send(sent);
        QTest::qWait(20);
        QVERIFY(m_rig->unsent() > 0);
        QCOMPARE(m_rig->end->dropped(), uint64_t{0});
        QVERIFY(readSome(reader.get(), sent.size()) == sent);
        m_rig->send(sent); // and destroyed with the reader gone to sleep
    }

    void programsPart()
    {
        const auto port = std::move(*ProgramPort::create());
        std::atomic<unsigned> news{0};
        port->listen([&] { ++news; });
        m_rig->use(std::move(*ProgramPort::makeEnd(*m_rig->loop, port)));
        QVERIFY(!m_rig->connected());
        port->setConnected(true);
        QVERIFY(eventually([&] { return m_rig->connected(); }));
        const std::string sent = pattern(3 * ProgramPort::kBuffer);
        m_rig->send(sent);
        QCOMPARE(m_rig->unsent(), 2 * ProgramPort::kBuffer);
        QVERIFY(news > 0);
        std::string got;
        QVERIFY(eventually([&] {
            char piece[5000];
            const size_t count = port->read(std::as_writable_bytes(std::span(piece)));
            got.append(piece, count);
            return got.size() == sent.size();
        }));
        QVERIFY(got == sent);
        m_rig->allow(0);
        QCOMPARE(port->write(tests::bytesOf(sent)), ProgramPort::kBuffer);
        m_rig->allow(SIZE_MAX);
        QVERIFY(eventually([&] { return m_rig->received().size() == ProgramPort::kBuffer; }));
        m_rig->drop();
        port->setConnected(false); // outlives the end
        QCOMPARE(port->write(tests::bytesOf("nobody")), size_t{6});
    }
};

QTEST_GUILESS_MAIN(ByteEndTest)
#include "byte_end_test.moc"
