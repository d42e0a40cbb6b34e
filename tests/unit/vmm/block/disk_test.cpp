// SPDX-License-Identifier: GPL-3.0-or-later
// Raw disks: opening with a sentence and locking; then one suite for every engine, against what the
// bytes should be.
#include <QTemporaryDir>
#include <QtTest>
#include <atomic>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/vmm/block/disk_rig.h"

using namespace vmm::block;
using tests::Bytes;
using tests::DiskRig;
using tests::Engine;

class DiskTest final : public QObject {
    Q_OBJECT

private slots:
    void init() { m_folder = std::make_unique<QTemporaryDir>(); }

    void sentences();
    void locks();
    void openers();

    void readWrite_data() { engines(); }
    void readWrite();
    void scatterAcrossPieces_data() { engines(); }
    void scatterAcrossPieces();
    void paddingAndBounds_data() { engines(); }
    void paddingAndBounds();
    void manyAtOnce_data() { engines(); }
    void manyAtOnce();
    void directAndMisaligned_data() { engines(); }
    void directAndMisaligned();
    void discardAndZeroes_data() { engines(); }
    void discardAndZeroes();
    void zeroesKeepTheirSpace_data() { engines(); }
    void zeroesKeepTheirSpace();
    void readOnlyRefuses_data() { engines(); }
    void readOnlyRefuses();
    void grows_data() { engines(); }
    void grows();
    void readsAtOnce_data() { engines(); }
    void readsAtOnce();
    void keptRequests_data() { engines(); }
    void keptRequests();
    void cancelEndsEverything_data() { engines(); }
    void cancelEndsEverything();
    void pauseHoldsRequests_data() { engines(); }
    void pauseHoldsRequests();
    void destructionRunsCompletions_data() { engines(); }
    void destructionRunsCompletions();
    void listenerHearsOfBatches_data() { engines(); }
    void listenerHearsOfBatches();

private:
    static void engines()
    {
        QTest::addColumn<Engine>("engine");
        QTest::newRow("own thread") << Engine::OwnThread;
        QTest::newRow("threads on a loop") << Engine::LoopThreads;
        QTest::newRow("io_uring") << Engine::LoopRing;
    }
    std::string file(const char* name, const std::string& content)
    {
        return tests::writeFile(m_folder->filePath(name).toStdString(), content);
    }
    std::unique_ptr<DiskRig> open(const std::string& path, DiskOptions options = {})
    {
        QFETCH(Engine, engine);
        auto rig = DiskRig::open(engine, path, options);
        if (!rig)
            qFatal("%s", rig.error().sentence().c_str());
        return *std::move(rig);
    }
    std::unique_ptr<DiskRig> disk(size_t size, DiskOptions options = {})
    {
        return open(file("disk", std::string(size, 'a')), options);
    }
    std::unique_ptr<QTemporaryDir> m_folder;
};

/// io_uring must be what is tested, where the host has it; the rest of a row is skipped elsewhere.
#define SKIP_WITHOUT_RING(rig)                                                                     \
    do {                                                                                           \
        QFETCH(Engine, engine);                                                                    \
        if (engine == Engine::LoopRing && !(rig).usesRing())                                       \
            QSKIP("io_uring is not available here");                                               \
    } while (false)

