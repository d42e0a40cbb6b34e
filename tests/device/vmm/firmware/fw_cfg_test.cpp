// SPDX-License-Identifier: GPL-3.0-or-later
// fw_cfg as drivers and hostile guests use it. QEMU docs/specs/fw_cfg.rst.
#include <algorithm>

#include <QtTest>

#include "tests/device/vmm/firmware/fw_cfg_driver.h"
#include "tests/support/fakes.h"
#include "tests/support/suites.h"
#include "vmm/firmware/fw_cfg.h"

using tests::FwCfgDriver;
using vmm::firmware::Bytes;
using vmm::firmware::ByteWriter;
using vmm::firmware::FwCfg;
using vmm::firmware::FwCfgKey;
using vmm::memory::GuestPhys;

namespace {

Bytes bytesOf(std::string_view text)
{
    return ByteWriter().text(text, text.size()).take();
}

constexpr uint64_t kRam = uint64_t{16} << 20;

/// A device with one file of each kind; files get keys 0x20 (fixed), 0x21 and 0x22 (generated),
/// 0x23 (writable).
struct Setup {
    Setup()
    {
        addFiles(device);
        auto mapped = board.pio.map("fw-cfg", vmm::memory::GuestPort(FwCfg::kPort),
                                    FwCfg::kPortCount, device);
        registration = std::move(*mapped);
    }
    void addFiles(FwCfg& target)
    {
        bool good = target.addFile("z-fixed", bytesOf("fixed content")).has_value();
        good = good && target
                           .addGeneratedFiles({"a-first", "m-second"},
                                              [this] {
                                                  ++generations;
                                                  return std::vector<Bytes>{
                                                      bytesOf(fmt("first {}", generations)),
                                                      bytesOf(fmt("second {}", generations))};
                                              })
                           .has_value();
        good = good && target
                           .addWritableFile("writable", Bytes(16),
                                            [this](uint32_t offset, auto data) {
                                                writtenOffset = offset;
                                                written.assign(data.begin(), data.end());
                                            })
                           .has_value();
        QVERIFY(good);
    }
    static std::string fmt(const char* text, int number)
    {
        std::string out(text);
        return out.replace(out.find("{}"), 2, std::to_string(number));
    }

    tests::FakeBoard board{kRam};
    int generations = 0;
    uint32_t writtenOffset = 0;
    Bytes written;
    FwCfg device{*board.memory};
    std::unique_ptr<vmm::bus::Registration> registration;
    FwCfgDriver driver{board.pio, *board.memory};
};

} // namespace

class FwCfgTest : public QObject {
    Q_OBJECT
private slots:
    void signatureAndId();
    void dmaRegisterNamesItself();
    void directoryIsSortedAndKeysAreStable();
    void pastTheEndReadsZero();
    void generatedFilesAreMadeTogetherOnSelect();
    void dmaReadsSkipsAndSelects();
    void dmaWritesOnlyWritableFiles();
    void dmaOverItsOwnDescriptor();
    void dmaToHolesIsAnError();
    void dmaDescriptorOutsideRam();
    void dmaOfFourGigabytesEnds();
    void dmaAddressHighIsUsedOnce();
    void limitsOfAdding();
    void stateAndReset();
    void goesOnReadingAfterRestore();
    void accessesOfAnyKind();
};

void FwCfgTest::signatureAndId()
{
    Setup setup;
    QVERIFY(setup.driver.readItem(0, 4) == bytesOf("QEMU"));
    QCOMPARE(vmm::loadLe<uint32_t>(setup.driver.readItem(1, 4).data()), 3U);
    QVERIFY(setup.driver.readItem(0x4000, 4) == bytesOf("QEMU")); // write channel: no meaning
}

void FwCfgTest::dmaRegisterNamesItself()
{
    Setup setup;
    const auto port = [](unsigned n) { return vmm::memory::GuestPort(static_cast<uint16_t>(n)); };
    QCOMPARE(setup.board.pio.read(port(0x514), 4), 0x554d4551U); // "QEMU" in memory order
    QCOMPARE(setup.board.pio.read(port(0x518), 4), 0x47464320U); // " CFG"
    QCOMPARE(setup.board.pio.read(port(0x515), 1), uint32_t{'E'});
}

void FwCfgTest::directoryIsSortedAndKeysAreStable()
{
    Setup setup;
    const auto files = setup.driver.directory();
    QCOMPARE(files.size(), size_t{4});
    QVERIFY(std::is_sorted(files.begin(), files.end(),
                           [](const auto& a, const auto& b) { return a.first < b.first; }));
    QCOMPARE(setup.driver.find("z-fixed")->key, uint16_t{0x20});
    QCOMPARE(setup.driver.find("z-fixed")->size, 13U);
    QCOMPARE(setup.driver.find("a-first")->key, uint16_t{0x21});
    QCOMPARE(setup.driver.find("m-second")->key, uint16_t{0x22});
    QCOMPARE(setup.driver.find("writable")->key, uint16_t{0x23});
}

