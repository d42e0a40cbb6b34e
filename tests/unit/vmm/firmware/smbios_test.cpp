// SPDX-License-Identifier: GPL-3.0-or-later
// SMBIOS structures walk, number and sum up as DSP0134 2.8.0 says.
#include <map>
#include <set>

#include <QtTest>

#include "vmm/firmware/smbios.h"

using vmm::loadLe;
using namespace vmm::firmware;

namespace {

class FakeChipset final : public ChipsetView {
public:
    EcamRange ecam() const override { return {}; }
};
const FakeChipset kChipset;

struct Structure {
    int type = 0;
    Bytes body;
    std::vector<std::string> strings;
    size_t size = 0; // all of it
};

/// All structures, or nothing when one reaches past the end.
std::vector<Structure> walk(const Bytes& table)
{
    std::vector<Structure> found;
    for (size_t at = 0; at + 4 <= table.size();) {
        Structure one;
        one.type = std::to_integer<int>(table[at]);
        const auto length = std::to_integer<size_t>(table[at + 1]);
        if (length < 4 || at + length + 2 > table.size())
            return {};
        one.body = {table.begin() + static_cast<ptrdiff_t>(at),
                    table.begin() + static_cast<ptrdiff_t>(at + length)};
        size_t end = at + length;
        while (end < table.size() && table[end] != std::byte{0}) {
            const std::string text(reinterpret_cast<const char*>(&table[end]));
            one.strings.push_back(text);
            end += text.size() + 1;
        }
        end += one.strings.empty() ? 2 : 1;
        one.size = end - at;
        at = end;
        found.push_back(one);
    }
    return found;
}

BoardFacts facts(uint64_t low, uint64_t high)
{
    BoardFacts board{.chipset = kChipset};
    board.cpus = 4;
    board.ram = {low, high};
    return board;
}

} // namespace

class SmbiosTest : public QObject {
    Q_OBJECT
private slots:
    void anchor();
    void structures();
    void processorsBySocket();
    void memoryAddsUp();
};

void SmbiosTest::anchor()
{
    const SmbiosFiles files = smbiosFiles(facts(uint64_t{1} << 30, 0));
    QCOMPARE(files.anchor.size(), size_t{31});
    QVERIFY(std::memcmp(files.anchor.data(), "_SM_", 4) == 0);
    QVERIFY(std::memcmp(&files.anchor[16], "_DMI_", 5) == 0);
    QCOMPARE(zeroSumChecksum(files.anchor), uint8_t{0});
    QCOMPARE(zeroSumChecksum(std::span(files.anchor).subspan(16)), uint8_t{0});
    QCOMPARE(size_t{loadLe<uint16_t>(&files.anchor[22])}, files.tables.size());
    const auto all = walk(files.tables);
    QCOMPARE(size_t{loadLe<uint16_t>(&files.anchor[28])}, all.size());
    size_t largest = 0;
    for (const Structure& one : all)
        largest = std::max(largest, one.size);
    QCOMPARE(size_t{loadLe<uint16_t>(&files.anchor[8])}, largest);
}

void SmbiosTest::structures()
{
    BoardFacts board = facts(uint64_t{2} << 30, uint64_t{1} << 30);
    board.name = "my-machine";
    const SmbiosFiles files = smbiosFiles(board);
    const auto all = walk(files.tables);
    const std::map<int, size_t> lengths{{0, 24},  {1, 27},  {3, 22},  {4, 42}, {16, 23},
                                        {17, 40}, {19, 31}, {32, 11}, {127, 4}};
    std::set<uint16_t> handles;
    std::set<int> types;
    for (const Structure& one : all) {
        types.insert(one.type);
        QVERIFY(lengths.contains(one.type));
        QCOMPARE(one.body.size(), lengths.at(one.type));
        QVERIFY(handles.insert(loadLe<uint16_t>(&one.body[2])).second);
    }
    QCOMPARE(types.size(), lengths.size());
    QCOMPARE(all.front().type, 0); // SeaBIOS adds one of its own otherwise
    QCOMPARE(all.back().type, 127);
    const Structure& system = all[1];
    QCOMPARE(system.strings[std::to_integer<size_t>(system.body[7]) - 1],
             std::string("my-machine"));
}

void SmbiosTest::processorsBySocket()
{
    BoardFacts board = facts(uint64_t{1} << 30, 0);
    board.cpus = 8;
    board.sockets = 2;
    unsigned sockets = 0;
    for (const Structure& one : walk(smbiosFiles(board).tables)) {
        if (one.type != 4)
            continue;
        ++sockets;
        QCOMPARE(std::to_integer<int>(one.body[0x23]), 4); // cores
    }
    QCOMPARE(sockets, 2U);
}

void SmbiosTest::memoryAddsUp()
{
    constexpr uint64_t kGiB = uint64_t{1} << 30;
    for (const uint64_t high : {uint64_t{0}, kGiB, 30 * kGiB, 1022 * kGiB}) {
        uint64_t modules = 0;
        uint64_t mapped = 0;
        uint64_t count = 0;
        uint64_t announced = 0;
        for (const Structure& one : walk(smbiosFiles(facts(2 * kGiB, high)).tables)) {
            if (one.type == 16) {
                announced = loadLe<uint16_t>(&one.body[13]);
                QCOMPARE(uint64_t{loadLe<uint32_t>(&one.body[7])}, (2 * kGiB + high) >> 10);
            } else if (one.type == 17) {
                ++count;
                modules += uint64_t{loadLe<uint16_t>(&one.body[12])} << 20;
            } else if (one.type == 19) {
                mapped +=
                    (uint64_t{loadLe<uint32_t>(&one.body[8])} - loadLe<uint32_t>(&one.body[4]) + 1)
                    << 10;
            }
        }
        QCOMPARE(count, announced);
        QCOMPARE(modules, 2 * kGiB + high);
        QCOMPARE(mapped, 2 * kGiB + high);
    }
}

QTEST_GUILESS_MAIN(SmbiosTest)
#include "smbios_test.moc"
