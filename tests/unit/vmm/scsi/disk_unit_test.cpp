// SPDX-License-Identifier: GPL-3.0-or-later
// The disk's commands one by one. SBC-3, SPC-4.
#include <QtTest>

#include "tests/unit/vmm/scsi/still_backend.h"
#include "vmm/scsi/disk.h"

using namespace vmm;
using namespace vmm::scsi;
using namespace tests;
using Kind = Step::Kind;

namespace {

constexpr uint64_t kBlocks = 10'000;
constexpr uint32_t kBadOpcode = 0x052000;
constexpr uint32_t kBadField = 0x052400;
constexpr uint32_t kBadParameter = 0x052600;
constexpr uint32_t kBadLength = 0x051a00;
constexpr uint32_t kBadRange = 0x052100;
constexpr uint32_t kReadOnly = 0x072700;
constexpr uint32_t kPowerOn = 0x062901;
const Bytes kReady = {0, 0, 0, 0, 0, 0};

Bytes inquiry(bool vital, uint8_t page, uint8_t allocation = 255)
{
    return {0x12, static_cast<uint8_t>(vital ? 1 : 0), page, 0, allocation, 0};
}

std::span<const std::byte> raw(const Bytes& bytes)
{
    return std::as_bytes(std::span(bytes));
}

} // namespace

class DiskUnitTest final : public QObject {
    Q_OBJECT

private slots:
    void init() { make(kBlocks); }

    void attentions()
    {
        Disk fresh(std::make_unique<StillBackend>(kBlocks), "S");
        QCOMPARE(senseOf(fresh.begin(cdbOf(inquiry(false, 0)))), 0U);
        QCOMPARE(senseOf(fresh.begin(cdbOf(kReady))), kPowerOn);
        QCOMPARE(senseOf(fresh.begin(cdbOf(kReady))), 0U);
        fresh.raise(Attention::CapacityChanged);
        fresh.raise(Attention::Reset);
        QCOMPARE(senseOf(fresh.begin(cdbOf(kReady))), 0x062903U);
        // REQUEST SENSE tells them as data.
        const auto sense = bytesOf(fresh.begin(cdbOf({0x03, 0, 0, 0, 252, 0})));
        QCOMPARE(sense.size(), size_t{18});
        QCOMPARE(sense[2], uint8_t{6});
        QCOMPARE(sense[12], uint8_t{0x2a});
        QCOMPARE(sense[13], uint8_t{9});
        QCOMPARE(bytesOf(fresh.begin(cdbOf({0x03, 0, 0, 0, 252, 0})))[2], uint8_t{0});
        QCOMPARE(senseOf(fresh.begin(cdbOf(kReady))), 0U);
    }

    void identity()
    {
        const auto data = ask(inquiry(false, 0));
        QCOMPARE(data[0], uint8_t{0});
        QCOMPARE(data[2], uint8_t{6});
        QCOMPARE(data.size(), size_t{data[4]} + 5);
        QCOMPARE(std::string(data.begin() + 8, data.begin() + 15), std::string("VITRINE"));
        QCOMPARE(ask(inquiry(false, 0, 36)).size(), size_t{36});
        QCOMPARE(sense(inquiry(false, 1)), kBadField);
        const auto serial = ask(inquiry(true, 0x80));
        QCOMPARE(std::string(serial.begin() + 4, serial.end()), std::string("SERIAL-1"));
        const auto pages = ask(inquiry(true, 0));
        for (size_t i = 4; i < pages.size(); ++i) {
            const auto page = ask(inquiry(true, pages[i]));
            QCOMPARE(page[1], pages[i]);
            QCOMPARE(page.size(), size_t{4} + be<uint16_t>(page, 2));
        }
        QCOMPARE(sense(inquiry(true, 0xb3)), kBadField);
    }

