// SPDX-License-Identifier: GPL-3.0-or-later
// Bit fields, byte order, checked sums, alignment.
#include <QtTest>

#include "vmm/base/bits.h"

using namespace vmm;

class BitsTest : public QObject {
    Q_OBJECT

private slots:
    void fields()
    {
        QCOMPARE((Field<7, 4>::get(0xabU)), 0xaU);
        QCOMPARE((Field<7, 4>::set(0xabU, 0x1c)), 0xcbU);
        QCOMPARE((Field<63, 0>::get(~uint64_t{0})), ~uint64_t{0});
        QCOMPARE((Field<31, 31>::get(0x8000'0000U)), 1U);
        QCOMPARE((Field<0, 0>::set(uint8_t{0xff}, 0)), uint8_t{0xfe});
    }

    void byteOrder()
    {
        const std::array<uint8_t, 8> bytes = {1, 2, 3, 4, 5, 6, 7, 8};
        QCOMPARE(loadLe<uint32_t>(&bytes[1]), 0x0504'0302U);
        QCOMPARE(loadBe<uint32_t>(&bytes[1]), 0x0203'0405U);
        QCOMPARE(loadBe<uint64_t>(bytes.data()), 0x0102'0304'0506'0708U);
        QCOMPARE(byteSwap(uint8_t{0x12}), uint8_t{0x12});
        std::array<uint8_t, 4> out{};
        storeBe(out.data(), 0x1122'3344U);
        QVERIFY((out == std::array<uint8_t, 4>{0x11, 0x22, 0x33, 0x44}));
    }

    void sums()
    {
        QCOMPARE(*checkedSum<uint64_t>(1, 2), uint64_t{3});
        QVERIFY(!checkedSum<uint64_t>(~uint64_t{0}, 1).has_value());
        QVERIFY(!checkedSum<uint8_t>(200, 100).has_value());
    }

    void alignmentAndWidths()
    {
        QCOMPARE(alignUp(1, 4096), uint64_t{4096});
        QCOMPARE(alignUp(4096, 4096), uint64_t{4096});
        QCOMPARE(alignDown(8191, 4096), uint64_t{4096});
        QCOMPARE(widthMask(1), uint64_t{0xff});
        QCOMPARE(widthMask(4), uint64_t{0xffff'ffff});
        QCOMPARE(widthMask(8), ~uint64_t{0});
    }
};

QTEST_GUILESS_MAIN(BitsTest)
#include "bits_test.moc"