void DiskTest::sentences()
{
    const auto sentence = [](const std::string& path, OpenMode mode = OpenMode::ReadOnly) {
        const auto opened = openDisk(path, {.mode = mode});
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

void DiskTest::locks()
{
    const std::string path = file("disk", std::string(1024, 'a'));
    {
        auto writer = openDisk(path, {.cache = CacheMode::Direct}); // the second opening is ours
        QVERIFY(writer.has_value());
        for (const OpenMode mode : {OpenMode::ReadWrite, OpenMode::ReadOnly}) {
            const auto second = openDisk(path, {.mode = mode});
            QVERIFY(!second.has_value());
            QCOMPARE(second.error().code(), vmm::ErrorCode::Busy);
        }
    }
    auto one = openDisk(path, {.mode = OpenMode::ReadOnly});
    auto two = openDisk(path, {.mode = OpenMode::ReadOnly});
    QVERIFY(one.has_value() && two.has_value());
    QVERIFY(!openDisk(path).has_value());
}

void DiskTest::openers()
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
    const std::string iso = file("disc.iso", image + "odd");
    ImageFacts facts;
    auto loop = std::move(*vmm::EventLoop::create("disk-test"));
    for (vmm::EventLoop* where : {static_cast<vmm::EventLoop*>(nullptr), loop.get()}) {
        const auto disc = openCdrom(iso, &facts, where);
        QVERIFY(disc.has_value() && facts.iso9660);
        QCOMPARE((*disc)->capacity(), uint64_t{164});
        QVERIFY((*disc)->readOnly() && !(*disc)->canDiscard());
    }
}

void DiskTest::readWrite()
{
    for (const CacheMode cache : {CacheMode::Writeback, CacheMode::Writethrough}) {
        auto rig = disk(4096, {.cache = cache});
        SKIP_WITHOUT_RING(*rig);
        QCOMPARE(rig->disk->capacity(), uint64_t{8});
        QCOMPARE(rig->disk->volatileCache(), cache == CacheMode::Writeback);
        Bytes buffer(1024, std::byte{'z'});
        QCOMPARE(rig->run(IoKind::Write, 512, &buffer), IoStatus::Ok);
        const Bytes back = rig->read(0, 4096);
        QCOMPARE(back[511], std::byte{'a'});
        QCOMPARE(back[512], std::byte{'z'});
        QCOMPARE(back[1535], std::byte{'z'});
        QCOMPARE(back[1536], std::byte{'a'});
        IoRequest stable;
        stable.kind = IoKind::Write;
        stable.durability = IoDurability::Stable;
        stable.segments.emplace_back(std::span(buffer));
        QCOMPARE(rig->run(stable), IoStatus::Ok);
        QCOMPARE(rig->run(IoKind::Flush, 0, nullptr), IoStatus::Ok);
        QCOMPARE(rig->read(0, 1), Bytes{std::byte{'z'}});
    }
}

/// More segments and bytes than one system call takes.
void DiskTest::scatterAcrossPieces()
{
    std::string content(6 << 20, 0);
    for (size_t i = 0; i < content.size(); ++i)
        content[i] = static_cast<char>(i * 7 + i / 251);
    auto rig = open(file("disk", content), {.mode = OpenMode::ReadOnly});
    Bytes memory(content.size());
    IoRequest request;
    size_t at = 0;
    for (size_t i = 0; at < memory.size(); ++i) {
        const size_t part =
            std::min(memory.size() - at, i % 3 == 0 ? (i % 7 == 0 ? 2000000UL : 2UL) : i % 977 + 1);
        request.segments.emplace_back(std::span(memory).subspan(at, part));
        at += part;
    }
    QCOMPARE(rig->run(request), IoStatus::Ok);
    QVERIFY(std::memcmp(memory.data(), content.data(), content.size()) == 0);
}

void DiskTest::paddingAndBounds()
{
    const std::string path = file("odd", std::string(700, 'a'));
    auto rig = open(path);
    QCOMPARE(rig->disk->capacity(), uint64_t{2});
    const Bytes tail = rig->read(512, 512);
    QCOMPARE(tail[187], std::byte{'a'});
    QCOMPARE(tail[188], std::byte{0});
    QCOMPARE(tail[511], std::byte{0});
    QCOMPARE(rig->read(704, 64), Bytes(64)); // all of it behind the end
    Bytes buffer(512, std::byte{'b'});
    for (const uint64_t offset :
         {uint64_t{1024}, uint64_t{513}, ~uint64_t{0}, ~uint64_t{0} - 511}) {
        QCOMPARE(rig->run(IoKind::Read, offset, &buffer), IoStatus::Failed);
        QCOMPARE(rig->run(IoKind::Write, offset, &buffer), IoStatus::Failed);
        QCOMPARE(rig->run(IoKind::Discard, 0, nullptr, {{offset, 512}}), IoStatus::Failed);
        QCOMPARE(rig->run(IoKind::WriteZeroes, 0, nullptr, {{offset, 512}}), IoStatus::Failed);
    }
    QCOMPARE(rig->run(IoKind::Write, 512, &buffer), IoStatus::Ok); // the last one grows the file
    QCOMPARE(rig->read(512, 512), buffer);
    IoRequest nothing;
    QCOMPARE(rig->run(nothing), IoStatus::Ok);
}

/// Far more than the ring holds, in one batch, of every size; a model says what must come out.
void DiskTest::manyAtOnce()
{
    constexpr size_t kSize = size_t{4} << 20;
    constexpr size_t kSlot = 8192; // each request has its own, so that their order is free
    auto rig = disk(kSize);
    SKIP_WITHOUT_RING(*rig);
    Bytes model(kSize, std::byte{'a'});
    std::mt19937 random(7);
    for (int round = 0; round < 2; ++round) {
        std::vector<Bytes> data(kSize / kSlot);
        std::vector<IoRequest> requests(data.size());
        std::vector<IoRequest*> batch;
        std::atomic<size_t> ended{0};
        std::atomic<size_t> failed{0};
        for (size_t i = 0; i < requests.size(); ++i) {
            IoRequest& request = requests[i];
            request.kind = random() % 2 == 0 ? IoKind::Read : IoKind::Write;
            const size_t skip = 512 * (random() % 4);
            data[i].resize(512 * (1 + random() % 12), static_cast<std::byte>(random()));
            request.offset = i * kSlot + skip;
            const size_t half = data[i].size() / (1 + random() % 2);
            request.segments.emplace_back(std::span(data[i]).first(half));
            if (half != data[i].size())
                request.segments.emplace_back(std::span(data[i]).subspan(half));
            if (request.kind == IoKind::Write)
                std::copy(data[i].begin(), data[i].end(),
                          model.begin() + static_cast<ptrdiff_t>(request.offset));
            request.done = [&](const IoResult& result) {
                failed += result.status == IoStatus::Ok ? 0 : 1;
                ++ended;
            };
            batch.push_back(&request);
        }
        rig->submit(batch);
        QTRY_COMPARE(ended.load(), batch.size());
        QCOMPARE(failed.load(), size_t{0});
        rig->call([] {}); // what the completions wrote
        for (size_t i = 0; i < requests.size(); ++i)
            QVERIFY(std::equal(data[i].begin(), data[i].end(),
                               model.begin() + static_cast<ptrdiff_t>(requests[i].offset)));
        QVERIFY(rig->read(0, kSize) == model);
    }
}

/// Past the page cache where that works, and as right where it does not.
void DiskTest::directAndMisaligned()
{
    auto rig = disk(64 << 10, {.cache = CacheMode::Direct});
    QVERIFY(rig->disk->volatileCache());
    alignas(4096) static std::array<std::byte, 16384> buffer;
    struct Case {
        size_t place, offset, size;
    };
    int value = 1;
    for (const Case& piece : {Case{0, 0, 4096}, Case{0, 512, 512}, Case{3, 4096, 4096},
                              Case{16, 513, 700}, Case{0, 8192, 8192}, Case{4095, 65024, 512}}) {
        const auto span = std::span(buffer).subspan(piece.place, piece.size);
        std::fill(span.begin(), span.end(), static_cast<std::byte>(value));
        IoRequest request;
        request.kind = IoKind::Write;
        request.offset = piece.offset;
        request.segments.emplace_back(span);
        QCOMPARE(rig->run(request), IoStatus::Ok);
        std::fill(span.begin(), span.end(), std::byte{0});
        request.kind = IoKind::Read;
        QCOMPARE(rig->run(request), IoStatus::Ok);
        QCOMPARE(Bytes(span.begin(), span.end()), Bytes(piece.size, static_cast<std::byte>(value)));
        ++value;
    }
    QCOMPARE(rig->read(1023, 2),
             (Bytes{static_cast<std::byte>(4), static_cast<std::byte>(4)})); // 513 and 700 after
    QCOMPARE(rig->run(IoKind::Flush, 0, nullptr), IoStatus::Ok);
}

void DiskTest::discardAndZeroes()
{
    auto rig = disk(1 << 20);
    QVERIFY(rig->disk->canDiscard());
    QCOMPARE(rig->run(IoKind::Discard, 0, nullptr, {{65536, 65536}, {0, 0}}), IoStatus::Ok);
    QCOMPARE(rig->read(0, 1)[0], std::byte{'a'});
    QCOMPARE(rig->run(IoKind::Discard, 0, nullptr, {{1 << 20, 512}}), IoStatus::Failed);
    QCOMPARE(rig->run(IoKind::Discard, 0, nullptr, {{512, ~uint64_t{0}}}), IoStatus::Failed);
    for (const bool mayUnmap : {false, true}) {
        const uint64_t base = mayUnmap ? 512 : 524288;
        QCOMPARE(rig->run(IoKind::WriteZeroes, 0, nullptr, {{base, 512}, {base + 4096, 200000}},
                          mayUnmap),
                 IoStatus::Ok);
        const Bytes back = rig->read(base - 512, 8192);
        QCOMPARE(back[511], std::byte{'a'});
        QCOMPARE(back[512], std::byte{0});
        QCOMPARE(back[1023], std::byte{0});
        QCOMPARE(back[1024], std::byte{'a'});
        QCOMPARE(back[4607], std::byte{'a'});
        QCOMPARE(back[4608], std::byte{0});
        QCOMPARE(rig->read(base + 4096 + 200000 - 1, 2), (Bytes{std::byte{0}, std::byte{'a'}}));
    }
    struct stat info {};
    QCOMPARE(::stat(rig->disk->path().c_str(), &info), 0);
    QCOMPARE(info.st_size, off_t{1 << 20});
}

/// Space goes back to the host when the guest may give it back, and only then.
void DiskTest::zeroesKeepTheirSpace()
{
    auto rig = disk(1 << 20);
    QCOMPARE(rig->run(IoKind::Flush, 0, nullptr), IoStatus::Ok);
    const auto blocks = [&rig] {
        struct stat info {};
        CHECK(::stat(rig->disk->path().c_str(), &info) == 0);
        return info.st_blocks;
    };
    const auto before = blocks();
    QCOMPARE(rig->run(IoKind::WriteZeroes, 0, nullptr, {{0, 1 << 19}}), IoStatus::Ok);
    QCOMPARE(rig->run(IoKind::Flush, 0, nullptr), IoStatus::Ok);
    QVERIFY(blocks() >= before);
    QCOMPARE(rig->run(IoKind::WriteZeroes, 0, nullptr, {{0, 1 << 19}}, true), IoStatus::Ok);
    if (blocks() >= before)
        QSKIP("this file system has no holes");
    QCOMPARE(rig->read(0, 4096), Bytes(4096));
}

void DiskTest::readOnlyRefuses()
{
    auto rig = disk(4096, {.mode = OpenMode::ReadOnly});
    QVERIFY(rig->disk->readOnly() && !rig->disk->canDiscard());
    Bytes buffer(512);
    QCOMPARE(rig->run(IoKind::Write, 0, &buffer), IoStatus::Failed);
    QCOMPARE(rig->run(IoKind::Discard, 0, nullptr, {{0, 512}}), IoStatus::Failed);
    QCOMPARE(rig->run(IoKind::WriteZeroes, 0, nullptr, {{0, 512}}), IoStatus::Failed);
    QCOMPARE(rig->run(IoKind::Flush, 0, nullptr), IoStatus::Ok);
    QCOMPARE(rig->read(0, 1)[0], std::byte{'a'});
    rig->call([&] { QVERIFY(!rig->disk->resize(8192).has_value()); });
}

void DiskTest::grows()
{
    struct Listener final : BlockListener {
        void completed() override {}
        void capacityChanged() override { ++changes; }
        int changes = 0;
    } listener;
    auto rig = disk(4096);
    rig->call([&] {
        rig->disk->setListener(&listener);
        QVERIFY(rig->disk->resize(8192).has_value());
    });
    QCOMPARE(rig->disk->capacity(), uint64_t{16});
    QCOMPARE(listener.changes, 1);
    Bytes buffer(512, std::byte{'n'});
    QCOMPARE(rig->run(IoKind::Write, 7680, &buffer), IoStatus::Ok);
    QCOMPARE(rig->read(4096, 4096)[3583], std::byte{0});
    rig->call([&] {
        QVERIFY(!rig->disk->resize(4096).has_value());
        QVERIFY(!rig->disk->resize(8193).has_value());
        QVERIFY(!rig->disk->resize(~uint64_t{511}).has_value());
        QVERIFY(rig->disk->resize(8192).has_value());
    });
    QCOMPARE(listener.changes, 1);
    QCOMPARE(::truncate(rig->disk->path().c_str(), 12288), 0); // somebody else makes it larger
    QCOMPARE(rig->disk->capacity(), uint64_t{16});
    rig->call([&] { QVERIFY(rig->disk->resize({}).has_value()); });
    QCOMPARE(rig->disk->capacity(), uint64_t{24});
    QCOMPARE(listener.changes, 2);
}

/// What is cached may be read at once; what is not, too large or past the end may not.
void DiskTest::readsAtOnce()
{
    std::string content(1 << 20, 'q');
    content += "tail";
    auto rig = open(file("disk", content), {.mode = OpenMode::ReadOnly});
    Bytes buffer(4096);
    const auto at = [&](uint64_t offset, IoKind kind = IoKind::Read) {
        IoRequest request;
        request.kind = kind;
        request.offset = offset;
        request.segments.emplace_back(std::span(buffer).first(100));
        request.segments.emplace_back(std::span(buffer).subspan(100));
        return rig->disk->readNow(request);
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

/// For controllers with little in flight: the disk keeps the request itself.
void DiskTest::keptRequests()
{
    auto rig = disk(4096);
    const auto buffer = std::make_shared<Bytes>(512);
    std::atomic<int> left{5};
    std::function<void()> next = [&] {
        IoRequest request;
        request.segments.emplace_back(std::span(*buffer));
        request.done = [&, buffer](const IoResult& result) {
            if (result.status == IoStatus::Ok && --left > 0)
                next();
        };
        rig->disk->submit(std::move(request));
    };
    rig->call(next);
    QTRY_COMPARE(left.load(), 0);
    rig.reset();
    QCOMPARE(buffer.use_count(), 1L);
}

void DiskTest::cancelEndsEverything()
{
    auto rig = disk(4096);
    std::vector<Bytes> buffers(10, Bytes(512));
    std::atomic<int> ended{0};
    std::atomic<int> cancelled{0};
    std::vector<IoRequest> requests(10);
    std::vector<IoRequest*> batch;
    for (IoRequest& request : requests) {
        request.segments.emplace_back(std::span(buffers[batch.size()]));
        request.done = [&](const IoResult& result) {
            cancelled += result.status == IoStatus::Cancelled ? 1 : 0;
            ++ended;
        };
        batch.push_back(&request);
    }
    rig->call([&] {
        rig->disk->pause();
        rig->disk->submit(batch);
        rig->disk->cancel();
        QCOMPARE(ended.load(), 0);
        rig->disk->resume();
    });
    QTRY_COMPARE(ended.load(), 10);
    QCOMPARE(cancelled.load(), 10);
    QCOMPARE(rig->read(0, 1)[0], std::byte{'a'});
    ended = 0;
    rig->call([&] { // in the kernel or with the threads already: either end is right
        rig->disk->submit(batch);
        rig->disk->cancel();
        rig->disk->cancel();
    });
    QTRY_COMPARE(ended.load(), 10);
}

void DiskTest::pauseHoldsRequests()
{
    auto rig = disk(4096);
    Bytes buffer(512);
    std::atomic<bool> ended{false};
    IoRequest request;
    request.segments.emplace_back(std::span(buffer));
    request.done = [&](const IoResult&) { ended = true; };
    rig->call([&] {
        rig->disk->pause();
        rig->disk->pause();
        rig->disk->submit(std::array{&request});
        rig->disk->poll();
    });
    QTest::qWait(20);
    QVERIFY(!ended);
    rig->call([&] {
        rig->disk->resume();
        rig->disk->resume();
    });
    QTRY_VERIFY(ended.load());
}

void DiskTest::destructionRunsCompletions()
{
    for (const bool pausing : {false, true}) {
        auto rig = disk(1 << 20);
        std::atomic<size_t> ended{0};
        std::vector<Bytes> data(600, Bytes(512));
        std::vector<IoRequest> requests(data.size());
        std::vector<IoRequest*> batch;
        for (size_t i = 0; i < data.size(); ++i) {
            requests[i].kind = IoKind::Write;
            requests[i].offset = i * 512;
            requests[i].segments.emplace_back(std::span(data[i]));
            requests[i].done = [&](const IoResult&) { ++ended; };
            batch.push_back(&requests[i]);
        }
        rig->call([&] {
            if (pausing)
                rig->disk->pause();
            rig->disk->submit(batch);
        });
        rig->disk.reset();
        QCOMPARE(ended.load(), data.size());
    }
}

/// Once a batch or more often, and never before the last of its completions.
void DiskTest::listenerHearsOfBatches()
{
    struct Listener final : BlockListener {
        void completed() override { told = ended.load(); }
        void capacityChanged() override {}
        std::atomic<int> ended{0};
        std::atomic<int> told{0};
    } listener;
    auto rig = disk(1 << 20);
    rig->call([&] { rig->disk->setListener(&listener); });
    std::vector<Bytes> buffers(32, Bytes(4096));
    std::vector<IoRequest> requests(32);
    std::vector<IoRequest*> batch;
    for (IoRequest& request : requests) {
        request.segments.emplace_back(std::span(buffers[batch.size()]));
        request.done = [&](const IoResult&) { ++listener.ended; };
        batch.push_back(&request);
    }
    rig->call([&] {
        rig->disk->submit(batch);
        rig->disk->poll();
    });
    QTRY_COMPARE(listener.told.load(), 32);
}

QTEST_GUILESS_MAIN(DiskTest)
#include "disk_test.moc"
