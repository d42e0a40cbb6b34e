// SPDX-License-Identifier: GPL-3.0-or-later
// PVH kernels, good and hostile. System V gABI 4.1; Xen start_info.h.
#include <random>

#include <QTemporaryDir>
#include <QtTest>

#include "vmm/firmware/pvh_loader.h"

using vmm::loadLe;
using vmm::storeLe;
using vmm::memory::GuestMemory;
using vmm::memory::GuestPhys;
using namespace vmm::firmware;

namespace {

constexpr uint64_t kRam = uint64_t{4} << 20;
constexpr size_t kCodeAt = 0x1000;

enum class ElfClass { Bits32, Bits64 };

/// A kernel as an assembler and linker make it: one loadable segment of 16 bytes in the file and
/// 32 in memory at 1 MiB, and a note segment with a foreign note before ours.
struct Kernel {
    ElfClass elfClass = ElfClass::Bits32;
    uint64_t entry = 0x100004;
    uint64_t address = 0x100000;
    uint64_t offset = kCodeAt;
    uint64_t fileSize = 16;
    uint64_t memorySize = 32;
    uint64_t noteOffset = 0x200;
    uint64_t noteSize = 0;
    bool wide() const { return elfClass == ElfClass::Bits64; }

    void program(ByteWriter& out, uint32_t type, uint64_t at, uint64_t where, uint64_t inFile,
                 uint64_t inMemory) const
    {
        if (wide())
            out.u32(type).u32(7).u64(at).u64(where).u64(where).u64(inFile).u64(inMemory).u64(4);
        else
            out.u32(type).u32(at).u32(where).u32(where).u32(inFile).u32(inMemory).u32(7).u32(4);
    }
    Bytes build() const
    {
        ByteWriter notes;
        notes.u32(4).u32(5).u32(18).text("GNU", 4).text("hello", 8);
        notes.u32(4).u32(wide() ? 8 : 4).u32(18).text("Xen", 4);
        if (wide())
            notes.u64(entry);
        else
            notes.u32(entry);
        ByteWriter out;
        out.text("\177ELF", 4).u8(wide() ? 2 : 1).u8(1).u8(1).zeros(9);
        out.u16(2).u16(wide() ? 62 : 3).u32(1);
        if (wide())
            out.u64(entry).u64(64).u64(0).u32(0).u16(64).u16(56).u16(2).u16(0).u16(0).u16(0);
        else
            out.u32(entry).u32(52).u32(0).u32(0).u16(52).u16(32).u16(2).u16(0).u16(0).u16(0);
        program(out, 1, offset, address, fileSize, memorySize);
        const size_t size = noteSize != 0 ? noteSize : notes.size();
        program(out, 4, noteOffset, 0, size, size);
        out.zeros(0x200 - out.size()).bytes(notes.view()).align(kCodeAt);
        out.text("kernel code here", 16);
        return out.take();
    }
};

std::unique_ptr<GuestMemory> ram()
{
    return std::move(*GuestMemory::create({kRam, 0}));
}

KernelBoot boot()
{
    return {kernelMemoryMap({kRam, 0}, {}), "quiet test"};
}

std::string failure(const Bytes& image)
{
    const auto memory = ram();
    const auto result = loadPvhImage(*memory, image, boot());
    return result ? std::string() : result.error().sentence();
}

} // namespace

class PvhLoaderTest : public QObject {
    Q_OBJECT
private slots:
    void loads_data();
    void loads();
    void startInfo();
    void saysWhatIsWrong_data();
    void saysWhatIsWrong();
    void cutOffAnywhere();
    void damagedAnywhere();
    void namesTheFile();
};

void PvhLoaderTest::loads_data()
{
    QTest::addColumn<bool>("wide");
    QTest::newRow("32 bits") << false;
    QTest::newRow("64 bits") << true;
}

void PvhLoaderTest::loads()
{
    QFETCH(bool, wide);
    Kernel kernel;
    kernel.elfClass = wide ? ElfClass::Bits64 : ElfClass::Bits32;
    const auto memory = ram();
    QVERIFY(memory->copyIn(GuestPhys(0x100000), Bytes(64, std::byte{0xff})).has_value());
    const auto entry = loadPvhImage(*memory, kernel.build(), boot());
    QVERIFY2(entry.has_value(), entry ? "" : entry.error().sentence().c_str());
    QCOMPARE(entry->entry.value(), uint64_t{0x100004});
    Bytes loaded(33);
    QVERIFY(memory->copyOut(GuestPhys(0x100000), loaded).has_value());
    QVERIFY(std::memcmp(loaded.data(), "kernel code here", 16) == 0);
    QVERIFY(std::all_of(loaded.begin() + 16, loaded.begin() + 32,
                        [](std::byte byte) { return byte == std::byte{0}; }));
    QVERIFY(loaded[32] == std::byte{0xff});
}