void FwCfgTest::pastTheEndReadsZero()
{
    Setup setup;
    QVERIFY(setup.driver.readItem(0, 6) == ByteWriter().text("QEMU", 6).take());
    QVERIFY(setup.driver.readItem(0x7fff, 8) == Bytes(8)); // nothing there
    QVERIFY(setup.driver.readItemDma(0, 6) == ByteWriter().text("QEMU", 6).take());
    QVERIFY(setup.driver.readItemDma(0xbfff, 8) == Bytes(8));
}

void FwCfgTest::generatedFilesAreMadeTogetherOnSelect()
{
    Setup setup;
    QVERIFY(setup.driver.readItem(0x21, 7) == bytesOf("first 1"));
    QVERIFY(setup.driver.readItem(0x22, 8) == bytesOf("second 2"));
    QVERIFY(setup.driver.readItemDma(0x21, 7) == bytesOf("first 3"));
    QCOMPARE(setup.generations, 3);
    setup.driver.readItem(0x20, 4); // a fixed one makes nothing
    QCOMPARE(setup.generations, 3);
    QVERIFY(setup.driver.readItem(0x21, 3) == bytesOf("fir"));
    QVERIFY(setup.driver.readData(4) == bytesOf("st 4"));
}

void FwCfgTest::dmaReadsSkipsAndSelects()
{
    Setup setup;
    auto& driver = setup.driver;
    QCOMPARE(driver.dma(0x20 << 16 | FwCfgDriver::kSelect | FwCfgDriver::kSkip, 6, 0), 0U);
    QVERIFY(driver.readData(2) == bytesOf("co")); // port and DMA share the offset
    QCOMPARE(driver.dma(FwCfgDriver::kRead, 5, FwCfgDriver::kBuffer.value()), 0U);
    Bytes read(5);
    QVERIFY(setup.board.memory->copyOut(FwCfgDriver::kBuffer, read).has_value());
    QVERIFY(read == bytesOf("ntent"));
    QCOMPARE(driver.dma(0x20 << 16 | FwCfgDriver::kSelect, 5, 0), 0U);
    QVERIFY(driver.readData(2) == bytesOf("fi"));
    QCOMPARE(driver.dma(FwCfgDriver::kSkip, ~0U, 0), 0U);
    QVERIFY(driver.readData(2) == Bytes(2));
}

void FwCfgTest::dmaWritesOnlyWritableFiles()
{
    Setup setup;
    auto& driver = setup.driver;
    QVERIFY(setup.board.memory->copyIn(FwCfgDriver::kBuffer, bytesOf("pointer!")).has_value());
    const uint64_t buffer = FwCfgDriver::kBuffer.value();
    const uint32_t selectWritable = 0x23 << 16 | FwCfgDriver::kSelect;
    QCOMPARE(driver.dma(selectWritable | FwCfgDriver::kSkip, 4, 0), 0U);
    QCOMPARE(driver.dma(FwCfgDriver::kWrite, 8, buffer), 0U);
    QCOMPARE(setup.writtenOffset, 4U);
    QVERIFY(setup.written == bytesOf("pointer!"));
    QVERIFY(driver.readItem(0x23, 12) == ByteWriter().zeros(4).text("pointer!", 8).take());
    QCOMPARE(driver.dma(selectWritable | FwCfgDriver::kWrite, 17, buffer), FwCfgDriver::kError);
    QCOMPARE(driver.dma(selectWritable | FwCfgDriver::kWrite, 8, ~uint64_t{0} - 3),
             FwCfgDriver::kError);
    for (const uint32_t key : {0x00U, 0x19U, 0x20U, 0x21U, 0x7fffU})
        QCOMPARE(driver.dma(key << 16 | FwCfgDriver::kSelect | FwCfgDriver::kWrite, 4, buffer),
                 FwCfgDriver::kError);
    QVERIFY(driver.readItem(0x20, 13) == bytesOf("fixed content"));
}

void FwCfgTest::dmaOverItsOwnDescriptor()
{
    Setup setup;
    const uint32_t control = 0x20 << 16 | FwCfgDriver::kSelect | FwCfgDriver::kRead;
    QCOMPARE(setup.driver.dma(control, 13, FwCfgDriver::kDescriptor.value()), 0U);
    Bytes left(9);
    QVERIFY(setup.board.memory->copyOut(GuestPhys(0x1004), left).has_value());
    QVERIFY(left == bytesOf("d content"));
}

// CVE-2020-13659: mapping a buffer where no RAM is.
void FwCfgTest::dmaToHolesIsAnError()
{
    Setup setup;
    const uint32_t read = 0x20 << 16 | FwCfgDriver::kSelect | FwCfgDriver::kRead;
    for (const uint64_t address : {kRam, kRam - 4, uint64_t{0xfee00000}, uint64_t{0xfeffc000},
                                   uint64_t{1} << 32, ~uint64_t{0}, ~uint64_t{0} - 12})
        QCOMPARE(setup.driver.dma(read, 13, address), FwCfgDriver::kError);
    Bytes end(4);
    QVERIFY(setup.board.memory->copyOut(GuestPhys(kRam - 4), end).has_value());
    QVERIFY(end == Bytes(4));                              // nothing was copied before the border
    QCOMPARE(setup.driver.dma(read, 0, ~uint64_t{0}), 0U); // nothing to transfer is no error
}

