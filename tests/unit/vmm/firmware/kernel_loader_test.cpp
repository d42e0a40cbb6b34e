// SPDX-License-Identifier: GPL-3.0-or-later
// bzImage, Multiboot and plain ELF kernels, good and hostile. Linux boot.rst; Multiboot 0.6.96.
#include <random>

#include <QTemporaryDir>
#include <QtTest>

#include "vmm/firmware/kernel_loader.h"
#include "vmm/firmware/multiboot.h"

using vmm::loadLe;
using vmm::storeLe;
using vmm::memory::GuestMemory;
using vmm::memory::GuestPhys;
using namespace vmm::firmware;

namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kRam = 16 * kMiB;
constexpr size_t kSetupSize = 2 * 512;

std::unique_ptr<GuestMemory> ram()
{
    return std::move(*GuestMemory::create({kRam, 0}));
}

KernelBoot boot()
{
    KernelBoot told{kernelMemoryMap({kRam, 0}, {}), "console=ttyS0"};
    told.rsdp = GuestPhys(0xf0000);
    told.kernelName = "/boot/kernel";
    told.initrdName = "/boot/initrd";
    return told;
}

/// A bzImage with one setup sector and a kernel of 4 KiB, protocol 2.15.
struct Linux {
    uint16_t version = 0x20f;
    uint8_t loadFlags = 1;
    uint8_t relocatable = 1;
    uint16_t xLoadFlags = 1;
    uint32_t alignment = 0x20'0000;
    uint32_t initrdMax = 0x7fff'ffff;
    uint32_t commandLineMax = 2047;
    uint64_t preferred = 4 * kMiB;
    uint32_t initSize = 0x10'0000;

    Bytes build() const
    {
        Bytes image(kSetupSize + 4096);
        image[0x1f1] = std::byte{1};
        storeLe(&image[0x1fe], uint16_t{0xaa55});
        image[0x200] = std::byte{0xeb};
        image[0x201] = std::byte{0x66};
        storeLe(&image[0x202], uint32_t{0x53726448});
        storeLe(&image[0x206], version);
        image[0x211] = static_cast<std::byte>(loadFlags);
        storeLe(&image[0x214], uint32_t{0x100000});
        storeLe(&image[0x22c], initrdMax);
        storeLe(&image[0x230], alignment);
        image[0x234] = static_cast<std::byte>(relocatable);
        storeLe(&image[0x236], xLoadFlags);
        storeLe(&image[0x238], commandLineMax);
        storeLe(&image[0x258], preferred);
        storeLe(&image[0x260], initSize);
        storeLe(&image[kSetupSize], uint32_t{0x12345678});
        return image;
    }
};

/// An ELF kernel with a segment of 64 bytes in the file and 128 in memory at 1 MiB, with a
/// Multiboot header at the front of it when `multiboot`.
Bytes elfKernel(bool wide, bool multiboot, uint32_t multibootFlags = 3)
{
    constexpr uint64_t kAt = 0x1000;
    constexpr uint64_t kHigh = 0xffff'ffff'8000'0000;
    constexpr uint64_t kAddress = 0x10'0000;
    ByteWriter out;
    out.text("\177ELF", 4).u8(wide ? 2 : 1).u8(1).u8(1).zeros(9);
    out.u16(2).u16(wide ? 62 : 3).u32(1);
    if (wide) {
        out.u64(kHigh + kAddress + 32).u64(64).u64(0).u32(0).u16(64).u16(56).u16(1).zeros(6);
        out.u32(1).u32(7).u64(kAt).u64(kHigh + kAddress).u64(kAddress).u64(64).u64(128).u64(4096);
    } else {
        out.u32(kAddress + 32).u32(52).u32(0).u32(0).u16(52).u16(32).u16(1).zeros(6);
        out.u32(1).u32(kAt).u32(kAddress).u32(kAddress).u32(64).u32(128).u32(7).u32(4096);
    }
    out.zeros(kAt - out.size());
    if (multiboot)
        out.u32(0x1badb002).u32(multibootFlags).u32(0U - 0x1badb002U - multibootFlags);
    out.zeros(kAt + 32 - out.size()).text("kernel code here", 32);
    return out.take();
}

