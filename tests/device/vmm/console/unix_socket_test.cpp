// SPDX-License-Identifier: GPL-3.0-or-later
// Listening Unix sockets, and one as the host's end of a port.
#include <QtTest>

#include <fcntl.h>
#include <fstream>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/device/vmm/console/end_rig.h"
#include "vmm/console/socket_end.h"

using namespace vmm;
using namespace vmm::console;
using tests::EndRig;
using tests::eventually;
using tests::pattern;
using tests::readSome;

class UnixSocketTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;
    std::unique_ptr<EndRig> m_rig;
    std::string m_path;

    void use() { m_rig->use(std::move(*SocketEnd::create(*m_rig->loop, m_path))); }
    /// A client that has been accepted.
    UniqueFd client()
    {
        UniqueFd fd = std::move(*connectUnix(m_path));
        CHECK(eventually([&] { return m_rig->connected(); }));
        return fd;
    }
    static bool readsEnd(int fd)
    {
        pollfd wait{fd, POLLIN, 0};
        char byte = 0;
        return ::poll(&wait, 1, 5000) == 1 && ::read(fd, &byte, 1) == 0;
    }

private slots:
    void init()
    {
        m_rig = std::make_unique<EndRig>();
        m_path = m_folder.filePath("port").toStdString();
    }
    void cleanup() { m_rig.reset(); }

    void onlyForItsOwner()
    {
        const mode_t old = ::umask(0);
        use();
        ::umask(old);
        struct stat found {};
        QCOMPARE(::lstat(m_path.c_str(), &found), 0);
        QVERIFY(S_ISSOCK(found.st_mode));
        QCOMPARE(found.st_mode & 0777U, 0600U);
        m_rig->drop();
        QVERIFY(::lstat(m_path.c_str(), &found) != 0); // gone with it
    }

    void clientsComeAndGo()
    {
        use();
        for (const std::string text : {"one", "two"}) {
            UniqueFd fd = client();
            m_rig->send(text);
            QCOMPARE(readSome(fd.get(), 3), text);
            QCOMPARE(::write(fd.get(), text.data(), 3), ssize_t{3});
            QVERIFY(eventually([&] { return m_rig->received().ends_with(text); }));
            fd.reset();
            QVERIFY(eventually([&] { return !m_rig->connected(); }));
        }
        m_rig->send("nobody is there");
        QCOMPARE(m_rig->unsent(), size_t{15}); // waits for the next
        const UniqueFd fd = client();
        QCOMPARE(readSome(fd.get(), 15), std::string("nobody is there"));
    }

    void oneAtATime()
    {
        use();
        const UniqueFd first = client();
        const UniqueFd second = std::move(*connectUnix(m_path));
        QVERIFY(readsEnd(second.get()));
        m_rig->send("still there");
        QCOMPARE(readSome(first.get(), 11), std::string("still there"));
    }

    /// `echo question | socat - UNIX:port` gets its answer.
    void halfClosed()
    {
        use();
        const UniqueFd fd = client();
        QCOMPARE(::write(fd.get(), "question", 8), ssize_t{8});
        ::shutdown(fd.get(), SHUT_WR);
        QVERIFY(eventually([&] { return m_rig->received() == "question"; }));
        QVERIFY(m_rig->connected());
        m_rig->send("answer");
        QCOMPARE(readSome(fd.get(), 6), std::string("answer"));
    }

    void saidBeforeLeaving()
    {
        use();
        m_rig->allow(0);
        UniqueFd fd = client();
        QCOMPARE(::write(fd.get(), "last words", 10), ssize_t{10});
        fd.reset();
        QTest::qWait(20);
        const unsigned calls = m_rig->calls;
        QTest::qWait(50);
        QVERIFY(m_rig->calls - calls < 10); // no spinning meanwhile
        m_rig->allow(100);
        QVERIFY(eventually([&] { return m_rig->received() == "last words"; }));
        QVERIFY(eventually([&] { return !m_rig->connected(); }));
    }

    /// Who leaves while nothing is read from him does not keep the place.
    void leavesUnread()
    {
        use();
        m_rig->allow(0);
        client().reset();
        QVERIFY(eventually([&] { return !m_rig->connected(); }));
        const UniqueFd next = client();
        m_rig->send("hello");
        QCOMPARE(readSome(next.get(), 5), std::string("hello"));
    }

    void slowClientLosesNothing()
    {
        use();
        const UniqueFd fd = client();
        const std::string sent = pattern(4 << 20);
        m_rig->send(sent);
        QVERIFY(m_rig->unsent() > 0);
        QVERIFY(readSome(fd.get(), sent.size()) == sent);
    }

    void staleSocketIsReplaced()
    {
        {
            const UniqueFd left(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            sockaddr_storage address{};
            address.ss_family = AF_UNIX;
            std::copy(m_path.begin(), m_path.end(),
                      reinterpret_cast<char*>(&address) + sizeof(sa_family_t));
            QCOMPARE(::bind(left.get(), reinterpret_cast<sockaddr*>(&address),
                            static_cast<socklen_t>(sizeof(sa_family_t) + m_path.size() + 1)),
                     0);
        }
        use();
        client();
    }

    void whatElseIsThereStays()
    {
        use();
        const auto twice = SocketEnd::create(*m_rig->loop, m_path);
        QVERIFY(!twice && twice.error().code() == ErrorCode::Busy);
        client(); // the first still answers
        m_rig->drop();
        std::ofstream(m_path) << "a file";
        const auto file = SocketEnd::create(*m_rig->loop, m_path);
        QVERIFY(!file && file.error().code() == ErrorCode::Invalid);
        QCOMPARE(std::ifstream(m_path).get(), int('a'));
        ::unlink(m_path.c_str());
        QCOMPARE(::symlink("/nowhere", m_path.c_str()), 0);
        QVERIFY(!SocketEnd::create(*m_rig->loop, m_path));
        ::unlink(m_path.c_str());
    }

    void pathsThatDoNotFit()
    {
        for (const std::string& path :
             {std::string(), m_path + std::string(108 - m_path.size(), 'x'),
              m_folder.filePath("missing/port").toStdString()})
            QVERIFY(!SocketEnd::create(*m_rig->loop, path));
        m_path += std::string(107 - m_path.size(), 'x');
        use();
        client();
    }

    /// Clients that cannot be given a descriptor are turned away, and the loop does not spin.
    void withoutDescriptors()
    {
        use();
        rlimit limit{};
        QCOMPARE(::getrlimit(RLIMIT_NOFILE, &limit), 0);
        const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const rlimit tight{static_cast<rlim_t>(fd.get() + 1), limit.rlim_max};
        sockaddr_storage address{};
        address.ss_family = AF_UNIX;
        std::copy(m_path.begin(), m_path.end(),
                  reinterpret_cast<char*>(&address) + sizeof(sa_family_t));
        QCOMPARE(::setrlimit(RLIMIT_NOFILE, &tight), 0);
        const int connected =
            ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address),
                      static_cast<socklen_t>(sizeof(sa_family_t) + m_path.size() + 1));
        const bool refused = readsEnd(fd.get());
        ::setrlimit(RLIMIT_NOFILE, &limit);
        QCOMPARE(connected, 0);
        QVERIFY(refused);
        client(); // and the next is welcome
    }
};

QTEST_GUILESS_MAIN(UnixSocketTest)
#include "unix_socket_test.moc"
