// SPDX-License-Identifier: GPL-3.0-or-later
// Port and memory dispatch: how accesses are cut, mapping and unmapping at awkward moments.
#include <QtTest>

#include <atomic>
#include <thread>
#include <vector>

#include "vmm/bus/bus.h"

using namespace vmm;
using namespace vmm::bus;
using memory::GuestPhys;
using memory::GuestPort;

namespace {

struct Access {
    uint64_t offset;
    unsigned size;
    uint64_t value;
    bool operator==(const Access&) const = default;
};

/// Remembers accesses; reads give bytes that tell their offset.
class Recorder final : public PioHandler, public MmioHandler {
public:
    explicit Recorder(uint8_t first = 0) : m_first(first) {}
    uint32_t readPort(uint16_t offset, unsigned size) override
    {
        return static_cast<uint32_t>(readMmio(offset, size));
    }
    void writePort(uint16_t offset, uint32_t value, unsigned size) override
    {
        writeMmio(offset, value, size);
    }
    uint64_t readMmio(uint64_t offset, unsigned size) override
    {
        reads.push_back({offset, size, 0});
        uint64_t value = 0;
        for (unsigned i = 0; i < size; ++i)
            value |= uint64_t{static_cast<uint8_t>(m_first + offset + i)} << (8 * i);
        return value;
    }
    void writeMmio(uint64_t offset, uint64_t value, unsigned size) override
    {
        writes.push_back({offset, size, value});
    }
    std::vector<Access> reads;
    std::vector<Access> writes;

private:
    uint8_t m_first;
};

/// Calls a function on each access.
class Calling final : public MmioHandler {
public:
    explicit Calling(std::function<void()> function) : m_function(std::move(function)) {}
    uint64_t readMmio(uint64_t, unsigned) override
    {
        m_function();
        return 0;
    }
    void writeMmio(uint64_t, uint64_t, unsigned) override { m_function(); }

private:
    std::function<void()> m_function;
};

} // namespace

