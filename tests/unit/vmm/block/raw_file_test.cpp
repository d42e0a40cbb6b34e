// SPDX-License-Identifier: GPL-3.0-or-later
// Raw files: opening with a sentence, locking, reading, writing, cancelling, pausing.
#include <QTemporaryDir>
#include <QtTest>
#include <atomic>
#include <fstream>
#include <future>
#include <sys/stat.h>
#include <unistd.h>

#include "vmm/block/open_image.h"
#include "vmm/block/raw_file.h"

using namespace vmm::block;

namespace {

using Bytes = std::vector<std::byte>;

IoResult run(BlockBackend& backend, IoKind kind, uint64_t offset, Bytes* buffer,
             std::vector<Extent> extents = {})
{
    std::promise<IoResult> promise;
    IoRequest request;
    request.kind = kind;
    request.offset = offset;
    request.extents = std::move(extents);
    if (buffer != nullptr)
        request.segments.emplace_back(std::span(*buffer));
    request.done = [&promise](IoResult result) { promise.set_value(std::move(result)); };
    backend.submit(std::move(request));
    return promise.get_future().get();
}

} // namespace

class RawFileTest final : public QObject {
    Q_OBJECT

private slots:
    void init();
    void sentences();
    void locks();
    void readWrite();
    void scatterAcrossPieces();
    void paddingAndBounds();
    void readsAtOnce();
    void flushAndDiscard();
    void cancelEndsEverything();
    void pauseHoldsQueue();
    void destructionRunsCompletions();
    void openers();

private:
    std::string file(const char* name, const std::string& content);
    std::unique_ptr<QTemporaryDir> m_folder;
};

void RawFileTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

