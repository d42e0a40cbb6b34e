// SPDX-License-Identifier: GPL-3.0-or-later
// ACPI tables: every one passes iasl without errors or warnings; AML encodings; fields firmware and
// operating systems depend on. ACPI 6.4.
#include <QProcess>
#include <QTemporaryDir>
#include <QtTest>

#include "vmm/firmware/acpi_table.h"
#include "vmm/firmware/acpi_tables.h"
#include "vmm/firmware/aml.h"
#include "vmm/firmware/ssdt.h"
#include "vmm/firmware/vmgenid.h"

using vmm::loadLe;
using vmm::firmware::BoardFacts;
using vmm::firmware::Bytes;
using vmm::firmware::ByteWriter;
using vmm::firmware::EcamRange;
namespace aml = vmm::firmware::aml;

namespace {

class FakeChipset final : public vmm::firmware::ChipsetView {
public:
    EcamRange ecam() const override { return range; }
    EcamRange range{true, 0xb0000000, uint64_t{256} << 20};
};

const FakeChipset kChipset;

BoardFacts facts(uint32_t cpus = 2)
{
    BoardFacts board{.chipset = kChipset};
    board.cpus = cpus;
    board.ram = {0xb0000000, uint64_t{4} << 30};
    board.physicalAddressBits = 40;
    board.suspend = vmm::firmware::SuspendToRam::Present;
    return board;
}

Bytes checksummed(Bytes table)
{
    if (std::memcmp(table.data(), "FACS", 4) != 0)
        table[9] = static_cast<std::byte>(vmm::firmware::zeroSumChecksum(table));
    return table;
}

/// What iasl said, in one text, and whether it was content.
struct Verdict {
    bool good = false;
    QString output;
};
Verdict iasl(const QString& folder, const QStringList& arguments)
{
    QProcess process;
    process.setWorkingDirectory(folder);
    process.setProcessChannelMode(QProcess::MergedChannels);
    process.start(VITRINE_IASL, arguments);
    process.waitForFinished(30000);
    const QString output = QString::fromUtf8(process.readAll());
    // iasl does not fail for everything it complains of.
    bool clean = process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
    for (const QString& line : output.split('\n'))
        clean = clean && !line.startsWith("Error") && !line.startsWith("Warning") &&
                !line.contains("Could not") && !line.contains("ACPI Error") &&
                !line.contains("ACPI Warning") && !line.contains("Incorrect checksum") &&
                !line.contains("*** ");
    return {clean, output};
}

bool write(const QTemporaryDir& folder, const QString& name, const Bytes& bytes)
{
    QFile file(folder.filePath(name));
    const auto size = static_cast<qint64>(bytes.size());
    return file.open(QIODevice::WriteOnly) &&
           file.write(reinterpret_cast<const char*>(bytes.data()), size) == size;
}

/// The text iasl made; it marks with asterisks what it could not make sense of.
QString disassembly(const QTemporaryDir& folder, const QString& name)
{
    QFile file(folder.filePath(name));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : "**** no file";
}

bool haveIasl()
{
    return QFile::exists(VITRINE_IASL);
}

bool contains(const Bytes& in, const Bytes& what)
{
    return std::search(in.begin(), in.end(), what.begin(), what.end()) != in.end();
}

Bytes raw(std::initializer_list<unsigned> values)
{
    ByteWriter out;
    for (const unsigned value : values)
        out.u8(value);
    return out.take();
}

} // namespace

class AcpiTablesTest : public QObject {
    Q_OBJECT
private slots:
    void iaslAcceptsTables_data();
    void iaslAcceptsTables();
    void iaslAcceptsTheNamespace();
    void iaslRefusesDamage();
    void amlEncodings();
    void packageLengths();
    void fadtFields();
    void madtHasEachCpu();
    void windowsLeaveOutEcamAndRam();
    void dsdtSuitsTheParserOfSeaBios();
    void generationIdsAddressIsForTheLoader();
};

void AcpiTablesTest::iaslAcceptsTables_data()
{
    QTest::addColumn<QByteArray>("table");
    const auto add = [](const char* name, const Bytes& table) {
        const Bytes whole = checksummed(table);
        QTest::newRow(name) << QByteArray(reinterpret_cast<const char*>(whole.data()),
                                          static_cast<qsizetype>(whole.size()));
    };
    add("facs", vmm::firmware::facsTable());
    add("fadt", vmm::firmware::fadtTable(facts()));
    add("fadt, 64 CPUs", vmm::firmware::fadtTable(facts(64)));
    add("madt", vmm::firmware::madtTable(facts()));
    add("madt, 64 CPUs", vmm::firmware::madtTable(facts(64)));
    add("hpet", vmm::firmware::hpetTable());
    add("mcfg", vmm::firmware::mcfgTable(kChipset.range));
    add("waet", vmm::firmware::waetTable());
    add("generation ID", vmm::firmware::generationIdTable().table);
}