/// A Multiboot kernel that is no ELF file: header 16 bytes into the file, loaded to 2 MiB.
Bytes flatMultiboot(uint32_t load = 0x20'0000, uint32_t loadEnd = 0x20'0060,
                    uint32_t bssEnd = 0x20'1000, uint32_t header = 0x20'0010)
{
    constexpr uint32_t kFlags = 1 << 16;
    ByteWriter out;
    out.zeros(16).u32(0x1badb002).u32(kFlags).u32(0U - 0x1badb002U - kFlags);
    out.u32(header).u32(load).u32(loadEnd).u32(bssEnd).u32(0x20'0040);
    out.zeros(0x40 - out.size()).text("flat code", 32);
    return out.take();
}

std::string failure(const Bytes& image, const KernelBoot& told = boot())
{
    const auto memory = ram();
    const auto result = loadKernelImage(*memory, image, told);
    return result ? std::string() : result.error().sentence();
}

template <class T>
T at(GuestMemory& memory, uint64_t address)
{
    return *memory.read<T>(GuestPhys(address));
}

std::string textAt(GuestMemory& memory, uint64_t address)
{
    std::string text;
    while (const char c = at<char>(memory, address++))
        text += c;
    return text;
}

} // namespace

class KernelLoaderTest : public QObject {
    Q_OBJECT
private slots:
    void linuxStartsIn64Bits();
    void linuxStartsIn32Bits();
    void linuxMovesWhereItFits();
    void linuxInitrdIsAsHighAsAllowed();
    void linuxInitrdAbove4GiB();
    void saysWhatIsWrongWithLinux();
    void plainElf_data();
    void plainElf();
    void multibootElf();
    void multibootFlat();
    void multibootModule();
    void saysWhatIsWrongWithMultiboot();
    void damagedAnywhere_data();
    void damagedAnywhere();
    void namesTheFile();
};

void KernelLoaderTest::linuxStartsIn64Bits()
{
    const auto memory = ram();
    const auto entry = loadKernelImage(*memory, Linux{}.build(), boot());
    QVERIFY2(entry.has_value(), entry ? "" : entry.error().sentence().c_str());
    QVERIFY(entry->mode == KernelMode::Long64);
    QCOMPARE(entry->entry.value(), 4 * kMiB + 0x200);
    QCOMPARE(at<uint32_t>(*memory, 4 * kMiB), 0x12345678U);
    const uint64_t params = entry->rsi;
    QCOMPARE(at<uint64_t>(*memory, params + 0x70), uint64_t{0xf0000});
    QCOMPARE(at<uint32_t>(*memory, params + 0x202), 0x53726448U);
    QCOMPARE(at<uint8_t>(*memory, params + 0x210), uint8_t{0xff});
    QCOMPARE(at<uint32_t>(*memory, params + 0x214), uint32_t{4 * kMiB});
    QCOMPARE(at<uint8_t>(*memory, params + 0x1e8), uint8_t{3});
    QCOMPARE(at<uint64_t>(*memory, params + 0x2d0 + 8), uint64_t{0xa0000});
    QCOMPARE(at<uint64_t>(*memory, params + 0x2d0 + 20), kMiB);
    QCOMPARE(textAt(*memory, at<uint32_t>(*memory, params + 0x228)), std::string("console=ttyS0"));
    QCOMPARE(at<uint8_t>(*memory, params + 0x1ef), uint8_t{0}); // the sentinel
    // Descriptors, and the page tables' first and last page.
    const uint64_t gdt = entry->gdt.value();
    QCOMPARE(entry->gdtLimit, uint16_t{31});
    QCOMPARE(at<uint64_t>(*memory, gdt + entry->codeSelector), uint64_t{0x00af9b000000ffff});
    QCOMPARE(at<uint64_t>(*memory, gdt + entry->dataSelector), uint64_t{0x00cf93000000ffff});
    const auto next = [&](uint64_t table, uint64_t index) {
        return at<uint64_t>(*memory, table + 8 * index) & ~uint64_t{0xfff};
    };
    const uint64_t pointers = next(entry->pageTable.value(), 0);
    QCOMPARE(at<uint64_t>(*memory, next(pointers, 0)), uint64_t{0x83});
    QCOMPARE(at<uint64_t>(*memory, next(pointers, 3) + 511 * 8), uint64_t{0xffe00083});
}

