// SPDX-License-Identifier: GPL-3.0-or-later
// What the first bytes of a file say it is, and what in them is refused.
#include <cstring>

#include <QByteArray>
#include <QTest>

#include "app/import/image_header.h"

using namespace app::import;

namespace {

std::span<const std::byte> bytes(const QByteArray& text)
{
    return std::as_bytes(std::span(text.constData(), static_cast<size_t>(text.size())));
}

ImageHeader headerOf(const QByteArray& start, const QByteArray& end = {})
{
    return readImageHeader(bytes(start), bytes(end));
}

/// A header of `size` bytes with `text` at `at`.
class Draft {
public:
    explicit Draft(qsizetype size = 1024) : m_bytes(size, '\0') {}
    Draft& put(qsizetype at, const QByteArray& text)
    {
        m_bytes.replace(at, text.size(), text);
        return *this;
    }
    QByteArray done() const { return m_bytes; }

private:
    QByteArray m_bytes;
};

} // namespace

class ImageHeaderTest : public QObject {
    Q_OBJECT

private slots:
    void anythingElseIsRaw()
    {
        QCOMPARE(headerOf({}).format, std::string("raw"));
        QCOMPARE(headerOf("Q").format, std::string("raw"));
        QCOMPARE(headerOf(QByteArray(70000, '\xff')).format, std::string("raw"));
        QVERIFY(headerOf(QByteArray(70000, '\xff')).problem.empty());
    }
    void qcow2NamesWhatItNeeds()
    {
        const QByteArray magic("QFI\xfb\0\0\0\3", 8);
        const ImageHeader plain =
            headerOf(Draft().put(0, magic).put(24, QByteArray("\0\0\0\1\0\0\0\0", 8)).done());
        QCOMPARE(plain.format, std::string("qcow2"));
        QCOMPARE(plain.virtualBytes, uint64_t{1} << 32);
        QVERIFY(!plain.hasBackingFile && !plain.hasDataFile && !plain.encrypted);
        QVERIFY(headerOf(Draft().put(0, magic).put(15, "\1").done()).hasBackingFile);
        QVERIFY(headerOf(Draft().put(0, magic).put(35, "\2").done()).encrypted);
        QVERIFY(headerOf(Draft().put(0, magic).put(79, "\4").done()).hasDataFile);
        // Cut short in front of every field.
        for (qsizetype length = 4; length < 104; ++length)
            QCOMPARE(headerOf(Draft().put(0, magic).done().left(length)).format,
                     std::string("qcow2"));
        QCOMPARE(headerOf(Draft().put(0, QByteArray("QFI\xfb\0\0\0\1", 8)).done()).format,
                 std::string("qcow"));
    }
    void aVmdkDescriptionListsItsPieces()
    {
        const ImageHeader header = headerOf("# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\n"
                                            "  RW 8192 FLAT \"a-flat.vmdk\" 0\n\tRW 1 SPARSE "
                                            "\"../../etc/passwd\"\nRW 5 ZERO\n");
        QCOMPARE(header.format, std::string("vmdk"));
        QVERIFY(header.describesOtherFiles && !header.hasBackingFile);
        QCOMPARE(header.extents.size(), size_t{2});
        QCOMPARE(header.extents[0], std::string("a-flat.vmdk"));
        QCOMPARE(header.extents[1], std::string("../../etc/passwd"));
    }
    void aVmdkWithAParentIsIncomplete()
    {
        QVERIFY(headerOf("# Disk DescriptorFile\nparentCID=12345678\n").hasBackingFile);
        QVERIFY(headerOf("# Disk DescriptorFile\n parentFileNameHint = \"/x\"\n").hasBackingFile);
        const QByteArray inside = "# Disk DescriptorFile\nparentCID=0\n";
        Draft sparse;
        sparse.put(0, QByteArray("KDMV\1\0\0\0", 8)).put(12, "\1").put(28, "\1").put(36, "\1");
        QVERIFY(!headerOf(sparse.done()).hasBackingFile);
        QVERIFY(headerOf(sparse.put(512, inside).done()).hasBackingFile);
    }
    void aVmdkWithoutCapacityIsOnlyADescription()
    {
        Draft sparse;
        sparse.put(0, QByteArray("KDMV\1\0\0\0", 8)).put(28, "\1").put(36, "\1");
        sparse.put(512, "# Disk DescriptorFile\nRW 100 FLAT \"/etc/shadow\" 0\n");
        const ImageHeader header = headerOf(sparse.done());
        QVERIFY(header.describesOtherFiles);
        QCOMPARE(header.extents, std::vector<std::string>{"/etc/shadow"});
    }
    void tooManyPiecesAreRefused()
    {
        QByteArray text = "# Disk DescriptorFile\n";
        for (int i = 0; i < 2000; ++i)
            text += "RW 1 FLAT \"x.vmdk\" 0\n";
        const ImageHeader header = headerOf(text);
        QVERIFY(header.extents.size() <= 1024);
        QVERIFY(!header.problem.empty());
    }
    void differencingDisksAreIncomplete()
    {
        Draft vdi;
        vdi.put(0x40, QByteArray("\x7f\x10\xda\xbe", 4)).put(0x4c, "\4");
        QCOMPARE(headerOf(vdi.done()).format, std::string("vdi"));
        QVERIFY(headerOf(vdi.done()).hasBackingFile);
        Draft vhd;
        vhd.put(0, "conectix").put(63, "\4");
        QCOMPARE(headerOf(vhd.done()).format, std::string("vpc"));
        QVERIFY(headerOf(vhd.done()).hasBackingFile);
        Draft qed;
        qed.put(0, QByteArray("QED\0", 4)).put(16, "\1");
        QCOMPARE(headerOf(qed.done()).format, std::string("qed"));
        QVERIFY(headerOf(qed.done()).hasBackingFile);
    }
    void aFixedVhdIsKnownByItsEnd()
    {
        QCOMPARE(headerOf(QByteArray(4096, 'x'), Draft(512).put(0, "conectix").done()).format,
                 std::string("vpc"));
        // What stands at the start counts more than what somebody put at the end.
        QCOMPARE(headerOf(Draft().put(0, QByteArray("QFI\xfb\0\0\0\3", 8)).done(),
                          Draft(512).put(0, "conectix").done())
                     .format,
                 std::string("qcow2"));
    }
    void whatIsNoDiskIsNamed()
    {
        QVERIFY(headerOf(QByteArray("PK\3\4zip")).problem.find("archive") != std::string::npos);
        QVERIFY(headerOf(Draft().put(257, "ustar").done()).problem.find("archive") !=
                std::string::npos);
        QVERIFY(!headerOf("%PDF-1.4").problem.empty());
    }
    void packingIsKnownByItsFirstBytes()
    {
        QVERIFY(packingOf(bytes("\x1f\x8b\x08")) == Packing::Gzip);
        QVERIFY(packingOf(bytes(QByteArray("\xfd"
                                           "7zXZ\0",
                                           6))) == Packing::Xz);
        QVERIFY(packingOf(bytes("\x28\xb5\x2f\xfd")) == Packing::Zstd);
        QVERIFY(packingOf(bytes("BZh91AY&SY")) == Packing::Bzip2);
        QVERIFY(packingOf(bytes("BZh but text")) == Packing::None);
        QVERIFY(packingOf({}) == Packing::None);
    }
};

QTEST_GUILESS_MAIN(ImageHeaderTest)
#include "image_header_test.moc"
