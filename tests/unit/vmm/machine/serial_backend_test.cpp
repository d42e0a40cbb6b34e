// SPDX-License-Identifier: GPL-3.0-or-later
// The host's end of a serial port: files, pseudo-terminals, and readers that do not keep up.
#include <QtTest>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "vmm/base/mutex.h"
#include "vmm/machine/serial_backend.h"

using namespace vmm;
using machine::SerialBackend;
using spec::SerialKind;

namespace {

std::span<const std::byte> bytesOf(std::string_view text)
{
    return std::as_bytes(std::span(text));
}

/// Keeps what came; says it has `space` bytes left. Thread-safe.
class Receiver final : public console::ByteReceiver {
public:
    explicit Receiver(size_t space) : m_space(space) {}
    size_t receiveSpace() const override
    {
        MutexLock lock(m_mutex);
        return m_space;
    }
    void receiveBytes(std::span<const std::byte> bytes) override
    {
        MutexLock lock(m_mutex);
        m_overrun = m_overrun || bytes.size() > m_space;
        m_space -= std::min(m_space, bytes.size());
        for (const std::byte byte : bytes)
            m_text.push_back(static_cast<char>(byte));
    }
    void setSpace(size_t space)
    {
        MutexLock lock(m_mutex);
        m_space = space;
    }
    std::string text() const
    {
        MutexLock lock(m_mutex);
        return m_text;
    }
    bool overrun() const
    {
        MutexLock lock(m_mutex);
        return m_overrun;
    }

private:
    mutable Mutex m_mutex;
    size_t m_space GUARDED_BY(m_mutex);
    bool m_overrun GUARDED_BY(m_mutex) = false;
    std::string m_text GUARDED_BY(m_mutex);
};

/// `size` bytes from `fd`, or fewer when nothing comes for five seconds.
std::string readSome(int fd, size_t size)
{
    std::string text;
    pollfd wait{fd, POLLIN, 0};
    while (text.size() < size && ::poll(&wait, 1, 5000) > 0) {
        char piece[512];
        const ssize_t got = ::read(fd, piece, std::min(sizeof piece, size - text.size()));
        if (got <= 0)
            break;
        text.append(piece, static_cast<size_t>(got));
    }
    return text;
}

std::string contentOf(const std::string& path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

class SerialBackendTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

private slots:
    void fileIsCompleteAtTheEnd()
    {
        const std::string path = m_folder.filePath("out.log").toStdString();
        std::ofstream(path) << "of an earlier run";
        std::string expected;
        {
            auto backend = std::move(*SerialBackend::create(SerialKind::File, path));
            for (int line = 0; line < 2000; ++line) {
                const std::string text = "line " + std::to_string(line) + "\n";
                backend->writeBytes(bytesOf(text));
                expected += text;
            }
            QCOMPARE(backend->dropped(), uint64_t{0});
            QVERIFY(backend->ptyName().empty());
        }
        QCOMPARE(contentOf(path), expected);
    }

    /// However much waits when the machine ends: a file takes it all.
    void muchAtTheEnd()
    {
        const std::string path = m_folder.filePath("much.log").toStdString();
        std::string sent;
        {
            auto backend = std::move(*SerialBackend::create(SerialKind::File, path));
            for (int line = 0; line < 70'000; ++line)
                sent += "line " + std::to_string(line) + "\n";
            backend->writeBytes(bytesOf(sent));
            QCOMPARE(backend->dropped(), uint64_t{0});
        }
        QVERIFY(contentOf(path) == sent);
    }

    /// Whoever opens the terminal late finds what was said before.
    void saidBeforeAnybodyLooked()
    {
        auto backend = std::move(*SerialBackend::create(SerialKind::Pty, {}));
        const std::string sent(300'000, 'x');
        backend->writeBytes(bytesOf(sent));
        const UniqueFd terminal(::open(backend->ptyName().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        QVERIFY(readSome(terminal.get(), sent.size()) == sent);
        QCOMPARE(backend->dropped(), uint64_t{0});
    }

    void fileThatCannotBeMade()
    {
        const std::string path = m_folder.filePath("missing/out.log").toStdString();
        const auto backend = SerialBackend::create(SerialKind::File, path);
        QVERIFY(!backend.has_value());
        QVERIFY(backend.error().sentence().find(path) != std::string::npos);
    }

    void inputOfAFileIsNothing()
    {
        Receiver receiver(100);
        const std::string path = m_folder.filePath("silent.log").toStdString();
        auto backend = std::move(*SerialBackend::create(SerialKind::File, path));
        backend->connect(receiver);
        backend->disconnect();
        backend->disconnect();
        QVERIFY(receiver.text().empty());
    }

    void ptyCarriesBothWays()
    {
        Receiver receiver(1000);
        auto backend = std::move(*SerialBackend::create(SerialKind::Pty, {}));
        backend->connect(receiver);
        const UniqueFd terminal(
            ::open(backend->ptyName().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
        QVERIFY(terminal.valid());
        backend->writeBytes(bytesOf("login: \r\n\x03"));
        QCOMPARE(readSome(terminal.get(), 10), std::string("login: \r\n\x03")); // raw: unchanged
        QCOMPARE(::write(terminal.get(), "root\r", 5), ssize_t{5});
        QTRY_COMPARE(receiver.text(), std::string("root\r"));
        // Nothing echoes what the guest gets back to whoever typed it.
        pollfd wait{terminal.get(), POLLIN, 0};
        QCOMPARE(::poll(&wait, 1, 50), 0);
        backend->disconnect();
        QVERIFY(!receiver.overrun());
    }

    void typedBytesWaitForSpace()
    {
        Receiver receiver(0);
        auto backend = std::move(*SerialBackend::create(SerialKind::Pty, {}));
        backend->connect(receiver);
        const UniqueFd terminal(::open(backend->ptyName().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        QCOMPARE(::write(terminal.get(), "abcdef", 6), ssize_t{6});
        QTest::qWait(50);
        QVERIFY(receiver.text().empty());
        receiver.setSpace(4);
        QTRY_COMPARE(receiver.text(), std::string("abcd"));
        receiver.setSpace(4);
        QTRY_COMPARE(receiver.text(), std::string("abcdef"));
        QVERIFY(!receiver.overrun());
    }

    void ptyOutlivesItsReaders()
    {
        Receiver receiver(1000);
        auto backend = std::move(*SerialBackend::create(SerialKind::Pty, {}));
        backend->connect(receiver);
        for (const char* text : {"one", "two"}) {
            const UniqueFd terminal(
                ::open(backend->ptyName().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
            QCOMPARE(::write(terminal.get(), text, 3), ssize_t{3});
            QTRY_VERIFY(receiver.text().ends_with(text));
        }
        QCOMPARE(receiver.text(), std::string("onetwo"));
    }

    void slowReaderDoesNotBlock()
    {
        const std::string path = m_folder.filePath("fifo").toStdString();
        QCOMPARE(::mkfifo(path.c_str(), 0600), 0);
        // The reader opens first, or the backend's open would wait; then it never reads.
        const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        QVERIFY(reader.valid());
        auto backend = std::move(*SerialBackend::create(SerialKind::File, path));
        constexpr size_t kSent = 4 * SerialBackend::kBuffer;
        const std::string piece(8192, 'x');
        QElapsedTimer time;
        time.start();
        for (size_t sent = 0; sent < kSent; sent += piece.size())
            backend->writeBytes(bytesOf(piece));
        QVERIFY2(time.elapsed() < 5000, "writing waited for the reader");
        // Two buffers (one being written, one filling) and the pipe hold something, the rest went.
        QVERIFY(backend->dropped() >= kSent - 2 * SerialBackend::kBuffer - (size_t{1} << 20));
        QVERIFY(backend->dropped() < kSent);
        time.restart();
        backend.reset(); // while the writer waits for the reader
        QVERIFY2(time.elapsed() < 5000, "destruction waited for the reader");
    }

    void readerThatGoesAwayIsNoCrash()
    {
        ::signal(SIGPIPE, SIG_IGN); // as the program does
        const std::string path = m_folder.filePath("gone").toStdString();
        QCOMPARE(::mkfifo(path.c_str(), 0600), 0);
        UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        auto backend = std::move(*SerialBackend::create(SerialKind::File, path));
        reader.reset();
        backend->writeBytes(bytesOf("nobody"));
        QTRY_COMPARE(backend->dropped(), uint64_t{6});
    }

    void manyWriters()
    {
        const std::string path = m_folder.filePath("many.log").toStdString();
        {
            auto backend = std::move(*SerialBackend::create(SerialKind::File, path));
            std::vector<std::thread> writers;
            for (int writer = 0; writer < 4; ++writer)
                writers.emplace_back([&] {
                    for (int i = 0; i < 1000; ++i)
                        backend->writeBytes(bytesOf("0123456789"));
                });
            for (std::thread& writer : writers)
                writer.join();
        }
        QCOMPARE(std::filesystem::file_size(path), std::uintmax_t{4 * 1000 * 10});
    }
};

QTEST_GUILESS_MAIN(SerialBackendTest)
#include "serial_backend_test.moc"