void KernelLoaderTest::linuxStartsIn32Bits()
{
    Linux old;
    old.version = 0x204; // not relocatable, no 64-bit entry
    const auto memory = ram();
    const auto entry = loadKernelImage(*memory, old.build(), boot());
    QVERIFY2(entry.has_value(), entry ? "" : entry.error().sentence().c_str());
    QVERIFY(entry->mode == KernelMode::Protected32);
    QCOMPARE(entry->entry.value(), kMiB);
    QCOMPARE(at<uint64_t>(*memory, entry->gdt.value() + 0x10), uint64_t{0x00cf9b000000ffff});
    QCOMPARE(entry->codeSelector, uint16_t{0x10});
}

void KernelLoaderTest::linuxMovesWhereItFits()
{
    Linux kernel;
    kernel.preferred = 0x100'0000; // where this machine's memory ends
    const auto memory = ram();
    const auto entry = loadKernelImage(*memory, kernel.build(), boot());
    QVERIFY(entry.has_value());
    QCOMPARE(entry->entry.value(), 2 * kMiB + 0x200);
    kernel.initSize = static_cast<uint32_t>(15 * kMiB);
    QVERIFY(failure(kernel.build()).find("needs 15 MiB from 2 MiB on") != std::string::npos);
}

void KernelLoaderTest::linuxInitrdIsAsHighAsAllowed()
{
    const Bytes initrd(5000, std::byte{0x5a});
    KernelBoot told = boot();
    told.initrd = initrd;
    Linux kernel;
    const auto place = [&] {
        const auto memory = ram();
        const auto entry = loadKernelImage(*memory, kernel.build(), told);
        if (!entry || at<uint32_t>(*memory, entry->rsi + 0x21c) != initrd.size())
            return uint32_t{0};
        const auto where = at<uint32_t>(*memory, entry->rsi + 0x218);
        return at<uint8_t>(*memory, where + 4999) == 0x5a ? where : 0;
    };
    QCOMPARE(place(), uint32_t{kRam - 8192});
    kernel.initrdMax = 8 * kMiB - 1;
    QCOMPARE(place(), uint32_t{8 * kMiB - 8192});
    kernel.initrdMax = 5 * kMiB - 1; // inside the kernel: below it
    QCOMPARE(place(), uint32_t{4 * kMiB - 8192});
    const Bytes large(kRam);
    told.initrd = large;
    kernel.xLoadFlags = 3; // but there is nothing above 4 GiB
    QVERIFY(failure(kernel.build(), told).find("initial ramdisk: ") != std::string::npos);
}

/// A ramdisk too large for the memory below 4 GiB goes above it, if the kernel looks there.
void KernelLoaderTest::linuxInitrdAbove4GiB()
{
    constexpr uint64_t kFourGiB = uint64_t{1} << 32;
    const auto memory = std::move(*GuestMemory::create({kRam, 2 * kRam}));
    const Bytes initrd(kRam, std::byte{0x5a});
    KernelBoot told = boot();
    told.memoryMap = kernelMemoryMap({kRam, 2 * kRam}, {});
    told.initrd = initrd;
    Linux kernel;
    QVERIFY(!loadKernelImage(*memory, kernel.build(), told).has_value());
    kernel.xLoadFlags = 3;
    const auto entry = loadKernelImage(*memory, kernel.build(), told);
    QVERIFY2(entry.has_value(), entry ? "" : entry.error().sentence().c_str());
    const uint64_t place = at<uint32_t>(*memory, entry->rsi + 0x218) |
                           uint64_t{at<uint32_t>(*memory, entry->rsi + 0xc0)} << 32;
    QCOMPARE(place, kFourGiB + kRam);
    QCOMPARE(at<uint8_t>(*memory, place + kRam - 1), uint8_t{0x5a});
}

