// SPDX-License-Identifier: GPL-3.0-or-later
// Disks on block devices of the host, with every engine: what differs from files.
#include <QTemporaryDir>
#include <QtTest>
#include <filesystem>
#include <sys/stat.h>

#include "tests/device/vmm/block/loop_device.h"
#include "tests/unit/vmm/block/disk_rig.h"

using namespace vmm::block;
using tests::Bytes;
using tests::DiskRig;
using tests::Engine;
using tests::LoopDevice;

namespace {

constexpr size_t kSize = size_t{4} << 20;

/// Bytes of the host's disk that `file` takes.
uint64_t taken(const std::string& file)
{
    struct stat info {};
    return ::stat(file.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_blocks) * 512 : 0;
}

} // namespace

class BlockDeviceTest final : public QObject {
    Q_OBJECT

private slots:
    void init();
    void cleanup() { m_device.reset(); }

    void readsAndWrites_data() { engines(); }
    void readsAndWrites();
    void discards_data() { engines(); }
    void discards();
    void zeroes_data() { engines(); }
    void zeroes();
    void largeSectors_data() { engines(); }
    void largeSectors();
    void grows_data() { engines(); }
    void grows();
    void readOnlyDevice();
    void nobodyElsesDevice();

private:
    static void engines()
    {
        QTest::addColumn<Engine>("engine");
        QTest::newRow("own thread") << Engine::OwnThread;
        QTest::newRow("threads on a loop") << Engine::LoopThreads;
        QTest::newRow("io_uring") << Engine::LoopRing;
    }
    std::unique_ptr<DiskRig> open(DiskOptions options = {})
    {
        QFETCH(Engine, engine);
        auto rig = DiskRig::open(engine, m_device->path(), options);
        if (!rig)
            qFatal("%s", rig.error().sentence().c_str());
        return *std::move(rig);
    }
    std::string problem(OpenMode mode) const
    {
        const auto opened = openDisk(m_device->path(), {.mode = mode});
        return opened ? std::string() : opened.error().sentence();
    }
    std::unique_ptr<QTemporaryDir> m_folder;
    std::string m_file; ///< behind the device
    std::unique_ptr<LoopDevice> m_device;
};

void BlockDeviceTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_file = tests::writeFile(m_folder->filePath("disk").toStdString(), std::string(kSize, 'a'));
    m_device = LoopDevice::create(m_file, {});
    if (!m_device)
        QSKIP("no loop device can be attached here");
}

void BlockDeviceTest::readsAndWrites()
{
    for (const CacheMode cache :
         {CacheMode::Writeback, CacheMode::Writethrough, CacheMode::Direct}) {
        const auto rig = open({.cache = cache});
        QCOMPARE(rig->disk->capacity(), uint64_t{kSize / kSectorSize});
        QVERIFY(!rig->disk->readOnly());
        alignas(4096) static std::array<std::byte, 8192> data;
        data.fill(static_cast<std::byte>('b' + static_cast<int>(cache)));
        IoRequest request;
        request.kind = IoKind::Write;
        request.offset = 65536;
        request.segments.emplace_back(std::span(data));
        QCOMPARE(rig->run(request), IoStatus::Ok);
        QCOMPARE(rig->read(65535, 2), (Bytes{std::byte{'a'}, data[0]}));
        Bytes misaligned(700, std::byte{'m'});
        QCOMPARE(rig->run(IoKind::Write, 70001, &misaligned), IoStatus::Ok);
        QCOMPARE(rig->read(70000, 2), (Bytes{data[0], std::byte{'m'}}));
        QCOMPARE(rig->run(IoKind::Flush, 0, nullptr), IoStatus::Ok);
        std::ifstream file(m_file, std::ios::binary);
        std::string behind(kSize, '\0');
        file.read(behind.data(), kSize);
        QCOMPARE(behind[65535], 'a');
        QCOMPARE(behind[65536], static_cast<char>(data[0]));
        QCOMPARE(behind[70700], 'm');
        Bytes past(512);
        QCOMPARE(rig->run(IoKind::Read, kSize, &past), IoStatus::Failed);
    }
}

void BlockDeviceTest::discards()
{
    const auto rig = open();
    if (!rig->disk->canDiscard())
        QSKIP("the file system behind the device cannot discard");
    const uint64_t before = taken(m_file);
    QCOMPARE(rig->run(IoKind::Discard, 0, nullptr, {{1 << 20, 2 << 20}}), IoStatus::Ok);
    QVERIFY(before - taken(m_file) >= uint64_t{2} << 20);
    QCOMPARE(rig->read((1 << 20) - 1, 1)[0], std::byte{'a'});
    QCOMPARE(rig->read((1 << 20), 4096), Bytes(4096));
    QCOMPARE(rig->read(3 << 20, 1)[0], std::byte{'a'});
    QCOMPARE(rig->run(IoKind::Discard, 0, nullptr, {{kSize, 512}}), IoStatus::Failed);
}