void PvhLoaderTest::startInfo()
{
    const auto memory = ram();
    const auto entry = loadPvhImage(*memory, Kernel{}.build(), boot());
    QVERIFY(entry.has_value());
    const uint64_t info = entry->startInfo.value();
    const auto read32 = [&](uint64_t at) { return *memory->read<uint32_t>(GuestPhys(at)); };
    const auto read64 = [&](uint64_t at) { return *memory->read<uint64_t>(GuestPhys(at)); };
    QCOMPARE(read32(info), 0x336ec578U);
    QCOMPARE(read32(info + 4), 1U);
    const uint32_t entries = read32(info + 48);
    QCOMPARE(entries, 3U);
    const uint64_t map = read64(info + 40);
    QCOMPARE(read64(map), uint64_t{0});
    QCOMPARE(read64(map + 8), uint64_t{0xa0000});
    QCOMPARE(read64(map + 24), uint64_t{0x100000});
    QCOMPARE(read32(map + 2 * 24 + 16), 2U);
    Bytes text(11);
    QVERIFY(memory->copyOut(GuestPhys(read64(info + 24)), text).has_value());
    QVERIFY(std::memcmp(text.data(), "quiet test", 11) == 0);
}

void PvhLoaderTest::saysWhatIsWrong_data()
{
    QTest::addColumn<QByteArray>("image");
    QTest::addColumn<QString>("sentence");
    const auto row = [](const char* name, const Bytes& image, const char* sentence) {
        QTest::newRow(name) << QByteArray(reinterpret_cast<const char*>(image.data()),
                                          static_cast<qsizetype>(image.size()))
                            << sentence;
    };
    const auto changed = [](auto change) {
        Kernel kernel;
        kernel.elfClass = ElfClass::Bits64;
        change(kernel);
        return kernel.build();
    };
    const auto patched = [](size_t at, uint8_t value) {
        Bytes image = Kernel{}.build();
        image[at] = static_cast<std::byte>(value);
        return image;
    };
    row("empty", {}, "not an ELF file");
    row("text", ByteWriter().text("#!/bin/sh and so on", 64).take(), "not an ELF file");
    row("class", patched(4, 3), "neither a 32-bit nor a 64-bit");
    row("big endian", patched(5, 2), "not made for x86");
    row("machine", patched(18, 40), "not made for x86");
    row("program header size", patched(42, 31), "unknown form");
    row("many program headers", patched(45, 0xff), "unknown form");
    row("program headers outside", patched(31, 0xff), "outside the file");
    row("no note", patched(0x200 + 36, 'x'), "no entry point for PVH");
    row("note outside", changed([](Kernel& k) { k.noteOffset = ~uint64_t{0} - 8; }),
        "outside the file");
    row("entry elsewhere", changed([](Kernel& k) { k.entry = 0x200000; }), "entry point lies");
    row("segment outside the file", changed([](Kernel& k) { k.offset = ~uint64_t{0}; }),
        "outside the file");
    row("segment too long", changed([](Kernel& k) { k.fileSize = ~uint64_t{0}; }),
        "outside the file");
    row("file above memory", changed([](Kernel& k) { k.memorySize = 8; }), "larger in the file");
    row("above RAM", changed([](Kernel& k) { k.memorySize = kRam; }), "outside the machine");
    row("wraps", changed([](Kernel& k) {
            k.address = ~uint64_t{0} - 0xf;
            k.entry = k.address;
        }),
        "entry point lies");
    row("huge", changed([](Kernel& k) { k.memorySize = ~uint64_t{0}; }), "outside the machine");
    row("boot page", changed([](Kernel& k) {
            k.address = 0x6ff0;
            k.entry = 0x6ff0;
        }),
        "boot page");
}

void PvhLoaderTest::saysWhatIsWrong()
{
    QFETCH(QByteArray, image);
    QFETCH(QString, sentence);
    const auto bytes =
        std::as_bytes(std::span(image.constData(), static_cast<size_t>(image.size())));
    const std::string said = failure(Bytes(bytes.begin(), bytes.end()));
    QVERIFY2(QString::fromStdString(said).contains(sentence), said.c_str());
}

void PvhLoaderTest::cutOffAnywhere()
{
    const Bytes whole = Kernel{}.build();
    const auto memory = ram();
    for (size_t size = 0; size < whole.size(); ++size) {
        const auto result = loadPvhImage(*memory, std::span(whole).first(size), boot());
        QVERIFY(!result.has_value());
    }
}

void PvhLoaderTest::damagedAnywhere()
{
    const auto memory = ram();
    std::mt19937 random(1);
    for (const ElfClass elfClass : {ElfClass::Bits32, ElfClass::Bits64}) {
        Kernel kernel;
        kernel.elfClass = elfClass;
        const Bytes whole = kernel.build();
        for (int round = 0; round < 5000; ++round) {
            Bytes image = whole;
            for (int i = 0; i <= round % 6; ++i)
                image[random() % 0x260] = static_cast<std::byte>(random());
            const auto result = loadPvhImage(*memory, image, boot());
            QVERIFY(result.has_value() || !result.error().sentence().empty());
        }
    }
}

void PvhLoaderTest::namesTheFile()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath("kernel.elf");
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly) && file.write("no kernel") == 9);
    file.close();
    const auto memory = ram();
    const auto result = loadPvhKernel(*memory, path.toStdString(), boot());
    QVERIFY(!result.has_value());
    QVERIFY(result.error().sentence().starts_with(path.toStdString() + ": "));
    QVERIFY(!loadPvhKernel(*memory, "/nonexistent", boot()).has_value());
}

QTEST_GUILESS_MAIN(PvhLoaderTest)
#include "pvh_loader_test.moc"
