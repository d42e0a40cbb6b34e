// SPDX-License-Identifier: GPL-3.0-or-later
// The VGA's registers and PCI function as drivers find them, and the suites every device passes.
#include <thread>

#include <QtTest>

#include "tests/device/vmm/pci_devices/vga_driver.h"
#include "tests/support/suites.h"

using namespace tests;

class VgaTest : public QObject {
    Q_OBJECT
private slots:
    void pciFunction();
    void refusesOddVideoMemory();
    void onlyOneVga();
    void registersReadBack();
    void crtcAddressFollowsMisc();
    void protectBit();
    void attributeFlipFlop();
    void dac();
    void retraceToggles();
    void resetKeepsVideoMemory();
    void stateSuite();
    void videoMemoryStateSuite();
    void videoMemoryStateIsHostileSafe();
    void hostileRegisters();
    void resets();
    void fuzzPorts();
    void fuzzMemory();
    void drawsWhileVcpusWrite();
};

void VgaTest::pciFunction()
{
    VgaBoard board;
    QCOMPARE(board.vga->readConfig(0x00, 4), 0x11111234U);
    QCOMPARE(board.vga->readConfig(0x08, 4) >> 8, 0x030000U);
    board.vga->writeConfig(0x10, 0xffffffff, 4);
    QCOMPARE(board.vga->readConfig(0x10, 4), 0xff000008U); // 16 MiB, prefetchable
    board.vga->writeConfig(0x18, 0xffffffff, 4);
    QCOMPARE(board.vga->readConfig(0x18, 4), 0xfffff000U);
    board.vga->writeConfig(0x30, 0xfeb1'0001, 4);
    board.vga->writeConfig(0x10, 0xe000'0000, 4);
    board.vga->writeConfig(0x04, 2, 2);
    const auto ranges = board.board.map.ranges();
    QCOMPARE(ranges.size(), size_t{2});
    QCOMPARE(ranges[1].base.value(), uint64_t{0xfeb1'0000});
    QVERIFY(ranges[1].access == vmm::memory::MapAccess::ReadOnly);
    QCOMPARE(ranges[1].host[1], std::byte{0xaa});
}

void VgaTest::refusesOddVideoMemory()
{
    FakeBoard board;
    for (const uint64_t size :
         {uint64_t{0}, uint64_t{3} << 20, uint64_t{1} << 19, uint64_t{1} << 40})
        QVERIFY(!vmm::pci_devices::VgaPci::create(board.pciServices(), board.clock, {}, size));
}

void VgaTest::onlyOneVga()
{
    VgaBoard board;
    QVERIFY(!vmm::pci_devices::VgaPci::create(board.board.pciServices(), board.board.clock, {}));
}

void VgaTest::registersReadBack()
{
    VgaBoard board;
    constexpr std::array<uint8_t, 5> kSr = {0x03, 0x3d, 0x0f, 0x3f, 0x0e};
    for (unsigned i = 0; i < 8; ++i) {
        board.setSr(i, 0xff);
        QCOMPARE(board.in8(0x3c4), static_cast<uint8_t>(i));
        QCOMPARE(board.in8(0x3c5), i < kSr.size() ? kSr[i] : uint8_t{0});
    }
    constexpr std::array<uint8_t, 9> kGr = {0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff};
    for (unsigned i = 0; i < 16; ++i) {
        board.setGr(i, 0xff);
        QCOMPARE(board.in8(0x3cf), i < kGr.size() ? kGr[i] : uint8_t{0});
    }
    board.out8(0x3c2, 0x67);
    QCOMPARE(board.in8(0x3cc), uint8_t{0x67});
    board.out8(0x3da, 2);
    QCOMPARE(board.in8(0x3ca), uint8_t{2});
    QCOMPARE(board.in8(0x3c2) & 0x10, 0x10);
    QCOMPARE(board.in8(0x3c3), uint8_t{1});
    board.out8(0x3c6, 0x3f);
    QCOMPARE(board.in8(0x3c6), uint8_t{0x3f});
}

void VgaTest::crtcAddressFollowsMisc()
{
    VgaBoard board;
    board.setCr(0x0e, 0x12);
    QCOMPARE(board.in8(0x3d5), uint8_t{0x12});
    QCOMPARE(board.in8(0x3b5), uint8_t{0xff});
    board.out8(0x3c2, 0x66);
    QCOMPARE(board.in8(0x3b4), uint8_t{0x0e});
    QCOMPARE(board.in8(0x3b5), uint8_t{0x12});
    QCOMPARE(board.in8(0x3d5), uint8_t{0xff});
    board.setCr(0x0e, 0x34); // nobody there
    QCOMPARE(board.in8(0x3b5), uint8_t{0x12});
}

void VgaTest::protectBit()
{
    VgaBoard board;
    board.setMode(kMode3); // ends with CR11 bit 7 set
    board.setCr(0x00, 0x11);
    QCOMPARE(board.in8(0x3d5), uint8_t{0x5f});
    board.setCr(0x07, 0x00); // only the compare bit
    QCOMPARE(board.in8(0x3d5), uint8_t{0x0f});
    board.setCr(0x0a, 0x01);
    QCOMPARE(board.in8(0x3d5), uint8_t{0x01});
    board.setCr(0x11, 0x0e);
    board.setCr(0x00, 0x11);
    QCOMPARE(board.in8(0x3d5), uint8_t{0x11});
}

void VgaTest::attributeFlipFlop()
{
    VgaBoard board;
    board.in8(0x3da);
    board.out8(0x3c0, 0x05);
    QCOMPARE(board.in8(0x3c0), uint8_t{0x05});
    board.out8(0x3c0, 0xff);
    QCOMPARE(board.in8(0x3c1), uint8_t{0x3f});
    board.out8(0x3c0, 0x33);
    board.in8(0x3da); // forgets the index just written was followed by nothing
    board.out8(0x3c0, 0x2f);
    QCOMPARE(board.in8(0x3c0), uint8_t{0x2f});
    board.out8(0x3c0, 0x11);
    QCOMPARE(board.in8(0x3c1), uint8_t{0x11});
}

void VgaTest::dac()
{
    VgaBoard board;
    board.out8(0x3c8, 254);
    for (unsigned i = 0; i < 9; ++i)
        board.out8(0x3c9, i + 1); // 254, 255, and on to 0
    QCOMPARE(board.in8(0x3c8), uint8_t{1});
    QCOMPARE(board.in8(0x3c7), uint8_t{0});
    board.out8(0x3c7, 255);
    QCOMPARE(board.in8(0x3c7), uint8_t{3});
    for (unsigned i = 3; i < 9; ++i)
        QCOMPARE(board.in8(0x3c9), static_cast<uint8_t>(i + 1));
    board.out8(0x3c8, 5);
    board.out8(0x3c9, 0xff); // an entry changes only with its third part
    board.out8(0x3c7, 5);
    QCOMPARE(board.in8(0x3c9), uint8_t{0});
}

void VgaTest::retraceToggles()
{
    VgaBoard board;
    for (const bool modeSet : {false, true}) {
        if (modeSet)
            board.setMode(kMode3);
        unsigned changes = 0;
        unsigned blankChanges = 0;
        uint8_t before = board.in8(0x3da);
        for (int i = 0; i < 20000; ++i) { // two seconds in steps of 0.1 ms
            board.board.clock.advance(100'003);
            const uint8_t now = board.in8(0x3da);
            changes += ((now ^ before) & 8) != 0;
            blankChanges += ((now ^ before) & 1) != 0;
            QVERIFY((now & 8) == 0 || (now & 1) != 0);
            before = now;
        }
        QVERIFY(changes > 100);
        QVERIFY(blankChanges > 1000);
    }
}

void VgaTest::resetKeepsVideoMemory()
{
    VgaBoard board;
    board.setMode(kMode12);
    board.poke(0xa0000, 0xff);
    board.mapBars();
    board.vga->reset();
    QVERIFY(board.board.map.ranges().empty());
    QCOMPARE(board.vga->vramBytes()[0], std::byte{0xff});
    board.update();
    QCOMPARE(board.pixel(0, 0), 0xff000000U);
}

namespace {

/// A device with a board of its own.
class OwnedVga final : public vmm::state::Participant {
public:
    enum class Part { Registers, VideoMemory };
    explicit OwnedVga(Part part, uint64_t vram = VgaBoard::kVram)
        : m_vga(VgaBoard::make(m_board, vram)),
          m_part(part == Part::Registers ? static_cast<vmm::state::Participant*>(m_vga.get())
                                         : &m_vga->vram())
    {}
    std::string stateName() const override { return m_part->stateName(); }
    vmm::state::Record saveState() const override { return m_part->saveState(); }
    vmm::Result<void> loadState(const vmm::state::Record& record) override
    {
        auto result = m_part->loadState(record);
        vmm::console::Frame frame; // whatever was loaded can be shown
        m_vga->scanout().update(frame);
        static_cast<void>(m_vga->scanout().text());
        return result;
    }

private:
    FakeBoard m_board{uint64_t{1} << 20};
    std::unique_ptr<vmm::pci_devices::VgaPci> m_vga;
    vmm::state::Participant* m_part;
};

} // namespace

void VgaTest::stateSuite()
{
    const auto make = [] {
        return std::make_unique<OwnedVga>(OwnedVga::Part::Registers, uint64_t{1} << 20);
    };
    VgaBoard board(uint64_t{1} << 20);
    board.setMode(kMode12);
    board.poke(0xa0000, 0x5a);
    board.peek(0xa0000);
    board.out8(0x3c9, 1);
    deviceStateSuite(*board.vga, make);
    board.mapBars();
    board.enableVbe(640, 400, 32);
    board.setDispi(6, 650);
    board.setDispi(9, 1);
    deviceStateSuite(*board.vga, make);
}

void VgaTest::videoMemoryStateSuite()
{
    VgaBoard board(uint64_t{1} << 20);
    board.vga->vramBytes()[5] = std::byte{1};
    board.vga->vramBytes()[200'000] = std::byte{2};
    board.vga->vramBytes().back() = std::byte{3};
    deviceStateSuite(board.vga->vram(), [] {
        return std::make_unique<OwnedVga>(OwnedVga::Part::VideoMemory, uint64_t{1} << 20);
    });
}

void VgaTest::videoMemoryStateIsHostileSafe()
{
    using vmm::pci_devices::VgaVramState;
    VgaBoard board(uint64_t{1} << 20);
    board.vga->vramBytes()[7] = std::byte{9};
    const auto rejected = [&](const VgaVramState& state) {
        return !board.vga->vram().loadState(vmm::state::save(state)).has_value() &&
               board.vga->vramBytes()[7] == std::byte{9};
    };
    VgaVramState state;
    state.size = uint64_t{2} << 20;
    QVERIFY(rejected(state));
    state.size = uint64_t{1} << 20;
    state.blocks = {{16, {1}}};
    QVERIFY(rejected(state));
    state.blocks = {{0xffff'ffff, {1}}};
    QVERIFY(rejected(state));
    state.blocks = {{0, std::vector<uint8_t>(65537)}};
    QVERIFY(rejected(state));
    state.blocks = {{1, {1}}, {1, {2}}};
    QVERIFY(rejected(state));
    state.blocks = {{1, {4}}};
    QVERIFY(board.vga->vram().loadState(vmm::state::save(state)).has_value());
    QCOMPARE(board.vga->vramBytes()[65536], std::byte{4});
    QCOMPARE(board.vga->vramBytes()[7], std::byte{0});
}

void VgaTest::hostileRegisters()
{
    VgaBoard board;
    auto state = board.vga->save();
    state.vga.dispi[vmm::pci_devices::vga::kDispiEnable] = 0xffff;
    state.vga.dispi[vmm::pci_devices::vga::kDispiXres] = 0xffff;
    state.vga.dispi[vmm::pci_devices::vga::kDispiYOffset] = 0xffff;
    state.vga.dispi[vmm::pci_devices::vga::kDispiBank] = 0xffff;
    state.vga.dispi[vmm::pci_devices::vga::kDispiBpp] = 0;
    state.vga.attributeIndex = 0xff;
    state.vga.sr.fill(0xff);
    state.vga.cr.fill(0xff);
    QVERIFY(board.vga->load(state).has_value());
    QVERIFY(board.dispi(1) <= 8192);
    board.update();
    board.poke(0xaffff, 1);
    board.setDispi(4, 0);
    board.update();
    state.vga.dacComponent = 3;
    QVERIFY(!board.vga->load(state).has_value());
}

void VgaTest::resets()
{
    VgaBoard board;
    board.setMode(kMode13);
    board.mapBars();
    board.enableVbe(640, 480, 32);
    VgaBoard fresh;
    resetSuite(*board.vga, *board.vga, *fresh.vga, *fresh.vga);
}

namespace {

/// Ports of the board as one handler, so that cutting by width is part of it.
class BoardPorts final : public vmm::bus::PioHandler {
public:
    explicit BoardPorts(VgaBoard& board) : m_board(board) {}
    uint32_t readPort(uint16_t offset, unsigned size) override
    {
        return m_board.board.pio.read(port(offset), size);
    }
    void writePort(uint16_t offset, uint32_t value, unsigned size) override
    {
        m_board.board.pio.write(port(offset), value, size);
        if (++m_writes % 500 == 0) {
            m_board.vga->scanout().update(m_frame);
            static_cast<void>(m_board.vga->scanout().text());
        }
    }

private:
    static vmm::memory::GuestPort port(uint16_t offset)
    {
        return vmm::memory::GuestPort(
            static_cast<uint16_t>(offset < 0x30 ? 0x3b0 + offset : 0x1ce + offset - 0x30));
    }
    VgaBoard& m_board;
    vmm::console::Frame m_frame;
    unsigned m_writes = 0;
};

class BoardMemory final : public vmm::bus::MmioHandler {
public:
    BoardMemory(VgaBoard& board, uint64_t base) : m_board(board), m_base(base) {}
    uint64_t readMmio(uint64_t offset, unsigned size) override
    {
        return m_board.peek(m_base + offset, size);
    }
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override
    {
        m_board.poke(m_base + offset, value, size);
    }

private:
    VgaBoard& m_board;
    uint64_t m_base;
};

} // namespace

void VgaTest::fuzzPorts()
{
    VgaBoard board(uint64_t{1} << 20);
    BoardPorts ports(board);
    for (unsigned seed = 1; seed <= 3; ++seed)
        pioFuzzSuite(ports, 0x34, 4, seed);
}

void VgaTest::fuzzMemory()
{
    VgaBoard board(uint64_t{1} << 20);
    board.mapBars();
    BoardMemory window(board, 0xa0000);
    BoardMemory registers(board, VgaBoard::kRegisters);
    for (unsigned round = 1; round <= 10; ++round) {
        mmioFuzzSuite(registers, 4096, round, 3000);
        mmioFuzzSuite(window, 0x20000, round, 3000);
        board.update();
    }
}

// For the thread sanitizer: two vCPUs and a viewer.
void VgaTest::drawsWhileVcpusWrite()
{
    VgaBoard board(uint64_t{1} << 20);
    board.setMode(kMode12);
    const auto vcpu = [&board](unsigned seed) {
        BoardPorts ports(board);
        BoardMemory window(board, 0xa0000);
        mmioFuzzSuite(window, 0x20000, seed, 2000);
        std::mt19937 random(seed);
        for (int i = 0; i < 2000; ++i)
            ports.writePort(static_cast<uint16_t>(random() % 0x30), random() & 0xff, 1);
    };
    std::thread first(vcpu, 1);
    std::thread second(vcpu, 2);
    for (int i = 0; i < 50; ++i) {
        vmm::console::Frame frame;
        board.vga->scanout().update(frame);
        static_cast<void>(board.vga->scanout().text());
    }
    first.join();
    second.join();
}

QTEST_GUILESS_MAIN(VgaTest)
#include "vga_test.moc"