void AcpiTablesTest::iaslAcceptsTables()
{
    if (!haveIasl())
        QSKIP("iasl is not installed (package acpica-tools)");
    QFETCH(QByteArray, table);
    const QTemporaryDir folder;
    QFile file(folder.filePath("table.aml"));
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write(table) == table.size());
    file.close();
    const Verdict read = iasl(folder.path(), {"-d", "table.aml"});
    QVERIFY2(read.good, qPrintable(read.output));
    const QString text = disassembly(folder, "table.dsl");
    QVERIFY2(!text.contains("****"), qPrintable(text));
    const Verdict again = iasl(folder.path(), {"-p", "again", "table.dsl"});
    QVERIFY2(again.good, qPrintable(again.output));
}

void AcpiTablesTest::iaslAcceptsTheNamespace()
{
    if (!haveIasl())
        QSKIP("iasl is not installed (package acpica-tools)");
    for (const uint32_t cpus : {1U, 64U}) {
        const QTemporaryDir folder;
        QVERIFY(write(folder, "dsdt.aml", checksummed(vmm::firmware::dsdtTable())));
        QVERIFY(write(folder, "ssdt.aml",
                      checksummed(vmm::firmware::ssdtTable(facts(cpus), kChipset.range))));
        for (const QStringList& arguments :
             {QStringList{"-d", "dsdt.aml"}, QStringList{"-e", "dsdt.aml", "-d", "ssdt.aml"},
              QStringList{"-vr", "-p", "again-dsdt", "dsdt.dsl"},
              QStringList{"-vr", "-p", "again-ssdt", "ssdt.dsl"}}) {
            const Verdict verdict = iasl(folder.path(), arguments);
            QVERIFY2(verdict.good, qPrintable(verdict.output));
        }
    }
}

// The two tests above can fail.
void AcpiTablesTest::iaslRefusesDamage()
{
    if (!haveIasl())
        QSKIP("iasl is not installed (package acpica-tools)");
    const QTemporaryDir folder;
    Bytes dsdt = checksummed(vmm::firmware::dsdtTable());
    dsdt[vmm::firmware::kAcpiChecksumOffset] ^= std::byte{1};
    QVERIFY(write(folder, "sum.aml", dsdt));
    QVERIFY(!iasl(folder.path(), {"-d", "sum.aml"}).good);
    Bytes hpet = vmm::firmware::hpetTable();
    hpet.resize(hpet.size() - 4);
    vmm::storeLe<uint32_t>(&hpet[4], static_cast<uint32_t>(hpet.size()));
    QVERIFY(write(folder, "short.aml", checksummed(hpet)));
    QVERIFY(!iasl(folder.path(), {"-d", "short.aml"}).good ||
            disassembly(folder, "short.dsl").contains("****"));
}

void AcpiTablesTest::amlEncodings()
{
    QVERIFY(aml::integer(0) == raw({0x00}));
    QVERIFY(aml::integer(1) == raw({0x01}));
    QVERIFY(aml::integer(0xff) == raw({0x0a, 0xff}));
    QVERIFY(aml::integer(0x1234) == raw({0x0b, 0x34, 0x12}));
    QVERIFY(aml::integer(0x12345678) == raw({0x0c, 0x78, 0x56, 0x34, 0x12}));
    QVERIFY(aml::integer(uint64_t{1} << 32) == raw({0x0e, 0, 0, 0, 0, 1, 0, 0, 0}));
    QVERIFY(aml::path("PCI0") == raw({'P', 'C', 'I', '0'}));
    QVERIFY(aml::path("\\_SB_.PCI0") == raw({'\\', 0x2e, '_', 'S', 'B', '_', 'P', 'C', 'I', '0'}));
    QVERIFY(aml::path("A___.B___.C___") ==
            raw({0x2f, 3, 'A', '_', '_', '_', 'B', '_', '_', '_', 'C', '_', '_', '_'}));
    QVERIFY(aml::package({aml::integer(1), aml::integer(2)}) == raw({0x12, 5, 2, 0x01, 0x0a, 2}));
    QVERIFY(aml::buffer(raw({7, 8})) == raw({0x11, 5, 0x0a, 2, 7, 8}));
    QVERIFY(aml::text("x") == raw({0x0d, 'x', 0}));
}

// ACPI 6.4 section 20.2.4: the length counts its own bytes.
void AcpiTablesTest::packageLengths()
{
    const auto lead = [](size_t bodySize) {
        const Bytes scope = aml::scope("A___", Bytes(bodySize - 4));
        return Bytes{scope.begin() + 1, scope.begin() + 4};
    };
    QVERIFY(lead(62)[0] == std::byte{63});
    QVERIFY(lead(63)[0] == std::byte{0x41} && lead(63)[1] == std::byte{4}); // 65 = 4 << 4 | 1
    QVERIFY(lead(0xffd)[0] == std::byte{0x4f} && lead(0xffd)[1] == std::byte{0xff});
    QVERIFY((lead(0xffe) == Bytes{std::byte{0x81}, std::byte{0x00}, std::byte{0x01}}));
}