void KernelLoaderTest::saysWhatIsWrongWithLinux()
{
    const auto says = [](auto change, const char* sentence) {
        Linux kernel;
        change(kernel);
        const std::string said = failure(kernel.build());
        QVERIFY2(said.find(sentence) != std::string::npos, said.c_str());
    };
    says([](Linux& k) { k.version = 0x201; }, "older than 2.02");
    says([](Linux& k) { k.loadFlags = 0; }, "zImage");
    says([](Linux& k) { k.alignment = 3; }, "power of two");
    says([](Linux& k) { k.alignment = 0; }, "power of two");
    says([](Linux& k) { k.initSize = ~0U; }, "too little memory");
    says([](Linux& k) { k.commandLineMax = 4; }, "longer than the 4 characters");
    Bytes cut = Linux{}.build();
    cut.resize(kSetupSize);
    QVERIFY(failure(cut).find("cut off") != std::string::npos);
    cut = Linux{}.build();
    cut.resize(kSetupSize + 0x100);
    QVERIFY(failure(cut).find("cut off") != std::string::npos);
}

void KernelLoaderTest::plainElf_data()
{
    QTest::addColumn<bool>("wide");
    QTest::newRow("32 bits") << false;
    QTest::newRow("64 bits") << true;
}

void KernelLoaderTest::plainElf()
{
    QFETCH(bool, wide);
    const auto memory = ram();
    const auto entry = loadKernelImage(*memory, elfKernel(wide, false), boot());
    QVERIFY2(entry.has_value(), entry ? "" : entry.error().sentence().c_str());
    QVERIFY((entry->mode == KernelMode::Long64) == wide);
    QCOMPARE(entry->entry.value(), kMiB + 32); // of a virtual address in the 64-bit file
    QCOMPARE(at<char>(*memory, kMiB + 32), 'k');
    QCOMPARE(textAt(*memory, at<uint32_t>(*memory, entry->rsi + 0x228)),
             std::string("console=ttyS0"));
}

void KernelLoaderTest::multibootElf()
{
    for (const bool wide : {false, true}) {
        const auto memory = ram();
        const auto entry = loadKernelImage(*memory, elfKernel(wide, true), boot());
        QVERIFY2(entry.has_value(), entry ? "" : entry.error().sentence().c_str());
        QVERIFY(entry->mode == KernelMode::Protected32);
        QCOMPARE(entry->entry.value(), kMiB + 32);
        QCOMPARE(entry->eax, 0x2badb002U);
        const uint64_t info = entry->ebx;
        QCOMPARE(at<uint32_t>(*memory, info) & 0x4d, 0x4dU);
        QCOMPARE(at<uint32_t>(*memory, info + 4), 640U);
        QCOMPARE(at<uint32_t>(*memory, info + 8), uint32_t{15 * 1024});
        QCOMPARE(textAt(*memory, at<uint32_t>(*memory, info + 16)),
                 std::string("/boot/kernel console=ttyS0"));
        QCOMPARE(at<uint32_t>(*memory, info + 20), 0U);
        QCOMPARE(at<uint32_t>(*memory, info + 44), 72U); // three entries
        const auto map = at<uint32_t>(*memory, info + 48);
        QCOMPARE(at<uint32_t>(*memory, map), 20U);
        QCOMPARE(at<uint64_t>(*memory, map + 24 + 4), kMiB);
        QCOMPARE(textAt(*memory, at<uint32_t>(*memory, info + 64)), std::string("Vitrine"));
    }
}

void KernelLoaderTest::multibootFlat()
{
    const auto memory = ram();
    QVERIFY(memory->write(GuestPhys(0x200ffc), ~0U).has_value());
    const auto entry = loadKernelImage(*memory, flatMultiboot(), boot());
    QVERIFY2(entry.has_value(), entry ? "" : entry.error().sentence().c_str());
    QCOMPARE(entry->entry.value(), uint64_t{0x200040});
    QCOMPARE(at<char>(*memory, 0x200040), 'f');
    QCOMPARE(at<uint32_t>(*memory, 0x200ffc), 0U);
}

void KernelLoaderTest::multibootModule()
{
    const Bytes module(100, std::byte{7});
    KernelBoot told = boot();
    told.initrd = module;
    const auto memory = ram();
    const auto entry = loadKernelImage(*memory, elfKernel(false, true), told);
    QVERIFY(entry.has_value());
    QCOMPARE(at<uint32_t>(*memory, entry->ebx + 20), 1U);
    const auto list = at<uint32_t>(*memory, entry->ebx + 24);
    const auto first = at<uint32_t>(*memory, list);
    QCOMPARE(first % 4096, 0U);
    QCOMPARE(at<uint32_t>(*memory, list + 4), first + 100);
    QCOMPARE(at<uint8_t>(*memory, first + 99), uint8_t{7});
    QCOMPARE(textAt(*memory, at<uint32_t>(*memory, list + 8)), std::string("/boot/initrd"));
}

