// SPDX-License-Identifier: GPL-3.0-or-later
// What is cached of page tables: rights by privilege, what each kind of flush drops and what it may
// keep, and address spaces side by side (PCID). SDM volume 3 sections 4.6 and 4.10.
#include <QtTest>

#include <functional>

#include "tests/support/soft_machine.h"

using namespace vmm;
using namespace vmm::soft;
using tests::SoftMachine;
using Mode = SoftMachine::Mode;

namespace {

constexpr uint64_t kAt = SoftMachine::kFree; ///< physical code
constexpr uint64_t kCode = 0x40'0000;        ///< where Long sees it, for everybody
constexpr uint64_t kArea = 0x80'0000'0000;   ///< each address space has its own memory here
constexpr unsigned kSlot = 7;
constexpr uint64_t kData = kArea + kSlot * 4096; ///< a page in it
constexpr uint64_t kSpaces = kAt + 0x4'0000;     ///< physical: their tables, four pages each
constexpr uint64_t kValues = kAt + 0x2'0000;     ///< physical: the pages mapped at kData
constexpr uint64_t kKeep = uint64_t{1} << 63;
constexpr uint64_t kGlobal = 0x100, kLarge = 0x80;
constexpr unsigned kPageFault = 14, kProtection = 13;

class PagedMachine : public SoftMachine {
public:
    PagedMachine()
    {
        mapPage(kCode, kAt, kUser | kWritable);
        enter(Mode::Long);
    }
    /// Ring 0 with the stack of the handlers.
    void becomeKernel()
    {
        cpu::Segment& cs = core.regs.segment[kCs];
        cs.selector = kKernelCode;
        cs.dpl = 0;
        core.regs.segment[kSs].dpl = 0;
        core.regs.general[kRsp] = kSystem + kStackTop;
        core.modeChanged();
    }
    /// One instruction at kCode. Vector of the exception, or 0.
    unsigned execute(std::initializer_list<uint8_t> bytes)
    {
        put(kAt, std::vector<uint8_t>(bytes));
        core.regs.rip = kCode;
        core.runOne();
        const auto event = takenEvent();
        return event ? event->vector : 0;
    }
    unsigned setControl(uint8_t number, uint64_t value)
    {
        core.regs.general[kRax] = value;
        return execute({0x0f, 0x22, static_cast<uint8_t>(0xc0 | number << 3)});
    }
    unsigned setPcids(bool on)
    {
        const uint64_t others = core.sys.cr4 & ~uint64_t{cr::k4Pcide};
        return setControl(4, others | (on ? uint64_t{cr::k4Pcide} : 0));
    }
    unsigned invalidatePage(uint64_t linear)
    {
        core.regs.general[kRax] = linear;
        return execute({0x0f, 0x01, 0x38});
    }
    unsigned invalidatePcid(uint64_t kind, uint64_t pcid, uint64_t linear = 0)
    {
        putValue(kAt + 0x800, pcid);
        putValue(kAt + 0x808, linear);
        core.regs.general[kRax] = kCode + 0x800;
        core.regs.general[kRcx] = kind;
        return execute({0x66, 0x0f, 0x38, 0x82, 0x08});
    }
    /// Tables that have the page `page` of kValues at kData, and all that the first ones have.
    uint64_t addSpace(unsigned number, unsigned page, uint64_t bits = kWritable)
    {
        const uint64_t root = kSpaces + uint64_t{number} * 0x4000;
        std::memcpy(at(root), at(kTables), 4096);
        for (uint64_t table = root; table < root + 0x3000; table += 0x1000)
            putValue(table + (table == root ? 8 : 0), (table + 0x1000) | kPresent | kWritable);
        mapData(number, page, bits);
        return root;
    }
    void mapData(unsigned number, unsigned page, uint64_t bits = kWritable)
    {
        putValue(kSpaces + uint64_t{number} * 0x4000 + 0x3000 + kSlot * 8,
                 (kValues + uint64_t{page} * 4096) | bits | kPresent);
        putValue(kValues + uint64_t{page} * 4096, uint64_t{page});
    }
    /// Which page of kValues is at kData now.
    uint64_t seen(uint64_t linear = kData)
    {
        uint64_t value = ~uint64_t{0};
        core.loadLinear(linear, value);
        return value;
    }
};

} // namespace