void FwCfgTest::dmaDescriptorOutsideRam()
{
    Setup setup;
    for (const uint64_t address : {kRam, kRam - 15, uint64_t{0xfec00000}, ~uint64_t{0}})
        setup.driver.startDma(address);
    const auto control = setup.board.memory->read<uint32_t>(GuestPhys(kRam - 15));
    QCOMPARE(vmm::byteSwap(*control), FwCfgDriver::kError);
    QVERIFY(setup.driver.readItem(0, 4) == bytesOf("QEMU"));
}

void FwCfgTest::dmaOfFourGigabytesEnds()
{
    Setup setup;
    const uint32_t read = 0x20 << 16 | FwCfgDriver::kSelect | FwCfgDriver::kRead;
    QCOMPARE(setup.driver.dma(read, ~0U, 0), FwCfgDriver::kError);
    QCOMPARE(setup.driver.dma(0x7fff << 16 | FwCfgDriver::kSelect | FwCfgDriver::kRead, ~0U, 0),
             FwCfgDriver::kError);
    // The largest padding there may be, and one byte more.
    tests::FakeBoard large(uint64_t{32} << 20);
    FwCfg device(*large.memory);
    const auto mapped =
        large.pio.map("fw-cfg", vmm::memory::GuestPort(FwCfg::kPort), FwCfg::kPortCount, device);
    FwCfgDriver driver(large.pio, *large.memory);
    const uint32_t nothing = 0x7fff << 16 | FwCfgDriver::kSelect | FwCfgDriver::kRead;
    QCOMPARE(driver.dma(nothing, FwCfg::kMaxPadding, 0x2000), 0U);
    QCOMPARE(driver.dma(nothing, FwCfg::kMaxPadding + 1, 0x2000), FwCfgDriver::kError);
}

void FwCfgTest::dmaAddressHighIsUsedOnce()
{
    Setup setup;
    const auto high = vmm::memory::GuestPort(0x514);
    const auto low = vmm::memory::GuestPort(0x518);
    setup.board.pio.write(high, vmm::byteSwap(1U), 4);
    setup.board.pio.write(low, vmm::byteSwap(0x1000U), 4); // 4 GiB + 0x1000: no RAM there
    std::array<std::byte, 16> select{};
    vmm::storeBe<uint32_t>(select.data(), 0x20 << 16 | FwCfgDriver::kSelect);
    QVERIFY(setup.board.memory->copyIn(FwCfgDriver::kDescriptor, select).has_value());
    setup.board.pio.write(low, vmm::byteSwap(0x1000U), 4); // high was cleared
    QVERIFY(setup.driver.readData(5) == bytesOf("fixed"));
}

void FwCfgTest::limitsOfAdding()
{
    tests::FakeBoard board;
    FwCfg device(*board.memory);
    QVERIFY(!device.addFile(std::string(56, 'x'), {}).has_value());
    QVERIFY(device.addFile(std::string(55, 'x'), {}).has_value());
    QVERIFY(!device.addFile(std::string(55, 'x'), {}).has_value());
    QVERIFY(!device.addFile("large", Bytes(FwCfg::kMaxItemSize + 1)).has_value());
    for (size_t i = 1; i < FwCfg::kMaxFiles; ++i)
        QVERIFY(device.addFile(std::to_string(i), {}).has_value());
    QVERIFY(!device.addFile("one too many", {}).has_value());
}

void FwCfgTest::stateAndReset()
{
    Setup setup;
    const auto make = [&]() -> std::unique_ptr<vmm::state::Participant> {
        auto fresh = std::make_unique<FwCfg>(*setup.board.memory);
        setup.addFiles(*fresh);
        return fresh;
    };
    setup.driver.dma(0x23 << 16 | FwCfgDriver::kSelect | FwCfgDriver::kWrite, 8, 0);
    setup.board.pio.write(vmm::memory::GuestPort(0x514), 0x12345678, 4);
    setup.driver.readItem(0x22, 3);
    tests::deviceStateSuite(setup.device, make);
    const auto fresh = make();
    tests::resetSuite(setup.device, setup.device, *fresh, dynamic_cast<FwCfg&>(*fresh));
}

void FwCfgTest::goesOnReadingAfterRestore()
{
    Setup before;
    QVERIFY(before.driver.readItem(0x21, 3) == bytesOf("fir"));
    Setup after;
    after.generations = 7; // what it would generate now differs
    QVERIFY(after.device.loadState(before.device.saveState()).has_value());
    QVERIFY(after.driver.readData(4) == bytesOf("st 1"));
    QCOMPARE(after.generations, 7);
}

void FwCfgTest::accessesOfAnyKind()
{
    Setup setup;
    tests::pioFuzzSuite(setup.device, FwCfg::kPortCount, 4);
    QVERIFY(setup.driver.readItem(0, 4) == bytesOf("QEMU"));
}

QTEST_GUILESS_MAIN(FwCfgTest)
#include "fw_cfg_test.moc"