std::string RawFileTest::file(const char* name, const std::string& content)
{
    const std::string path = m_folder->filePath(name).toStdString();
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

void RawFileTest::sentences()
{
    const auto sentence = [](const std::string& path, OpenMode mode = OpenMode::ReadOnly) {
        const auto opened = RawFile::open(path, mode);
        return opened ? std::string() : opened.error().sentence();
    };
    const std::string folder = m_folder->path().toStdString();
    QVERIFY(sentence(folder + "/missing").find("No such file") != std::string::npos);
    QVERIFY(sentence(folder).find("folder") != std::string::npos);
    QVERIFY(sentence(folder, OpenMode::ReadWrite).find("folder") != std::string::npos);
    QVERIFY(sentence(file("empty", "")).find("empty") != std::string::npos);
    const std::string pipe = folder + "/pipe";
    QCOMPARE(::mkfifo(pipe.c_str(), 0600), 0);
    QVERIFY(sentence(pipe).find("neither") != std::string::npos);
    if (::geteuid() != 0) {
        const std::string secret = file("secret", "x");
        QCOMPARE(::chmod(secret.c_str(), 0), 0);
        QVERIFY(sentence(secret).find("Permission denied") != std::string::npos);
    }
}

void RawFileTest::locks()
{
    const std::string path = file("disk", std::string(1024, 'a'));
    {
        auto writer = RawFile::open(path, OpenMode::ReadWrite);
        QVERIFY(writer.has_value());
        for (const OpenMode mode : {OpenMode::ReadWrite, OpenMode::ReadOnly}) {
            const auto second = RawFile::open(path, mode);
            QVERIFY(!second.has_value());
            QCOMPARE(second.error().code(), vmm::ErrorCode::Busy);
        }
    }
    auto one = RawFile::open(path, OpenMode::ReadOnly);
    auto two = RawFile::open(path, OpenMode::ReadOnly);
    QVERIFY(one.has_value() && two.has_value());
    QVERIFY(!RawFile::open(path, OpenMode::ReadWrite).has_value());
}

void RawFileTest::readWrite()
{
    auto disk =
        std::move(*RawFile::open(file("disk", std::string(4096, 'a')), OpenMode::ReadWrite));
    QCOMPARE(disk->capacity(), uint64_t{8});
    Bytes buffer(1024, std::byte{'z'});
    QCOMPARE(run(*disk, IoKind::Write, 512, &buffer).status, IoStatus::Ok);
    Bytes back(4096);
    QCOMPARE(run(*disk, IoKind::Read, 0, &back).status, IoStatus::Ok);
    QCOMPARE(back[511], std::byte{'a'});
    QCOMPARE(back[512], std::byte{'z'});
    QCOMPARE(back[1535], std::byte{'z'});
    QCOMPARE(back[1536], std::byte{'a'});
    auto reader =
        std::move(*RawFile::open(file("iso", std::string(4096, 'a')), OpenMode::ReadOnly));
    QVERIFY(reader->readOnly() && !reader->canDiscard());
    QCOMPARE(run(*reader, IoKind::Write, 0, &buffer).status, IoStatus::Failed);
}

/// More segments and bytes than one system call takes.
void RawFileTest::scatterAcrossPieces()
{
    std::string content(6 << 20, 0);
    for (size_t i = 0; i < content.size(); ++i)
        content[i] = static_cast<char>(i * 7 + i / 251);
    auto disk = std::move(*RawFile::open(file("disk", content), OpenMode::ReadOnly));
    Bytes memory(content.size());
    std::promise<IoResult> promise;
    IoRequest request;
    size_t at = 0;
    for (size_t i = 0; at < memory.size(); ++i) {
        const size_t part =
            std::min(memory.size() - at, i % 3 == 0 ? (i % 7 == 0 ? 2000000UL : 2UL) : i % 977 + 1);
        request.segments.emplace_back(std::span(memory).subspan(at, part));
        at += part;
    }
    request.done = [&promise](IoResult result) { promise.set_value(std::move(result)); };
    disk->submit(std::move(request));
    QCOMPARE(promise.get_future().get().status, IoStatus::Ok);
    QVERIFY(std::memcmp(memory.data(), content.data(), content.size()) == 0);
}

void RawFileTest::paddingAndBounds()
{
    const std::string path = file("odd", std::string(700, 'a'));
    {
        auto cd = std::move(*RawFile::open(path, OpenMode::ReadOnly, 2048));
        QCOMPARE(cd->capacity(), uint64_t{4});
        QCOMPARE(cd->size(), uint64_t{700});
        Bytes buffer(2048, std::byte{0xff});
        QCOMPARE(run(*cd, IoKind::Read, 0, &buffer).status, IoStatus::Ok);
        QCOMPARE(buffer[699], std::byte{'a'});
        QCOMPARE(buffer[700], std::byte{0});
        QCOMPARE(buffer[2047], std::byte{0});
    }
    auto disk = std::move(*RawFile::open(path, OpenMode::ReadWrite));
    Bytes buffer(512);
    for (const uint64_t offset :
         {uint64_t{1024}, uint64_t{513}, ~uint64_t{0}, ~uint64_t{0} - 511}) {
        QCOMPARE(run(*disk, IoKind::Read, offset, &buffer).status, IoStatus::Failed);
        QCOMPARE(run(*disk, IoKind::Write, offset, &buffer).status, IoStatus::Failed);
    }
}

/// What is cached may be read at once; what is not, too large or past the end may not.
void RawFileTest::readsAtOnce()
{
    const std::string content(1 << 20, 'q');
    auto disk = std::move(*RawFile::open(file("disk", content + "tail"), OpenMode::ReadOnly, 2048));
    Bytes buffer(4096);
    const auto at = [&](uint64_t offset, IoKind kind = IoKind::Read) {
        IoRequest request;
        request.kind = kind;
        request.offset = offset;
        request.segments.emplace_back(std::span(buffer).first(100));
        request.segments.emplace_back(std::span(buffer).subspan(100));
        return disk->readNow(request);
    };
    if (const auto result = at(4096)) { // the host's file system decides
        QCOMPARE(result->status, IoStatus::Ok);
        QCOMPARE(buffer[4095], std::byte{'q'});
    }
    QVERIFY(!at(1 << 20).has_value());
    QVERIFY(!at(~uint64_t{0}).has_value());
    QVERIFY(!at(0, IoKind::Write).has_value());
    buffer.resize(200000);
    QVERIFY(!at(0).has_value());
}

void RawFileTest::flushAndDiscard()
{
    const std::string path = file("disk", std::string(1 << 20, 'a'));
    auto disk = std::move(*RawFile::open(path, OpenMode::ReadWrite));
    QCOMPARE(run(*disk, IoKind::Flush, 0, nullptr).status, IoStatus::Ok);
    QVERIFY(disk->canDiscard());
    QCOMPARE(run(*disk, IoKind::Discard, 0, nullptr, {{65536, 65536}, {0, 0}}).status,
             IoStatus::Ok);
    Bytes buffer(512);
    QCOMPARE(run(*disk, IoKind::Read, 0, &buffer).status, IoStatus::Ok);
    QCOMPARE(buffer[0], std::byte{'a'});
    QCOMPARE(run(*disk, IoKind::Discard, 0, nullptr, {{1 << 20, 512}}).status, IoStatus::Failed);
    QCOMPARE(run(*disk, IoKind::Discard, 0, nullptr, {{512, ~uint64_t{0}}}).status,
             IoStatus::Failed);
    struct stat info {};
    QCOMPARE(::stat(path.c_str(), &info), 0);
    QCOMPARE(info.st_size, off_t{1 << 20});
}

void RawFileTest::cancelEndsEverything()
{
    auto disk =
        std::move(*RawFile::open(file("disk", std::string(4096, 'a')), OpenMode::ReadWrite));
    Bytes buffer(512);
    std::atomic<int> ended{0};
    std::atomic<int> cancelled{0};
    disk->pause();
    for (int i = 0; i < 10; ++i) {
        IoRequest request;
        request.segments.emplace_back(std::span(buffer));
        request.done = [&](const IoResult& result) {
            cancelled += result.status == IoStatus::Cancelled ? 1 : 0;
            ++ended;
        };
        disk->submit(std::move(request));
    }
    disk->cancel();
    disk->resume();
    QTRY_COMPARE(ended.load(), 10);
    QCOMPARE(cancelled.load(), 10);
    QCOMPARE(run(*disk, IoKind::Read, 0, &buffer).status, IoStatus::Ok);
}

void RawFileTest::pauseHoldsQueue()
{
    auto disk =
        std::move(*RawFile::open(file("disk", std::string(4096, 'a')), OpenMode::ReadWrite));
    Bytes buffer(512);
    std::atomic<bool> ended{false};
    disk->pause();
    disk->pause();
    IoRequest request;
    request.segments.emplace_back(std::span(buffer));
    request.done = [&](const IoResult&) { ended = true; };
    disk->submit(std::move(request));
    QTest::qWait(20);
    QVERIFY(!ended);
    disk->resume();
    disk->resume();
    QTRY_VERIFY(ended.load());
}

void RawFileTest::destructionRunsCompletions()
{
    std::atomic<int> ended{0};
    Bytes buffer(512);
    {
        auto disk =
            std::move(*RawFile::open(file("disk", std::string(4096, 'a')), OpenMode::ReadOnly));
        disk->pause();
        for (int i = 0; i < 5; ++i) {
            IoRequest request;
            request.segments.emplace_back(std::span(buffer));
            request.done = [&](const IoResult&) { ++ended; };
            disk->submit(std::move(request));
        }
    }
    QCOMPARE(ended.load(), 5);
}

void RawFileTest::openers()
{
    const std::string text = file("notes.txt", std::string(5000, 'n'));
    const auto cdrom = openCdrom(text);
    QVERIFY(!cdrom.has_value());
    QVERIFY(cdrom.error().sentence().find("not a CD or DVD image") != std::string::npos);
    QVERIFY(openDisk(text).has_value()); // any bytes are a raw disk
    const auto qcow = openDisk(file("disk.qcow2", "QFI\xfb" + std::string(2000, 0)));
    QVERIFY(!qcow.has_value());
    QCOMPARE(qcow.error().code(), vmm::ErrorCode::Unsupported);
    QVERIFY(qcow.error().sentence().find("qcow2") != std::string::npos);
    std::string image(40 * 2048, 0);
    image.replace(16 * 2048, 6, "\1CD001");
    image.replace(17 * 2048, 6,
                  "\xff"
                  "CD001");
    ImageFacts facts;
    const auto disc = openCdrom(file("disc.iso", image), &facts);
    QVERIFY(disc.has_value() && facts.iso9660);
    QCOMPARE((*disc)->capacity(), uint64_t{160});
}

QTEST_GUILESS_MAIN(RawFileTest)
#include "raw_file_test.moc"