class PagingTest : public QObject {
    Q_OBJECT
private slots:
    void codeOfTheKernelIsNotTheUsers();
    void flushes();
    void largePages();
    void codeIsFollowed();
    void codeOfAnotherMap();
    void codeAtManyPlaces();
    void codeRemappedByItsOwnPush();
    void pcidRules();
    void pcidsStandSideBySide();
    void pcidsAreFlushed();
    void morePcidsThanSpaces();
};

void PagingTest::codeOfTheKernelIsNotTheUsers()
{
    PagedMachine m;
    constexpr uint64_t kSecret = 0x50'0000;
    m.mapPage(kSecret, kAt + 0x1000, SoftMachine::kWritable);
    m.put(kAt + 0x1000, std::vector<uint8_t>{0x90, 0xeb, 0xfe}); // NOP, then a loop
    m.becomeKernel();
    m.core.regs.rip = kSecret;
    m.core.runOne();
    m.core.runOne();
    QCOMPARE(m.core.regs.rip, kSecret + 1);
    m.enterCode(Mode::Long);
    m.core.regs.rip = kSecret + 1; // decoded, and translated since the last flush
    m.core.runOne();
    const auto event = m.takenEvent();
    QVERIFY(event);
    QCOMPARE(event->vector, kPageFault);
    QCOMPARE(event->error, 0x15U);
}

void PagingTest::flushes()
{
    PagedMachine m;
    const uint64_t first = m.addSpace(0, 1);
    const uint64_t second = m.addSpace(1, 2);
    m.becomeKernel();
    m.setControl(4, m.core.sys.cr4 | cr::k4Pge);
    QCOMPARE(m.setControl(3, first), 0U);
    QCOMPARE(m.seen(), 1U);
    m.mapData(0, 3);
    QCOMPARE(m.setControl(3, first), 0U);
    QCOMPARE(m.seen(), 3U);
    m.mapData(0, 4);
    QCOMPARE(m.invalidatePage(kData + 0xfff), 0U);
    QCOMPARE(m.seen(), 4U);
    // A global page outlives CR3, but neither INVLPG nor a change of CR4.PGE.
    m.mapData(0, 5, kGlobal);
    m.invalidatePage(kData);
    QCOMPARE(m.seen(), 5U);
    m.setControl(3, second);
    QCOMPARE(m.seen(), 5U);
    m.invalidatePage(kData);
    QCOMPARE(m.seen(), 2U);
    m.mapData(1, 6, kGlobal);
    m.invalidatePage(kData);
    QCOMPARE(m.seen(), 6U);
    m.mapData(1, 7);
    m.setControl(4, m.core.sys.cr4 & ~uint64_t{cr::k4Pge});
    QCOMPARE(m.seen(), 7U);
    // What may be written follows CR0.WP.
    m.mapData(1, 7, 0);
    m.invalidatePage(kData);
    m.setControl(0, m.core.sys.cr0 & ~cr::k0Wp);
    QCOMPARE(m.seen(), 7U);
    QVERIFY(m.core.storeLinear(kData + 8, uint64_t{1}));
    m.setControl(0, m.core.sys.cr0 | cr::k0Wp);
    QVERIFY(!m.core.storeLinear(kData + 8, uint64_t{1}));
    QCOMPARE(static_cast<unsigned>(m.core.takePending().vector), kPageFault);
}