class BusTest : public QObject {
    Q_OBJECT

private slots:
    void unclaimedReadsAsOnes()
    {
        PioBus pio;
        MmioBus mmio;
        QCOMPARE(pio.read(GuestPort(0x80), 1), 0xffU);
        QCOMPARE(pio.read(GuestPort(0xffff), 4), 0xffff'ffffU);
        QCOMPARE(mmio.read(GuestPhys(0), 8), ~uint64_t{0});
        QCOMPARE(mmio.read(GuestPhys(~uint64_t{0}), 8), ~uint64_t{0});
        pio.write(GuestPort(0xffff), 0x1234, 4);
        mmio.write(GuestPhys(~uint64_t{0}), 0x1234, 8);
    }

    void portAccessesAreCutAtBordersAndWidth()
    {
        PioBus pio;
        Recorder low(0x10);
        Recorder high(0x40);
        const auto first = *pio.map("low", GuestPort(0x100), 3, low, 2);
        const auto second = *pio.map("high", GuestPort(0x104), 4, high, 1);
        QCOMPARE(pio.read(GuestPort(0x101), 4), 0x40ff'1211U);
        QVERIFY((low.reads == std::vector<Access>{{1, 2, 0}}));
        QVERIFY((high.reads == std::vector<Access>{{0, 1, 0}}));
        pio.write(GuestPort(0xff), 0x4433'2211, 4);
        QVERIFY((low.writes == std::vector<Access>{{0, 2, 0x3322}, {2, 1, 0x44}}));
        pio.write(GuestPort(0x106), 0x2211, 2);
        QVERIFY((high.writes == std::vector<Access>{{2, 1, 0x11}, {3, 1, 0x22}}));
        QCOMPARE(pio.read(GuestPort(0x107), 4), 0xffff'ff43U); // behind: nobody
    }

    void lastPortDoesNotWrap()
    {
        PioBus pio;
        Recorder first;
        Recorder last;
        const auto zero = *pio.map("first", GuestPort(0), 1, first);
        const auto top = *pio.map("last", GuestPort(0xffff), 1, last);
        pio.write(GuestPort(0xffff), 0xaabb, 2);
        QVERIFY((last.writes == std::vector<Access>{{0, 1, 0xbb}}));
        QVERIFY(first.writes.empty());
    }

    void memoryAccessesOfEveryWidthAndOffset()
    {
        MmioBus mmio;
        for (const unsigned maxWidth : {1U, 2U, 4U, 8U}) {
            for (uint64_t offset = 0; offset < 16; ++offset) {
                for (unsigned size = 1; size <= 8; ++size) {
                    Recorder recorder;
                    const auto mapping = *mmio.map("x", GuestPhys(0x1000), 16, recorder, maxWidth);
                    const uint64_t value = mmio.read(GuestPhys(0x1000 + offset), size);
                    unsigned covered = 0;
                    for (const Access& access : recorder.reads) {
                        QCOMPARE(access.offset, offset + covered);
                        QVERIFY(access.size <= maxWidth && std::has_single_bit(access.size));
                        QVERIFY(access.offset + access.size <= 16);
                        covered += access.size;
                    }
                    QCOMPARE(uint64_t{covered}, std::min<uint64_t>(size, 16 - offset));
                    for (unsigned i = 0; i < size; ++i)
                        QCOMPARE(value >> (8 * i) & 0xff, offset + i < 16 ? offset + i : 0xff);
                    QCOMPARE(value & ~widthMask(size), uint64_t{0});
                }
            }
        }
    }

    void overlapsAreBusy()
    {
        MmioBus mmio;
        Recorder recorder;
        const auto mapping = *mmio.map("a", GuestPhys(0x1000), 0x1000, recorder);
        for (const uint64_t base : {0x800U, 0x1000U, 0x1fffU, 0xfffU}) {
            const auto second = mmio.map("b", GuestPhys(base), 0x1000, recorder);
            QVERIFY(!second.has_value());
            QVERIFY(second.error().code() == ErrorCode::Busy);
        }
        QVERIFY(!mmio.map("around", GuestPhys(0), 0x10000, recorder).has_value());
        QVERIFY(mmio.map("before", GuestPhys(0), 0x1000, recorder).has_value());
        QVERIFY(mmio.map("after", GuestPhys(0x2000), 1, recorder).has_value());
        QVERIFY(mmio.map("top", GuestPhys(~uint64_t{0xfff}), 0x1000, recorder).has_value());
    }

    void countersSurviveRemapping()
    {
        MmioBus mmio;
        Recorder recorder;
        for (int i = 0; i < 100; ++i) {
            const auto mapping = *mmio.map("bar", GuestPhys(0x1000), 16, recorder);
            static_cast<void>(mmio.read(GuestPhys(0x1000), 4));
            mmio.write(GuestPhys(0x1000), 0, 4);
        }
        const auto counters = mmio.counters();
        QCOMPARE(counters.size(), size_t{1});
        QCOMPARE(counters[0]->reads.load(), uint64_t{100});
        QCOMPARE(counters[0]->writes.load(), uint64_t{100});
    }

    void unmapAndMapInsideAHandler()
    {
        MmioBus mmio;
        Recorder elsewhere;
        std::unique_ptr<Registration> self;
        std::unique_ptr<Registration> other;
        Calling handler([&] {
            self.reset();
            other = std::move(*mmio.map("moved", GuestPhys(0x2000), 16, elsewhere));
        });
        self = std::move(*mmio.map("self", GuestPhys(0x1000), 16, handler));
        mmio.write(GuestPhys(0x1000), 1, 4);
        QCOMPARE(mmio.read(GuestPhys(0x1000), 4), uint64_t{0xffff'ffff});
        mmio.write(GuestPhys(0x2000), 1, 4);
        QCOMPARE(elsewhere.writes.size(), size_t{1});
    }

    /// A crossing access whose first half takes the second half's mapping away.
    void unmapTheRestOfTheAccess()
    {
        MmioBus mmio;
        Recorder behind;
        std::unique_ptr<Registration> second;
        Calling handler([&] { second.reset(); });
        const auto first = *mmio.map("first", GuestPhys(0x1000), 4, handler);
        second = std::move(*mmio.map("second", GuestPhys(0x1004), 4, behind));
        mmio.write(GuestPhys(0x1000), 1, 8);
        QVERIFY(behind.writes.empty());
    }

    void readersRunWhileMappingsChange()
    {
        MmioBus mmio;
        struct Fixed final : MmioHandler {
            uint64_t readMmio(uint64_t, unsigned size) override
            {
                return 0x0101'0101'0101'0101 & widthMask(size);
            }
            void writeMmio(uint64_t, uint64_t, unsigned) override {}
        } fixed;
        const auto stays = *mmio.map("stays", GuestPhys(0x1000), 0x1000, fixed);
        std::atomic<bool> stop{false};
        std::atomic<uint64_t> wrong{0};
        std::vector<std::thread> readers;
        for (int i = 0; i < 4; ++i)
            readers.emplace_back([&] {
                while (!stop) {
                    if (mmio.read(GuestPhys(0x1ff8), 8) != 0x0101'0101'0101'0101)
                        ++wrong;
                    const uint64_t moving = mmio.read(GuestPhys(0x2000), 1);
                    if (moving != 0x01 && moving != 0xff)
                        ++wrong;
                }
            });
        for (int i = 0; i < 300; ++i)
            static_cast<void>(mmio.map("moves", GuestPhys(0x2000), 0x10, fixed).has_value());
        stop = true;
        for (auto& reader : readers)
            reader.join();
        QCOMPARE(wrong.load(), uint64_t{0});
    }

    void windows32()
    {
        std::array<uint32_t, 4> words = {0x0302'0100, 0x0706'0504, 0x0b0a'0908, 0x0f0e'0d0c};
        const auto read = [&](uint64_t at) { return words[at / 4]; };
        const auto write = [&](uint64_t at, uint32_t value) { words[at / 4] = value; };
        QCOMPARE(readWindow32(3, 8, read), uint64_t{0x0a09'0807'0605'0403});
        QCOMPARE(readWindow32(5, 1, read), uint64_t{5});
        writeWindow32(6, 0xaabb'ccdd, 4, read, write);
        QCOMPARE(words[1], 0xccdd'0504U);
        QCOMPARE(words[2], 0x0b0a'aabbU);
        writeWindow32(
            0, 0xff, 1, [](uint64_t) { return 0U; }, write); // write-one-to-clear
        QCOMPARE(words[0], 0xffU);
        writeWindow32(8, 0x1122'3344'5566'7788, 8, read, write);
        QCOMPARE(words[3], 0x1122'3344U);
    }
};

QTEST_GUILESS_MAIN(BusTest)
#include "bus_test.moc"