void AcpiTablesTest::fadtFields()
{
    const Bytes fadt = vmm::firmware::fadtTable(facts());
    QCOMPARE(fadt.size(), size_t{244});
    QCOMPARE(loadLe<uint16_t>(&fadt[46]), uint16_t{9});
    QCOMPARE(loadLe<uint32_t>(&fadt[48]), 0U); // no SMI command
    QCOMPARE(loadLe<uint32_t>(&fadt[56]), 0x600U);
    QCOMPARE(loadLe<uint32_t>(&fadt[64]), 0x604U);
    QCOMPARE(loadLe<uint32_t>(&fadt[76]), 0x608U);
    QCOMPARE(loadLe<uint32_t>(&fadt[80]), 0x620U);
    QCOMPARE(std::to_integer<int>(fadt[108]), 0x32);
    QVERIFY((loadLe<uint16_t>(&fadt[109]) & 2) != 0);       // 8042
    QCOMPARE(loadLe<uint32_t>(&fadt[112]) & (1U << 4), 0U); // the power button is fixed hardware
    QCOMPARE(loadLe<uint64_t>(&fadt[120]), uint64_t{0xcf9});
    QCOMPARE(std::to_integer<int>(fadt[128]), 0x0e);
    QCOMPARE(loadLe<uint64_t>(&fadt[212]), uint64_t{0x608});
}

void AcpiTablesTest::madtHasEachCpu()
{
    const Bytes madt = vmm::firmware::madtTable(facts(3));
    unsigned cpus = 0;
    unsigned overrides = 0;
    for (size_t at = 44; at < madt.size(); at += std::to_integer<size_t>(madt[at + 1])) {
        const int type = std::to_integer<int>(madt[at]);
        QVERIFY(madt[at + 1] != std::byte{0});
        if (type == 0)
            QCOMPARE(std::to_integer<unsigned>(madt[at + 3]), cpus++);
        overrides += type == 2 ? 1 : 0;
    }
    QCOMPARE(cpus, 3U);
    QCOMPARE(overrides, 5U);
}

void AcpiTablesTest::windowsLeaveOutEcamAndRam()
{
    const auto window = [](uint64_t first, uint64_t last) {
        return ByteWriter().u32(0).u32(first).u32(last).u32(0).u32(last - first + 1).take();
    };
    const EcamRange high{true, 0xe0000000, uint64_t{256} << 20};
    BoardFacts board = facts();
    board.ram.lowSize = uint64_t{1} << 30;
    Bytes ssdt = vmm::firmware::ssdtTable(board, high);
    QVERIFY(contains(ssdt, window(0x80000000, 0xdfffffff)));
    QVERIFY(contains(ssdt, window(0xf0000000, 0xfebfffff)));
    board.ram.lowSize = 0xb0000000;
    ssdt = vmm::firmware::ssdtTable(board, kChipset.range);
    QVERIFY(contains(ssdt, window(0xc0000000, 0xfebfffff)));
    QVERIFY(!contains(ssdt, window(0xb0000000, 0xfebfffff)));
    ssdt = vmm::firmware::ssdtTable(board, EcamRange{});
    QVERIFY(contains(ssdt, window(0xb0000000, 0xfebfffff)));
    ssdt = vmm::firmware::ssdtTable(board, {true, uint64_t{0xff} << 28, uint64_t{256} << 20});
    QVERIFY(contains(ssdt, window(0xb0000000, 0xfebfffff))); // ECAM above 4 GiB cuts nothing here
    const auto address = ByteWriter().u64(uint64_t{8} << 30).take();
    QVERIFY(contains(ssdt, address)); // the window above RAM
}

// SeaBIOS knows few opcodes at device level, and no External; it looks for these _HIDs.
void AcpiTablesTest::dsdtSuitsTheParserOfSeaBios()
{
    const Bytes dsdt = vmm::firmware::dsdtTable();
    constexpr unsigned kExternalOp = 0x15;
    QVERIFY(!contains(dsdt, raw({kExternalOp, '\\'})));
    for (const unsigned id : {0x0303U, 0x0f13U, 0x0501U})
        QVERIFY(
            contains(dsdt, raw({0x08, '_', 'H', 'I', 'D', 0x0c, 0x41, 0xd0, id >> 8, id & 0xff})));
}

// What the driver evaluates: {low half, high half}; the loader adds the page's address to the low
// one.
void AcpiTablesTest::generationIdsAddressIsForTheLoader()
{
    auto made = vmm::firmware::generationIdTable();
    QCOMPARE(loadLe<uint32_t>(&made.table[made.addressAt]), vmm::firmware::kGenerationIdOffset);
    vmm::storeLe(&made.table[made.addressAt], uint32_t{0x7ffe1028});
    if (!haveIasl())
        QSKIP("iasl is not installed (package acpica-tools)");
    const QTemporaryDir folder;
    QVERIFY(write(folder, "vgen.aml", checksummed(made.table)));
    QVERIFY(iasl(folder.path(), {"-d", "vgen.aml"}).good);
    const QString text = disassembly(folder, "vgen.dsl");
    QVERIFY2(text.contains("0x7FFE1028"), qPrintable(text));
    QVERIFY2(text.contains("Notify (\\_SB.VGEN, 0x80)"), qPrintable(text));
}

QTEST_GUILESS_MAIN(AcpiTablesTest)
#include "acpi_tables_test.moc"