void PagingTest::largePages()
{
    PagedMachine m;
    const uint64_t root = m.addSpace(0, 1);
    m.becomeKernel();
    m.setControl(3, root);
    constexpr uint64_t kPage = 0x20'0000; // RAM from 2 MiB on, and what is before it
    m.putValue(root + 0x2000, kPage | kLarge | SoftMachine::kPresent);
    m.putValue<uint64_t>(kPage, 21);
    m.putValue<uint64_t>(kPage + 0x5000, 22);
    QCOMPARE(m.seen(kArea), 21U);
    QCOMPARE(m.seen(kArea + 0x5000), 22U);
    m.putValue(root + 0x2000, kLarge | SoftMachine::kPresent);
    QCOMPARE(m.invalidatePage(kArea + 0x1f'f000), 0U);
    QCOMPARE(m.seen(kArea), m.read(0));
    QCOMPARE(m.seen(kArea + 0x5000), m.read(0x5000));
    m.putValue(root + 0x2000, kPage | kLarge | SoftMachine::kPresent);
    m.setControl(3, root);
    QCOMPARE(m.seen(kArea + 0x5000), 22U);
}

void PagingTest::codeIsFollowed()
{
    PagedMachine m;
    const uint64_t root = m.addSpace(0, 1);
    m.addSpace(1, 2);
    m.becomeKernel();
    m.setControl(3, root);
    const std::vector<uint8_t> one{0xb0, 1, 0xf4}; // MOV AL, n; HLT
    const std::vector<uint8_t> two{0xb0, 2, 0xf4};
    m.put(kValues + 4096, one);
    m.put(kValues + 8192, two);
    const auto run = [&] {
        m.core.regs.rip = kData;
        m.core.runOne();
        return m.core.get<uint8_t>(kRax * 8);
    };
    const auto map = [&](unsigned page) {
        m.putValue(root + 0x3000 + kSlot * 8,
                   (kValues + uint64_t{page} * 4096) | SoftMachine::kPresent);
    };
    QCOMPARE(run(), 1U);
    map(2);
    m.invalidatePage(kData + 8);
    QCOMPARE(run(), 2U);
    map(1);
    m.invalidatePage(kCode + 0x5000); // something else: nothing is promised
    m.setControl(3, root);
    QCOMPARE(run(), 1U);
    // The same after it was reached by a link: JMP at kCode, decoded once.
    m.core.regs.general[kRbx] = kData;
    m.put(kAt + 0x100, std::vector<uint8_t>{0xff, 0xe3}); // JMP RBX
    const auto jump = [&] {
        m.core.regs.rip = kCode + 0x100;
        m.core.m_halted = false;
        if (m.core.run() != Outcome::Halted)
            return uint8_t{0};
        return m.core.get<uint8_t>(kRax * 8);
    };
    QCOMPARE(jump(), 1U);
    QCOMPARE(jump(), 1U);
    map(2);
    m.invalidatePage(kData);
    m.core.m_halted = false;
    QCOMPARE(jump(), 2U);
}

/// The same guest address and other memory there, as with shadow RAM and ROM.
void PagingTest::codeOfAnotherMap()
{
    constexpr uint64_t kPage = 4096, kThere = 16 << 20;
    PagedMachine m;
    m.enter(SoftMachine::Mode::Flat32);
    memory::MapRange range;
    range.base = memory::GuestPhys(kThere);
    range.size = 2 * kPage;
    m.core.regs.general[kRsp] = SoftMachine::kStackTop;
    const auto replace = [&](uint64_t host) {
        static_cast<void>(m.map.removeRange(range));
        range.host = m.at(host);
        QVERIFY(m.map.addRange(range).has_value());
        m.core.raiseAttention(Core::kMapChanged);
    };
    const auto run = [&](uint64_t offset) {
        m.core.regs.rip = kThere + offset;
        m.core.m_halted = false;
        return m.core.run() == Outcome::Halted ? m.core.get<uint8_t>(kRax * 8) : uint8_t{0};
    };
    constexpr uint64_t kFirst = kAt + 0x1'0000, kSecond = kFirst + 2 * kPage;
    const std::vector<uint8_t> one{0xb0, 1, 0xf4}; // MOV AL, n; HLT
    const std::vector<uint8_t> two{0xb0, 2, 0xf4};
    for (const uint64_t at : {uint64_t{0}, kPage - 1}) { // in one page and across
        m.put(kFirst + at, one);
        m.put(kSecond + at, two);
        replace(kFirst);
        QCOMPARE(run(at), 1U);
        replace(kSecond);
        QCOMPARE(run(at), 2U);
        replace(kFirst);
        QCOMPARE(run(at), 1U);
    }
    // Nothing but the second part of an instruction is elsewhere.
    range.size = kPage;
    replace(kFirst);
    const memory::MapRange lower = range;
    range.base = memory::GuestPhys(kThere + kPage);
    replace(kSecond + kPage);
    QCOMPARE(run(kPage - 1), 2U);
    replace(kFirst + kPage);
    QCOMPARE(run(kPage - 1), 1U);
    // And no memory at all: all ones, which is no instruction.
    QVERIFY(m.map.removeRange(lower).has_value());
    m.core.raiseAttention(Core::kMapChanged);
    m.core.regs.rip = kThere;
    m.core.m_halted = false;
    QCOMPARE(m.core.run(), Outcome::Halted);
    QCOMPARE(m.core.regs.rip, SoftMachine::kHandlers + 6 * 16 + 1);
}

/// One page of code at each 2 GiB: as many blocks, which must not be looked for one after the
/// other.
void PagingTest::codeAtManyPlaces()
{
    constexpr uint64_t kPlaces = 0xf000, kStep = uint64_t{1} << 31;
    PagedMachine m;
    const uint64_t root = kSpaces, middle = root + 4096, low = middle + 4096, last = low + 4096;
    constexpr uint64_t kBits = SoftMachine::kPresent | SoftMachine::kWritable;
    for (uint64_t n = 0; n < 256; ++n) // the lower half: the upper one is the machine's
        m.putValue(root + n * 8, middle | kBits);
    std::memcpy(m.at(root + 2048), m.at(SoftMachine::kTables + 2048), 2048);
    for (uint64_t n = 0; n < 512; ++n)
        m.putValue(middle + n * 8, low | kBits);
    m.putValue(low, last | kBits);
    m.putValue(last, kAt | kBits);
    m.becomeKernel();
    m.core.sys.cr3 = root;
    m.core.flushTlb(true);
    // again: add rbx, rdx / dec ecx / jz done / jmp rbx / done: hlt
    m.put(kAt, std::vector<uint8_t>{0x48, 0x01, 0xd3, 0xff, 0xc9, 0x74, 0x02, 0xff, 0xe3, 0xf4});
    m.core.regs.rip = m.core.regs.general[kRbx] = 0;
    m.core.regs.general[kRcx] = kPlaces;
    m.core.regs.general[kRdx] = kStep;
    QCOMPARE(m.core.run(), Outcome::Halted);
    QCOMPARE(m.core.regs.general[kRbx], kPlaces * kStep);
}

/// A CALL whose return address goes to a register that changes the map: its target is looked up in
/// what is there then.
void PagingTest::codeRemappedByItsOwnPush()
{
    constexpr uint64_t kThere = 16 << 20, kRegister = 32 << 20;
    constexpr uint64_t kFirst = kAt + 0x1'0000, kSecond = kFirst + 4096;
    PagedMachine m;
    m.enter(SoftMachine::Mode::Flat32);
    memory::MapRange range;
    range.base = memory::GuestPhys(kThere);
    range.size = 4096;
    range.host = m.at(kFirst);
    QVERIFY(m.map.addRange(range).has_value());
    class Remapper final : public bus::MmioHandler {
    public:
        std::function<void()> act;
        uint64_t readMmio(uint64_t, unsigned) override { return 0; }
        void writeMmio(uint64_t, uint64_t, unsigned) override { act(); }
    } remapper;
    remapper.act = [] {};
    const auto registration = m.mmio.map("remapper", memory::GuestPhys(kRegister), 4096, remapper);
    QVERIFY(registration.has_value());
    // call +11, then MOV AL, n; HLT at offset 16
    const std::vector<uint8_t> call{0xe8, 11, 0, 0, 0};
    for (const uint64_t page : {kFirst, kSecond}) {
        m.put(page, call);
        m.put(page + 16,
              std::vector<uint8_t>{0xb0, page == kFirst ? uint8_t{1} : uint8_t{2}, 0xf4});
    }
    const auto run = [&] {
        m.core.regs.rip = kThere;
        m.core.regs.general[kRsp] = kRegister + 8;
        m.core.m_halted = false;
        return m.core.run() == Outcome::Halted ? m.core.get<uint8_t>(kRax * 8) : uint8_t{0};
    };
    QCOMPARE(run(), 1U);
    QCOMPARE(run(), 1U);
    remapper.act = [&] {
        QVERIFY(m.map.removeRange(range).has_value());
        range.host = m.at(kSecond);
        QVERIFY(m.map.addRange(range).has_value());
    };
    QCOMPARE(run(), 2U);
}

void PagingTest::pcidRules()
{
    PagedMachine m;
    m.becomeKernel();
    const uint64_t cr0 = m.core.sys.cr0;
    const uint64_t root = m.core.sys.cr3;
    QCOMPARE(m.setControl(3, root | kKeep), kProtection); // reserved without CR4.PCIDE
    QCOMPARE(m.setControl(3, root | 8), 0U);
    QCOMPARE(m.setPcids(true), kProtection); // the current PCID must be 0
    QCOMPARE(m.setControl(3, root), 0U);
    QCOMPARE(m.invalidatePcid(0, 1, kData), kProtection);
    QCOMPARE(m.invalidatePcid(1, 1), kProtection);
    for (unsigned kind = 0; kind < 4; ++kind)
        QCOMPARE(m.invalidatePcid(kind, 0), 0U);
    QCOMPARE(m.setPcids(true), 0U);
    QCOMPARE(m.setControl(0, cr0 & ~cr::k0Pg), kProtection);
    QCOMPARE(m.setControl(3, root | 5 | kKeep), 0U);
    QCOMPARE(m.core.sys.cr3, root | 5); // bit 63 is not kept
    QCOMPARE(m.invalidatePcid(0, 1, 0x8000'0000'0000), kProtection);
    QCOMPARE(m.invalidatePcid(1, 0x1000), kProtection);
    QCOMPARE(m.invalidatePcid(4, 0), kProtection);
    QCOMPARE(m.invalidatePcid(1, 0xfff), 0U);
    // Outside long mode there are none.
    PagedMachine legacy;
    legacy.enter(Mode::Flat32);
    legacy.core.regs.general[kRax] = cr::k4Pae | cr::k4Pcide;
    legacy.put(kAt, std::vector<uint8_t>{0x0f, 0x22, 0xe0});
    legacy.core.regs.rip = kAt;
    legacy.core.runOne();
    QCOMPARE(legacy.core.regs.rip, SoftMachine::kHandlers + kProtection * 16);
}

void PagingTest::pcidsStandSideBySide()
{
    PagedMachine m;
    const uint64_t first = m.addSpace(0, 1);
    const uint64_t second = m.addSpace(1, 2);
    m.becomeKernel();
    m.setControl(3, first);
    QCOMPARE(m.setPcids(true), 0U);
    QCOMPARE(m.seen(), 1U);
    m.setControl(3, second | 7);
    QCOMPARE(m.seen(), 2U);
    m.setControl(3, first | kKeep);
    QCOMPARE(m.seen(), 1U);
    m.mapData(0, 3);
    m.mapData(1, 4);
    m.setControl(3, second | 7 | kKeep);
    QCOMPARE(m.seen(), 2U); // kept, as asked for
    m.setControl(3, second | 7);
    QCOMPARE(m.seen(), 4U);
    m.setControl(3, first | kKeep);
    QCOMPARE(m.seen(), 1U);
    m.setControl(3, first);
    QCOMPARE(m.seen(), 3U);
    // Without CR4.PCIDE nothing that belonged to one is left.
    m.mapData(0, 5);
    QCOMPARE(m.setPcids(false), 0U);
    QCOMPARE(m.seen(), 5U);
}

void PagingTest::pcidsAreFlushed()
{
    PagedMachine m;
    const uint64_t first = m.addSpace(0, 1);
    const uint64_t second = m.addSpace(1, 2);
    m.becomeKernel();
    m.setControl(4, m.core.sys.cr4 | cr::k4Pge);
    m.setControl(3, first);
    m.setPcids(true);
    unsigned page = 2;
    const auto enter = [&](uint64_t cr3) {
        m.setControl(3, cr3 | kKeep);
        return m.seen();
    };
    // Of the other address space: by address, by PCID, all but global ones, all.
    for (const uint64_t kind : {0U, 1U, 3U, 2U}) {
        QCOMPARE(enter(second | 7), page);
        enter(first);
        m.mapData(1, ++page, kind == 3 ? kGlobal : 0);
        QCOMPARE(m.invalidatePcid(kind, 7, kData), 0U);
        QCOMPARE(enter(second | 7), page);
    }
    // A global page stays unless everything goes; INVLPG takes it from every address space.
    m.mapData(1, ++page, kGlobal);
    m.invalidatePcid(2, 0);
    QCOMPARE(enter(second | 7), page);
    const unsigned before = page;
    m.mapData(1, ++page, kGlobal);
    for (const uint64_t kind : {1U, 3U}) {
        m.invalidatePcid(kind, 7);
        QCOMPARE(m.seen(), before);
    }
    enter(first);
    m.invalidatePage(kData);
    QCOMPARE(enter(second | 7), page);
}

void PagingTest::morePcidsThanSpaces()
{
    PagedMachine m;
    constexpr unsigned kMany = 20;
    for (unsigned i = 0; i < kMany; ++i)
        m.addSpace(i, i);
    m.becomeKernel();
    m.setPcids(true);
    for (unsigned round = 0; round < 3; ++round) {
        for (unsigned i = 0; i < kMany; i += round + 1) {
            m.setControl(3, (kSpaces + uint64_t{i} * 0x4000) | i | kKeep);
            QCOMPARE(m.seen(), uint64_t{i});
        }
    }
}

QTEST_APPLESS_MAIN(PagingTest)
#include "paging_test.moc"