    void limitsAndProvisioning()
    {
        const auto limits = ask(inquiry(true, 0xb0));
        QCOMPARE(limits.size(), size_t{64});
        QCOMPARE(be<uint32_t>(limits, 20), Disk::kMaxUnmapBlocks);
        QCOMPARE(be<uint32_t>(limits, 24), Disk::kMaxUnmapDescriptors);
        QCOMPARE(be<uint32_t>(limits, 28), 8U);
        QCOMPARE(be<uint64_t>(limits, 36), uint64_t{Disk::kMaxWriteSameBlocks});
        QCOMPARE(ask(inquiry(true, 0xb1))[5], uint8_t{1});
        QCOMPARE(ask(inquiry(true, 0xb2))[5], uint8_t{0xe0});
        m_backend->discards = false;
        QCOMPARE(be<uint32_t>(ask(inquiry(true, 0xb0)), 20), 0U);
        QCOMPARE(ask(inquiry(true, 0xb2))[5], uint8_t{0});
        QCOMPARE(ask({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0})[14], uint8_t{0});
    }

    void capacity()
    {
        auto ten = ask({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        QCOMPARE(be<uint32_t>(ten, 0), uint32_t{kBlocks - 1});
        QCOMPARE(be<uint32_t>(ten, 4), 512U);
        const Bytes sixteen = {0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0};
        auto data = ask(sixteen);
        QCOMPARE(be<uint64_t>(data, 0), kBlocks - 1);
        QCOMPARE(data[13], uint8_t{3}); // 4096 bytes in one
        QCOMPARE(data[14], uint8_t{0x80});
        make(uint64_t{1} << 33);
        QCOMPARE(be<uint32_t>(ask({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 0), 0xffff'ffffU);
        QCOMPARE(be<uint64_t>(ask(sixteen), 0), (uint64_t{1} << 33) - 1);
        QCOMPARE(sense({0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0}), kBadOpcode);
    }

    void transfers()
    {
        for (const auto& cdb : {cdb10(0x28, 100, 8), cdb12(0xa8, 100, 8), cdb16(0x88, 100, 8),
                                Bytes{0x08, 0, 0, 100, 8, 0}})
            media(cdb, block::IoKind::Read, 100 * 512, 8 * 512, block::IoDurability::Cached);
        for (const auto& cdb : {cdb10(0x2a, 100, 8), cdb12(0xaa, 100, 8), cdb16(0x8a, 100, 8),
                                Bytes{0x0a, 0, 0, 100, 8, 0}})
            media(cdb, block::IoKind::Write, 100 * 512, 8 * 512, block::IoDurability::Cached);
        media(cdb10(0x2a, 1, 1, 0x08), block::IoKind::Write, 512, 512, block::IoDurability::Stable);
        media({0x08, 0, 0, 1, 0, 0}, block::IoKind::Read, 512, 256 * 512,
              block::IoDurability::Cached);
        QCOMPARE(begin(cdb10(0x28, 5, 0)).kind, Kind::Done);
        m_backend->cached = false;
        media(cdb10(0x2a, 1, 1), block::IoKind::Write, 512, 512, block::IoDurability::Stable);
    }

    void ranges()
    {
        for (const uint8_t opcode : Bytes{0x88, 0x8a, 0x8f, 0x91}) {
            QCOMPARE(sense(cdb16(opcode, kBlocks - 1, 2)), kBadRange);
            QCOMPARE(sense(cdb16(opcode, ~uint64_t{0}, 1)), kBadRange);
            QCOMPARE(sense(cdb16(opcode, ~uint64_t{0} - 1, 0xffff'ffff)), kBadRange);
            QCOMPARE(sense(cdb16(opcode, kBlocks, 0)), kBadRange);
            QCOMPARE(sense(cdb16(opcode, kBlocks - 1, 1)), 0U);
        }
        QCOMPARE(sense(cdb12(0xa8, 0, 0xffff'ffff)), kBadRange);
        QCOMPARE(sense(cdb10(0x28, 0, 1, 0x20)), kBadField); // protection information
        QCOMPARE(sense(cdb10(0x2f, 0, 1, 0x02)), kBadField); // VERIFY with data
    }

    void readOnly()
    {
        m_backend->isReadOnly = true;
        for (const auto& cdb :
             {cdb10(0x2a, 0, 1), cdb10(0x41, 0, 1), Bytes{0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0}})
            QCOMPARE(sense(cdb), kReadOnly);
        QCOMPARE(ask({0x1a, 0, 0x3f, 0, 255, 0})[2], uint8_t{0x90});
    }

    void errors()
    {
        const auto after = [&](const Bytes& cdb, block::IoStatus status) {
            return senseOf(m_disk->mediaDone(cdbOf(cdb), {status, {}}, {}));
        };
        QCOMPARE(after(cdb10(0x28, 0, 1), block::IoStatus::Ok), 0U);
        QCOMPARE(after(cdb10(0x28, 0, 1), block::IoStatus::Failed), 0x031100U);
        QCOMPARE(after(cdb10(0x2a, 0, 1), block::IoStatus::Failed), 0x030c00U);
        QCOMPARE(after(cdb10(0x2a, 0, 1), block::IoStatus::NoSpace), 0x072707U);
        QCOMPARE(after(cdb10(0x2a, 0, 1), block::IoStatus::Cancelled), 0x0b0000U);
    }

    void unmapping()
    {
        const auto cdb = [](unsigned length) {
            Bytes bytes = {0x42, 0, 0, 0, 0, 0, 0};
            put16(bytes, length);
            bytes.push_back(0);
            return bytes;
        };
        QCOMPARE(begin(cdb(0)).kind, Kind::Done);
        QCOMPARE(sense(cdb(7)), kBadLength);
        const auto step = unmap({{10, 5}, {20, 0}, {kBlocks - 1, 1}});
        QCOMPARE(step.kind, Kind::Media);
        QCOMPARE(step.io, block::IoKind::Discard);
        QCOMPARE(step.extents.size(), size_t{2});
        QCOMPARE(step.extents[1].offset, (kBlocks - 1) * 512);
        QCOMPARE(unmap({{20, 0}}).kind, Kind::Done);
        QCOMPARE(senseOf(unmap({{10, 5}, {kBlocks, 1}})), kBadRange);
        QCOMPARE(senseOf(unmap({{~uint64_t{0}, 0xffff'ffff}})), kBadRange);
        QCOMPARE(senseOf(unmap(std::vector<Range>(257, Range{1, 1}))), kBadParameter);
        // Lengths that lie are cut to what arrived.
        const Bytes lying = {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0};
        QCOMPARE(m_disk->dataArrived(cdbOf(cdb(8)), raw(lying)).kind, Kind::Done);
        QCOMPARE(senseOf(m_disk->dataArrived(cdbOf(cdb(8)), raw(Bytes(3)))), kBadLength);
        m_backend->discards = false;
        QCOMPARE(sense(cdb(24)), kBadOpcode);
    }

    void writeSame()
    {
        Bytes block(512);
        auto step = same(cdb16(0x93, 16, 32, 0x08), block);
        QCOMPARE(step.io, block::IoKind::WriteZeroes);
        QVERIFY(step.mayUnmap);
        QCOMPARE(step.extents.size(), size_t{1});
        QCOMPARE(step.extents[0].offset, uint64_t{16 * 512});
        QCOMPARE(step.extents[0].length, uint64_t{32 * 512});
        QVERIFY(!same(cdb10(0x41, 16, 32), block).mayUnmap);
        block[5] = 7;
        step = same(cdb10(0x41, 16, 1000, 0x08), block);
        QCOMPARE(step.io, block::IoKind::Write);
        QCOMPARE(step.target, MediaTarget::Host);
        QCOMPARE(step.length, uint64_t{1000 * 512});
        QCOMPARE(step.data.size(), size_t{65536});
        QCOMPARE(step.data[512 * 3 + 5], std::byte{7});
        QCOMPARE(same(cdb10(0x41, 16, 1), block).data.size(), size_t{512});
        QCOMPARE(sense(cdb10(0x41, 16, 0)), kBadField);
        QCOMPARE(sense(cdb16(0x93, 0, Disk::kMaxWriteSameBlocks + 1)), kBadField);
        QCOMPARE(sense(cdb16(0x93, 0, 1, 0x01)), kBadField); // no data out
        // The disk shrank between command and data: cannot happen, is checked.
        QVERIFY(m_backend->resize(512).has_value());
        QCOMPARE(senseOf(m_disk->dataArrived(cdbOf(cdb16(0x93, 16, 1)), raw(block))), kBadRange);
    }

    void flushes()
    {
        for (const auto& cdb : {cdb10(0x35, 0, 0), cdb16(0x91, 5, 7)})
            media(cdb, block::IoKind::Flush, 0, 0, block::IoDurability::Cached);
    }

    void modes()
    {
        auto six = ask({0x1a, 0, 0x3f, 0, 255, 0});
        QCOMPARE(six.size(), size_t{six[0]} + 1);
        QCOMPARE(six[3], uint8_t{8});
        QCOMPARE(be<uint32_t>(six, 4), uint32_t{kBlocks});
        QCOMPARE(be<uint32_t>(six, 8), 512U);
        QCOMPARE(page(0x08)[2], uint8_t{4});
        const auto ten = ask({0x5a, 0x10, 0x08, 0, 0, 0, 0, 0, 255, 0});
        QCOMPARE(be<uint16_t>(ten, 6), uint16_t{16});
        QCOMPARE(be<uint64_t>(ten, 8), kBlocks);
        QCOMPARE(ask({0x1a, 8, 0x48, 0, 255, 0})[6], uint8_t{4}); // changeable: WCE
        QCOMPARE(sense({0x1a, 0, 0xc8, 0, 255, 0}), 0x053900U);
        QCOMPARE(sense({0x1a, 0, 0x05, 0, 255, 0}), kBadField);
        QCOMPARE(sense({0x1a, 0, 0x08, 1, 255, 0}), kBadField);
        m_backend->cached = false;
        QCOMPARE(page(0x08)[2], uint8_t{0});
        QCOMPARE(ask({0x1a, 8, 0x48, 0, 255, 0})[6], uint8_t{0});
    }

    void writeCache()
    {
        auto caching = page(0x08);
        caching[2] = 0;
        const auto step = select(caching);
        QCOMPARE(step.kind, Kind::Media); // what it held goes first
        QCOMPARE(step.io, block::IoKind::Flush);
        QCOMPARE(page(0x08)[2], uint8_t{0});
        media(cdb10(0x2a, 1, 1), block::IoKind::Write, 512, 512, block::IoDurability::Stable);
        caching[2] = 4;
        QCOMPARE(select(caching).kind, Kind::Done);
        QCOMPARE(page(0x08)[2], uint8_t{4});
        caching[2] = 0;
        static_cast<void>(select(caching));
        m_disk->reset(Attention::Reset);
        QCOMPARE(sense(kReady), 0x062903U);
        QCOMPARE(page(0x08)[2], uint8_t{4});
    }

    void wrongModes()
    {
        auto caching = page(0x08);
        caching[3] = 1; // not changeable
        QCOMPARE(senseOf(select(caching)), kBadParameter);
        caching = page(0x08);
        caching[2] = 0;
        auto wrong = caching;
        const auto control = page(0x0a);
        wrong.insert(wrong.end(), control.begin(), control.end());
        wrong.back() ^= 1;
        QCOMPARE(senseOf(select(wrong)), kBadParameter);
        QCOMPARE(page(0x08)[2], uint8_t{4}); // nothing of a wrong list counts
        caching.pop_back();
        QCOMPARE(senseOf(select(caching)), kBadLength);
        QCOMPARE(senseOf(select({0x08})), kBadLength);
        QCOMPARE(senseOf(select({0x3f, 0})), kBadParameter);
        QCOMPARE(senseOf(select({0x48, 1, 0, 0})), kBadParameter);
        QCOMPARE(senseOf(select({0x08, 0})), kBadParameter);
        QCOMPARE(sense({0x15, 0x11, 0, 0, 4, 0}), kBadField); // cannot be saved
        QCOMPARE(senseOf(m_disk->dataArrived(cdbOf({0x15, 0x10, 0, 0, 4, 0}), raw(Bytes(3)))),
                 kBadLength);
    }

    void cve_2023_42467()
    {
        for (const uint32_t size : {0U, 1U, 256U, 511U, 513U, 1024U, 0xff'ffffU}) {
            Bytes list = {0, 0, 0, 8};
            put32(list, 0);
            put32(list, size);
            QCOMPARE(senseOf(m_disk->dataArrived(cdbOf({0x15, 0x10, 0, 0, 12, 0}), raw(list))),
                     kBadParameter);
            list = {0, 0, 0, 0, 1, 0, 0, 16};
            put64(list, kBlocks);
            put32(list, 0);
            put32(list, size);
            QCOMPARE(senseOf(m_disk->dataArrived(cdbOf({0x55, 0x10, 0, 0, 0, 0, 0, 0, 24, 0}),
                                                 raw(list))),
                     kBadParameter);
        }
        Bytes good = {0, 0, 0, 8};
        put32(good, kBlocks);
        put32(good, 512);
        QCOMPARE(senseOf(m_disk->dataArrived(cdbOf({0x15, 0x10, 0, 0, 12, 0}), raw(good))), 0U);
        QCOMPARE(be<uint32_t>(ask({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}), 4), 512U);
    }

    /// Every command of the list is one that the disk knows, and has the length the list says.
    void supportedCommands()
    {
        const auto all = ask({0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0});
        QCOMPARE(all.size(), size_t{4} + be<uint32_t>(all, 0));
        QVERIFY(all.size() > 20 * 8);
        for (size_t at = 4; at < all.size(); at += 8) {
            const bool action = (all[at + 5] & 1) != 0;
            Bytes cdb = {0xa3,    0x0c,        static_cast<uint8_t>(action ? 2 : 1),
                         all[at], all[at + 2], all[at + 3]};
            put32(cdb, 64);
            cdb.resize(12);
            const auto one = ask(cdb);
            QCOMPARE(one[1], uint8_t{3});
            QCOMPARE(be<uint16_t>(one, 2), be<uint16_t>(all, at + 6));
            QCOMPARE(one.size(), size_t{4} + be<uint16_t>(one, 2));
            QCOMPARE(one[4], all[at]);
            Bytes itself(one.begin() + 4, one.end());
            std::fill(itself.begin() + 2, itself.end(), uint8_t{0});
            itself[1] = action ? all[at + 3] : 0;
            QVERIFY(sense(itself) != kBadOpcode);
        }
        const auto none = ask({0xa3, 0x0c, 1, 0x89, 0, 0, 0, 0, 0, 64, 0, 0});
        QCOMPARE(none[1], uint8_t{1});
        QCOMPARE(sense({0xa3, 0x0c, 1, 0x9e, 0, 0, 0, 0, 0, 64, 0, 0}), kBadField);
        QCOMPARE(sense({0xa3, 0x0c, 2, 0x28, 0, 0, 0, 0, 0, 64, 0, 0}), kBadField);
        QCOMPARE(sense({0xa3, 0x0c, 4, 0x28, 0, 0, 0, 0, 0, 64, 0, 0}), kBadField);
    }

    void luns()
    {
        const auto data = bytesOf(reportLuns(cdbOf({0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0})));
        QCOMPARE(data.size(), size_t{16});
        QCOMPARE(be<uint32_t>(data, 0), 8U);
        QCOMPARE(senseOf(reportLuns(cdbOf({0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0}))), kBadField);
        QCOMPARE(bytesOf(beginAbsent(cdbOf(inquiry(false, 0))))[0], uint8_t{0x7f});
        QCOMPARE(senseOf(beginAbsent(cdbOf(kReady))), 0x052500U);
        QCOMPARE(bytesOf(beginAbsent(cdbOf({0x03, 0, 0, 0, 18, 0})))[12], uint8_t{0x25});
    }

    void state()
    {
        auto caching = page(0x08);
        caching[2] = 0;
        static_cast<void>(select(caching));
        m_disk->raise(Attention::CapacityChanged);
        const auto saved = m_disk->save();
        Disk other(std::make_unique<StillBackend>(kBlocks), "S");
        QVERIFY(other.load(saved).has_value());
        QCOMPARE(senseOf(other.begin(cdbOf(kReady))), 0x062a09U);
        QCOMPARE(other.begin(cdbOf(cdb10(0x2a, 0, 1))).durability, block::IoDurability::Stable);
        auto wrong = saved;
        wrong.attentions = 0x80;
        QVERIFY(!other.load(wrong).has_value());
    }

private:
    struct Range {
        uint64_t first = 0;
        uint32_t count = 0;
    };
    void make(uint64_t blocks)
    {
        auto backend = std::make_unique<StillBackend>(blocks);
        m_backend = backend.get();
        m_disk = std::make_unique<Disk>(std::move(backend), "SERIAL-1");
        QCOMPARE(sense(kReady), kPowerOn);
    }
    Step begin(const Bytes& cdb) { return m_disk->begin(cdbOf(cdb)); }
    uint32_t sense(const Bytes& cdb) { return senseOf(begin(cdb)); }
    Bytes ask(const Bytes& cdb)
    {
        const auto step = begin(cdb);
        CHECK(step.kind == Kind::SendData && !step.sense);
        return bytesOf(step);
    }
    void media(const Bytes& cdb, block::IoKind kind, uint64_t offset, uint64_t length,
               block::IoDurability durability)
    {
        const auto step = begin(cdb);
        QCOMPARE(step.kind, Kind::Media);
        QCOMPARE(step.io, kind);
        QCOMPARE(step.offset, offset);
        QCOMPARE(step.length, length);
        QCOMPARE(step.durability, durability);
    }
    Step unmap(const std::vector<Range>& ranges)
    {
        Bytes list;
        put16(list, static_cast<unsigned>(6 + 16 * ranges.size()));
        put16(list, static_cast<unsigned>(16 * ranges.size()));
        put32(list, 0);
        for (const Range& range : ranges) {
            put64(list, range.first);
            put32(list, range.count);
            put32(list, 0);
        }
        Bytes cdb = {0x42, 0, 0, 0, 0, 0, 0};
        put16(cdb, static_cast<unsigned>(list.size()));
        cdb.push_back(0);
        CHECK(begin(cdb).length == list.size());
        return m_disk->dataArrived(cdbOf(cdb), raw(list));
    }
    Step same(const Bytes& cdb, const Bytes& block)
    {
        CHECK(begin(cdb).kind == Kind::NeedData);
        return m_disk->dataArrived(cdbOf(cdb), raw(block));
    }
    /// A mode page as MODE SENSE tells it, without header and descriptor.
    Bytes page(uint8_t code)
    {
        const auto data = ask({0x1a, 8, code, 0, 255, 0});
        return {data.begin() + 4, data.end()};
    }
    Step select(const Bytes& pages)
    {
        Bytes list(4);
        list.insert(list.end(), pages.begin(), pages.end());
        const Bytes cdb = {0x15, 0x10, 0, 0, static_cast<uint8_t>(list.size()), 0};
        CHECK(begin(cdb).length == list.size());
        return m_disk->dataArrived(cdbOf(cdb), raw(list));
    }

    StillBackend* m_backend = nullptr;
    std::unique_ptr<Disk> m_disk;
};

QTEST_GUILESS_MAIN(DiskUnitTest)
#include "disk_unit_test.moc"