void BlockDeviceTest::zeroes()
{
    const auto rig = open();
    for (const bool mayUnmap : {false, true}) {
        const uint64_t at = mayUnmap ? 1 << 20 : 2 << 20;
        Bytes dirty(4096, std::byte{'d'}); // in the page cache, when the zeros come
        QCOMPARE(rig->run(IoKind::Write, at, &dirty), IoStatus::Ok);
        const uint64_t before = taken(m_file);
        QCOMPARE(
            rig->run(IoKind::WriteZeroes, 0, nullptr, {{at, 512 << 10}, {at - 512, 512}}, mayUnmap),
            IoStatus::Ok);
        QCOMPARE(rig->read(at - 513, 514), [] {
            Bytes expected(514);
            expected[0] = std::byte{'a'};
            return expected;
        }());
        QCOMPARE(rig->read(at, 512 << 10), Bytes(512 << 10));
        QCOMPARE(rig->read(at + (512 << 10), 1)[0], std::byte{'a'});
        if (mayUnmap && rig->disk->canDiscard())
            QVERIFY(taken(m_file) < before);
        QCOMPARE(rig->run(IoKind::Flush, 0, nullptr), IoStatus::Ok);
    }
}

/// The guest has sectors of 512 bytes, whatever the host's device has.
void BlockDeviceTest::largeSectors()
{
    m_device.reset();
    m_device = LoopDevice::create(m_file, {.blockSize = 4096});
    if (!m_device)
        QSKIP("no loop device with large sectors can be attached here");
    for (const CacheMode cache : {CacheMode::Writeback, CacheMode::Direct}) {
        const auto rig = open({.cache = cache});
        QVERIFY(rig->disk->physicalBlockSize() >= 4096);
        Bytes sector(512, std::byte{'s'});
        QCOMPARE(rig->run(IoKind::Write, 4096 + 512, &sector), IoStatus::Ok);
        QCOMPARE(rig->run(IoKind::WriteZeroes, 0, nullptr, {{4096, 512}}), IoStatus::Ok);
        QCOMPARE(rig->run(IoKind::WriteZeroes, 0, nullptr, {{4096 + 1024, 512}}, true),
                 IoStatus::Ok);
        QCOMPARE(rig->run(IoKind::Discard, 0, nullptr, {{4096 + 2048, 512}}), IoStatus::Ok);
        const Bytes back = rig->read(4096, 4096);
        QCOMPARE(back[511], std::byte{0});
        QCOMPARE(back[512], std::byte{'s'});
        QCOMPARE(back[1023], std::byte{'s'});
        QCOMPARE(back[1024], std::byte{0});
        QCOMPARE(back[1536], std::byte{'a'});
        QCOMPARE(rig->run(IoKind::Flush, 0, nullptr), IoStatus::Ok);
    }
}

void BlockDeviceTest::grows()
{
    const auto rig = open();
    std::filesystem::resize_file(m_file, 2 * kSize);
    QVERIFY(m_device->measure());
    rig->call([&] {
        QVERIFY(rig->disk->resize(std::nullopt).has_value());
        const auto told = rig->disk->resize(4 * kSize);
        QVERIFY(!told.has_value());
        QVERIFY(told.error().sentence().find("has the size it has") != std::string::npos);
    });
    QCOMPARE(rig->disk->capacity(), uint64_t{2 * kSize / kSectorSize});
    QCOMPARE(rig->read(kSize, 512), Bytes(512));
}

void BlockDeviceTest::readOnlyDevice()
{
    m_device.reset();
    m_device = LoopDevice::create(m_file, {.readOnly = true});
    QVERIFY(m_device != nullptr);
    QVERIFY(problem(OpenMode::ReadWrite).find("not writable") != std::string::npos);
    const auto rig = DiskRig::open(Engine::LoopRing, m_device->path(),
                                   {.mode = OpenMode::ReadOnly, .cache = CacheMode::Direct});
    QVERIFY(rig.has_value() && (*rig)->disk->readOnly() && !(*rig)->disk->canDiscard());
    QCOMPARE((*rig)->read(512, 1)[0], std::byte{'a'});
    Bytes sector(512);
    QCOMPARE((*rig)->run(IoKind::Write, 0, &sector), IoStatus::Failed);
}

/// As a file system that is mounted from it has it.
void BlockDeviceTest::nobodyElsesDevice()
{
    {
        const vmm::UniqueFd other(::open(m_device->path().c_str(), O_RDONLY | O_EXCL | O_CLOEXEC));
        QVERIFY(other.valid());
        const auto opened = openDisk(m_device->path(), {});
        QVERIFY(!opened.has_value());
        QCOMPARE(opened.error().code(), vmm::ErrorCode::Busy);
        QVERIFY(problem(OpenMode::ReadOnly).empty());
    }
    const auto disk = openDisk(m_device->path(), {.cache = CacheMode::Direct});
    QVERIFY(disk.has_value());
    QCOMPARE(::open(m_device->path().c_str(), O_RDWR | O_EXCL | O_CLOEXEC), -1);
    QCOMPARE(errno, EBUSY);
    QVERIFY(!problem(OpenMode::ReadOnly).empty()); // its writer has locked it
}

QTEST_GUILESS_MAIN(BlockDeviceTest)
#include "block_device_test.moc"
