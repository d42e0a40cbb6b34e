// SPDX-License-Identifier: GPL-3.0-or-later
// A disk whose host has no space left: on a tmpfs of our own that is smaller than the disk.
#include <QCoreApplication>
#include <QTemporaryDir>
#include <QtTest>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/unit/vmm/block/disk_rig.h"

using namespace vmm::block;
using tests::Bytes;
using tests::DiskRig;
using tests::Engine;

namespace {

bool writeText(const char* path, const std::string& text)
{
    std::ofstream file(path);
    file << text;
    file.flush();
    return file.good();
}

/// A namespace in which we may mount, without being anybody outside. Before any thread.
bool enterNamespace()
{
    const unsigned user = ::geteuid();
    const unsigned group = ::getegid();
    if (::unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    if (user != 0 && (!writeText("/proc/self/setgroups", "deny") ||
                      !writeText("/proc/self/uid_map", "0 " + std::to_string(user) + " 1") ||
                      !writeText("/proc/self/gid_map", "0 " + std::to_string(group) + " 1")))
        return false;
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

} // namespace

class DiskFullTest final : public QObject {
    Q_OBJECT

public:
    explicit DiskFullTest(bool mayMount) : m_mayMount(mayMount) {}

private slots:
    void saysSo_data()
    {
        QTest::addColumn<Engine>("engine");
        QTest::newRow("own thread") << Engine::OwnThread;
        QTest::newRow("threads on a loop") << Engine::LoopThreads;
        QTest::newRow("io_uring") << Engine::LoopRing;
    }
    void saysSo();

private:
    const bool m_mayMount;
};

void DiskFullTest::saysSo()
{
    QFETCH(Engine, engine);
    const QTemporaryDir folder;
    const std::string place = folder.path().toStdString();
    if (!m_mayMount || ::mount("tmpfs", place.c_str(), "tmpfs", 0, "size=256k") != 0)
        QSKIP("no right to mount a small file system here");
    {
        const std::string path = tests::writeFile(place + "/disk", std::string(4096, 'a'));
        const std::string other = tests::writeFile(place + "/other", std::string(128 << 10, 'o'));
        QCOMPARE(::truncate(path.c_str(), 1 << 20), 0);
        auto rig = *DiskRig::open(engine, path);
        Bytes large(256 << 10, std::byte{'w'});
        QCOMPARE(rig->run(IoKind::Write, 0, &large), IoStatus::NoSpace);
        QCOMPARE(rig->run(IoKind::WriteZeroes, 0, nullptr, {{0, 512 << 10}}), IoStatus::NoSpace);
        QCOMPARE(rig->read(1 << 19, 512), Bytes(512)); // reading needs none
        QCOMPARE(rig->run(IoKind::WriteZeroes, 0, nullptr, {{0, 1 << 20}}, true), IoStatus::Ok);
        QCOMPARE(::unlink(other.c_str()), 0); // some space again: the same request works
        Bytes fits(128 << 10, std::byte{'w'});
        QCOMPARE(rig->run(IoKind::Write, 0, &fits), IoStatus::Ok);
        QCOMPARE(rig->read(0, fits.size()), fits);
    }
    QCOMPARE(::umount2(place.c_str(), MNT_DETACH), 0);
}

int main(int argc, char** argv)
{
    const bool mayMount = enterNamespace();
    QCoreApplication application(argc, argv);
    DiskFullTest test(mayMount);
    return QTest::qExec(&test, argc, argv);
}
#include "disk_full_test.moc"
