// SPDX-License-Identifier: GPL-3.0-or-later
// From a draft to a bundle.
#include <QTest>

#include "app/making/maker.h"
#include "tests/unit/app/making/offered_file.h"

using namespace app::making;
using app::library::Job;
using app::library::Library;
using tests::kMeans;
using tests::offeredDisc;
using tests::offeredFile;
using vmm::spec::DriveKind;

class MakerTest : public QObject {
    Q_OBJECT
private slots:
    void init();
    void makesAnEmptyDisk();
    void makesNoDiskToTry();
    void takesAnImageOver();
    void leavesNothingWhenCancelled();

private:
    std::filesystem::path home() const { return m_folder->path().toStdString() + "/home"; }
    std::unique_ptr<QTemporaryDir> m_folder;
    std::optional<Library> m_library;
};

void MakerTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    auto library = Library::open(home(), m_folder->path().toStdString() + "/settings.toml");
    QVERIFY(library.has_value());
    m_library.emplace(*std::move(library));
}

void MakerTest::makesAnEmptyDisk()
{
    Draft draft = *draftFor(offeredDisc(*m_folder, "some.iso"), nullptr, kMeans);
    draft.disks.at(0).bytes = 1 << 20;
    Job job;
    const auto made = makeMachine(draft, *m_library, job);
    QVERIFY(made.has_value());
    const auto& drives = made->config.hardware.drives;
    QCOMPARE(drives.size(), size_t{2});
    QVERIFY(drives[0].kind == DriveKind::Cdrom && drives[1].kind == DriveKind::Disk);
    QCOMPARE(std::filesystem::file_size(made->bundle / drives[1].path), uintmax_t{1 << 20});
}

void MakerTest::makesNoDiskToTry()
{
    Draft draft = *draftFor(offeredDisc(*m_folder, "some.iso"), nullptr, kMeans);
    draft.tryLive = true;
    Job job;
    const auto made = makeMachine(draft, *m_library, job);
    QVERIFY(made.has_value() && made->config.disposable);
    QCOMPARE(made->config.hardware.drives.size(), size_t{1});
}

void MakerTest::takesAnImageOver()
{
    const auto draft =
        draftFor(offeredFile(*m_folder, "disk.img", "content", 4096), nullptr, kMeans);
    if (!draft && draft.error().sentence().find("qemu-img") != std::string::npos)
        QSKIP("qemu-img is not installed");
    QVERIFY(draft.has_value());
    Job job;
    const auto made = makeMachine(*draft, *m_library, job);
    QVERIFY2(made.has_value(), made ? "" : made.error().sentence().c_str());
    const auto& drives = made->config.hardware.drives;
    QCOMPARE(drives.size(), size_t{2}); // and a drive for media
    QVERIFY(drives[0].kind == DriveKind::Disk);
    std::ifstream disk(made->bundle / drives[0].path, std::ios::binary);
    disk.seekg(4096);
    std::string content(7, '\0');
    disk.read(content.data(), 7);
    QCOMPARE(content, std::string("content"));
}

void MakerTest::leavesNothingWhenCancelled()
{
    const auto draft = draftFor(offeredFile(*m_folder, "disk.img"), nullptr, kMeans);
    if (!draft && draft.error().sentence().find("qemu-img") != std::string::npos)
        QSKIP("qemu-img is not installed");
    Job job;
    job.cancel();
    const auto made = makeMachine(*draft, *m_library, job);
    QVERIFY(!made.has_value());
    QVERIFY(m_library->machines().empty());
}

QTEST_GUILESS_MAIN(MakerTest)
#include "maker_test.moc"
