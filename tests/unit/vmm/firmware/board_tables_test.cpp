// SPDX-License-Identifier: GPL-3.0-or-later
// Tables in memory for kernels without firmware: found, linked and summed as systems check them.
#include <QtTest>

#include "tests/support/fakes.h"
#include "vmm/firmware/board_tables.h"
#include "vmm/firmware/chipset_setup.h"
#include "vmm/firmware/vmgenid.h"

using vmm::loadLe;
using vmm::memory::GuestMemory;
using vmm::memory::GuestPhys;
using namespace vmm::firmware;

namespace {

constexpr uint64_t kRam = uint64_t{64} << 20;

class FakeChipset final : public ChipsetView {
public:
    EcamRange ecam() const override { return {true, 0xb0000000, 256 << 20}; }
};

Bytes read(GuestMemory& memory, uint64_t address, size_t size)
{
    Bytes bytes(size);
    const bool good = memory.copyOut(GuestPhys(address), bytes).has_value();
    return good ? bytes : Bytes();
}

/// A table whose header gives its length, when its sum is right.
Bytes table(GuestMemory& memory, uint64_t address)
{
    const auto size = *memory.read<uint32_t>(GuestPhys(address + 4));
    Bytes bytes = size < 65536 ? read(memory, address, size) : Bytes();
    return !bytes.empty() && zeroSumChecksum(bytes) == 0 ? bytes : Bytes();
}

std::string signature(const Bytes& bytes)
{
    return bytes.size() < 4 ? "" : std::string(reinterpret_cast<const char*>(bytes.data()), 4);
}

} // namespace

class BoardTablesTest : public QObject {
    Q_OBJECT
private slots:
    void init()
    {
        m_memory = std::move(*GuestMemory::create({kRam, 0}));
        BoardFacts facts{.chipset = m_chipset};
        facts.cpus = 4;
        facts.ram = m_memory->layout();
        auto placed = placeTables(*m_memory, facts);
        QVERIFY(placed.has_value());
        m_placed = *placed;
    }
    void rsdpLeadsToEveryTable()
    {
        const Bytes rsdp = read(*m_memory, m_placed.rsdp.value(), 36);
        QVERIFY(std::memcmp(rsdp.data(), "RSD PTR ", 8) == 0);
        QCOMPARE(int{zeroSumChecksum(std::span(rsdp).first(20))}, 0);
        QCOMPARE(int{zeroSumChecksum(rsdp)}, 0);
        const Bytes xsdt = table(*m_memory, loadLe<uint64_t>(&rsdp[24]));
        QCOMPARE(signature(xsdt), std::string("XSDT"));
        std::string all;
        for (size_t at = 36; at < xsdt.size(); at += 8)
            all += signature(table(*m_memory, loadLe<uint64_t>(&xsdt[at]))) + " ";
        QCOMPARE(all, std::string("FACP APIC HPET WAET SSDT MCFG "));
        const Bytes fadt = table(*m_memory, loadLe<uint64_t>(&xsdt[36]));
        QCOMPARE(signature(table(*m_memory, loadLe<uint32_t>(&fadt[40]))), std::string("DSDT"));
        const Bytes rsdt = table(*m_memory, loadLe<uint32_t>(&rsdp[16]));
        QCOMPARE(signature(rsdt), std::string("RSDT"));
    }
    void smbiosIsWhereItIsLookedFor()
    {
        for (uint64_t at = 0xf0000; at < 0x100000; at += 16) {
            const Bytes anchor = read(*m_memory, at, 31);
            if (std::memcmp(anchor.data(), "_SM_", 4) != 0)
                continue;
            QCOMPARE(int{zeroSumChecksum(anchor)}, 0);
            QCOMPARE(int{zeroSumChecksum(std::span(anchor).subspan(16))}, 0);
            const Bytes tables =
                read(*m_memory, loadLe<uint32_t>(&anchor[24]), loadLe<uint16_t>(&anchor[22]));
            QVERIFY(!tables.empty() && tables[0] == std::byte{0} && tables[1] >= std::byte{18});
            return;
        }
        QFAIL("no SMBIOS entry point");
    }
    void mapKeepsTheTablesSafe()
    {
        uint64_t end = 0;
        bool reserved = false;
        const Bytes rsdp = read(*m_memory, m_placed.rsdp.value(), 36);
        for (const E820Entry& entry : m_placed.memoryMap) {
            QVERIFY(entry.base >= end);
            end = entry.base + entry.size;
            const auto rsdt = loadLe<uint32_t>(&rsdp[16]);
            reserved |= entry.type == E820Type::Reserved && rsdt >= entry.base && rsdt < end;
        }
        QVERIFY(reserved);
    }
    void generationIdIsPlaced()
    {
        BoardFacts facts{.chipset = m_chipset};
        facts.ram = m_memory->layout();
        facts.generationId = makeGenerationId();
        const auto placed = placeTables(*m_memory, facts);
        QVERIFY(placed.has_value() && placed->generationId.has_value());
        const uint64_t at = placed->generationId->value();
        QVERIFY(read(*m_memory, at, 16) ==
                Bytes(std::as_bytes(std::span(*facts.generationId)).begin(),
                      std::as_bytes(std::span(*facts.generationId)).end()));
        const Bytes rsdp = read(*m_memory, placed->rsdp.value(), 36);
        const Bytes xsdt = table(*m_memory, loadLe<uint64_t>(&rsdp[24]));
        const Bytes last = table(*m_memory, loadLe<uint64_t>(&xsdt[xsdt.size() - 8]));
        QCOMPARE(loadLe<uint32_t>(&last[generationIdTable().addressAt]), uint32_t(at));
        const auto reserved = std::find_if(
            placed->memoryMap.begin(), placed->memoryMap.end(), [at](const E820Entry& entry) {
                return at >= entry.base && at + 16 <= entry.base + entry.size;
            });
        QVERIFY(reserved != placed->memoryMap.end() && reserved->type == E820Type::Reserved);
        QVERIFY(!m_placed.generationId.has_value());
    }
    void littleMemoryIsAnError()
    {
        const auto memory = std::move(*GuestMemory::create({uint64_t{1} << 20, 0}));
        BoardFacts facts{.chipset = m_chipset};
        facts.ram = memory->layout();
        QVERIFY(!placeTables(*memory, facts).has_value());
    }

private:
    FakeChipset m_chipset;
    std::unique_ptr<GuestMemory> m_memory;
    PlacedTables m_placed;
};

QTEST_GUILESS_MAIN(BoardTablesTest)
#include "board_tables_test.moc"