void KernelLoaderTest::saysWhatIsWrongWithMultiboot()
{
    const auto says = [](const Bytes& image, const char* sentence) {
        const std::string said = failure(image);
        QVERIFY2(said.find(sentence) != std::string::npos, said.c_str());
    };
    says(Bytes(8192), "neither a Linux bzImage");
    says({}, "neither a Linux bzImage");
    says(elfKernel(false, true, 7), "graphics mode");
    says(elfKernel(false, true, 8), "something unknown");
    says(flatMultiboot(0x200020), "contradict");
    says(flatMultiboot(0x1ff000), "contradict");
    says(flatMultiboot(0x200000, 0x300000), "outside the file");
    says(flatMultiboot(0x200000, 0x100000), "outside the file");
    says(flatMultiboot(0x200000, 0x200060, 0xffffffff), "outside the machine");
    says(flatMultiboot(0x200000, 0x200020, 0), "entry point");
    const Bytes flat = flatMultiboot();
    Bytes late(8192 + flat.size());
    std::copy(flat.begin(), flat.end(), late.begin() + 8192 - 16 - 8);
    QVERIFY(!findMultibootHeader(late)); // would be cut by the 8 KiB
}

void KernelLoaderTest::damagedAnywhere_data()
{
    QTest::addColumn<int>("kind");
    QTest::newRow("Linux") << 0;
    QTest::newRow("Multiboot ELF") << 1;
    QTest::newRow("Multiboot") << 2;
    QTest::newRow("64-bit ELF") << 3;
}

void KernelLoaderTest::damagedAnywhere()
{
    QFETCH(int, kind);
    const Bytes whole = kind == 0   ? Linux{}.build()
                        : kind == 1 ? elfKernel(false, true)
                        : kind == 2 ? flatMultiboot()
                                    : elfKernel(true, false);
    const size_t first = kind == 0 ? 0x1f0 : 0;
    const size_t count = kind == 0 ? 0x80 : 0x80;
    const auto memory = ram();
    for (size_t size = 0; size < whole.size(); size += size < 0x300 ? 1 : 61)
        static_cast<void>(loadKernelImage(*memory, std::span(whole).first(size), boot()));
    std::mt19937 random(1);
    for (int round = 0; round < 3000; ++round) {
        Bytes image = whole;
        for (int i = 0; i <= round % 5; ++i)
            image[first + random() % std::min(count, whole.size())] =
                static_cast<std::byte>(random() % 3 == 0 ? 0xff : random());
        const auto result = loadKernelImage(*memory, image, boot());
        QVERIFY(result.has_value() || !result.error().sentence().empty());
    }
}

void KernelLoaderTest::namesTheFile()
{
    const QTemporaryDir folder;
    const auto write = [&](const char* name, const Bytes& bytes) {
        QFile file(folder.filePath(name));
        const auto size = static_cast<qint64>(bytes.size());
        const auto* data = reinterpret_cast<const char*>(bytes.data());
        return file.open(QIODevice::WriteOnly) && file.write(data, size) == size
                   ? file.fileName().toStdString()
                   : std::string();
    };
    const std::string text = write("text", ByteWriter().text("no kernel", 9).take());
    const std::string kernel = write("kernel", Linux{}.build());
    const std::string empty = write("empty", {});
    const auto memory = ram();
    const auto said = [&](const KernelFiles& files) {
        const auto result = loadKernel(*memory, files, boot());
        return result ? std::string() : result.error().sentence();
    };
    QCOMPARE(said({text, {}}),
             text + ": neither a Linux bzImage nor an ELF file nor a Multiboot kernel");
    QVERIFY(said({"/nonexistent", {}}).starts_with("/nonexistent: "));
    QVERIFY(said({kernel, "/nonexistent"}).starts_with("/nonexistent: "));
    QVERIFY(said({kernel, empty}).starts_with(empty + ": "));
    QCOMPARE(said({kernel, text}), std::string());
}

QTEST_GUILESS_MAIN(KernelLoaderTest)
#include "kernel_loader_test.moc"
