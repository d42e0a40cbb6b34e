// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: the AHCI controller with a disk and a CD-ROM drive. The input is a script of
// register accesses, command headers, tables and PRDs in guest RAM, media changes, resets and
// save/load. Single-threaded: backends carry out requests when the script says so.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "tests/support/fakes.h"
#include "vmm/pci_devices/ahci.h"

namespace {

using namespace vmm;
using pci_devices::Ahci;
using pci_devices::AhciDrive;
using pci_devices::DriveType;
using pci_devices::EjectMode;

constexpr size_t kMaxActions = 512;
constexpr uint64_t kRam = uint64_t{1} << 20;
constexpr uint64_t kAbar = 0xfebf'1000;
constexpr uint64_t kPortArea = 0x10000; // guest RAM of a port: list, FIS area, tables
constexpr uint64_t kTables = 0x800;

/// Requests wait in a queue that outlives the backend; run() carries one out.
class DeferredBackend final : public block::BlockBackend {
public:
    explicit DeferredBackend(std::vector<DeferredBackend*>& all, bool readOnly)
        : m_all(all), m_readOnly(readOnly), m_bytes(size_t{64} * 512)
    {
        m_all.push_back(this);
    }
    ~DeferredBackend() override
    {
        cancel();
        while (run()) {
        }
        std::erase(m_all, this);
    }
    uint64_t capacity() const override { return m_bytes.size() / 512; }
    bool readOnly() const override { return m_readOnly; }
    bool canDiscard() const override { return !m_readOnly; }
    bool volatileCache() const override { return true; }
    uint32_t physicalBlockSize() const override { return block::kSectorSize; }
    void setListener(block::BlockListener*) override {}
    Result<void> resize(std::optional<uint64_t>) override { return {}; }
    const std::string& path() const override { return m_path; }
    std::optional<block::IoResult> readNow(const block::IoRequest&) override
    {
        return std::nullopt;
    }
    using BlockBackend::submit;
    void submit(std::span<block::IoRequest* const> requests) override
    {
        CHECK(m_queue.size() + requests.size() <= 1000);
        for (block::IoRequest* request : requests)
            m_queue.push_back({request, m_generation});
    }
    void cancel() override { ++m_generation; }
    void pause() override {}
    void resume() override {}
    bool run()
    {
        if (m_queue.empty())
            return false;
        Item item = std::move(m_queue.front());
        m_queue.pop_front();
        const bool dead = item.generation != m_generation;
        if (!dead)
            move(*item.request);
        item.request->done({dead ? block::IoStatus::Cancelled : block::IoStatus::Ok, {}});
        return true;
    }

private:
    struct Item {
        block::IoRequest* request = nullptr;
        uint64_t generation = 0;
    };
    /// The device promises that every range is inside the disk.
    void move(const block::IoRequest& request)
    {
        uint64_t at = request.offset;
        for (const block::Segment& segment : request.segments) {
            CHECK(at <= m_bytes.size() && segment.size() <= m_bytes.size() - at);
            if (request.kind == block::IoKind::Read)
                std::memcpy(segment.ioPointer(), m_bytes.data() + at, segment.size());
            else
                std::memcpy(m_bytes.data() + at, segment.ioPointer(), segment.size());
            at += segment.size();
        }
        for (const block::Extent& extent : request.extents)
            CHECK(extent.offset <= m_bytes.size() &&
                  extent.length <= m_bytes.size() - extent.offset);
    }

    std::vector<DeferredBackend*>& m_all;
    const bool m_readOnly;
    std::vector<std::byte> m_bytes;
    std::string m_path = "fuzz";
    uint64_t m_generation = 0;
    std::deque<Item> m_queue;
};

/// Takes the input apart; zeros when it has ended.
class Script {
public:
    explicit Script(std::span<const uint8_t> bytes) : m_bytes(bytes) {}
    bool ended() const { return m_bytes.empty(); }
    template <class T>
    T take()
    {
        T value{};
        const size_t part = std::min(sizeof value, m_bytes.size());
        std::memcpy(&value, m_bytes.data(), part);
        m_bytes = m_bytes.subspan(part);
        return value;
    }

private:
    std::span<const uint8_t> m_bytes;
};

class Guest {
public:
    Guest()
    {
        std::vector<AhciDrive> drives(2);
        drives[0] = {0, DriveType::Disk, backend(false), {}};
        drives[1] = {1, DriveType::Cdrom, backend(true), {}};
        m_ahci = std::move(*Ahci::create(m_board.pciServices(), std::move(drives)));
        m_ahci->writeConfig(0x24, kAbar, 4);
        m_ahci->writeConfig(0x20, 0xc001, 4);
        m_ahci->writeConfig(0x04, 7, 2);
        start(0);
        start(1);
    }
    ~Guest() { runAll(); }

    void act(Script& script)
    {
        const auto kind = script.take<uint8_t>();
        switch (kind % 12) {
        case 0: {
            const auto offset = script.take<uint16_t>();
            const unsigned size = 1U << (kind >> 6);
            m_board.mmio.write(memory::GuestPhys(kAbar + offset % 0x1000), script.take<uint64_t>(),
                               size);
            break;
        }
        case 1:
            static_cast<void>(m_board.mmio.read(
                memory::GuestPhys(kAbar + script.take<uint16_t>() % 0x1000), 1U << (kind >> 6)));
            break;
        case 2:
        case 3:
        case 4:
            command(script, kind % 2);
            break;
        case 5:
            restart(kind & 1);
            break;
        case 6:
        case 7:
            runOne();
            break;
        case 8:
            media(kind);
            break;
        case 9:
            configuration(script);
            break;
        case 10:
            stateOrReset(kind);
            break;
        default:
            memoryWrite(script);
        }
    }

private:
    std::unique_ptr<block::BlockBackend> backend(bool readOnly)
    {
        return std::make_unique<DeferredBackend>(m_backends, readOnly);
    }
    void portWrite(unsigned port, uint32_t offset, uint32_t value)
    {
        m_board.mmio.write(memory::GuestPhys(kAbar + 0x100 + port * 0x80 + offset), value, 4);
    }
    void start(unsigned port)
    {
        const auto area = static_cast<uint32_t>((port + 1) * kPortArea);
        portWrite(port, 0x00, area);
        portWrite(port, 0x08, area + 0x400);
        portWrite(port, 0x18, 0x10);
        portWrite(port, 0x18, 0x11);
    }
    void restart(unsigned port)
    {
        portWrite(port, 0x18, 0x10);
        runAll();
        portWrite(port, 0x2c, 1);
        portWrite(port, 0x2c, 0);
        start(port);
    }
    /// A command header with a table: FIS and packet bytes and up to three PRDs from the script.
    void command(Script& script, unsigned port)
    {
        const uint64_t area = (port + 1) * kPortArea;
        const unsigned slot = script.take<uint8_t>() % 32;
        const uint64_t table = area + kTables + slot * uint64_t{0x100};
        const auto flags = script.take<uint8_t>();
        std::array<uint32_t, 4> header{5U | flags % 4U << 16, 0, static_cast<uint32_t>(table), 0};
        if (flags >= 0xf0)
            header[0] = script.take<uint32_t>();
        std::array<uint8_t, 0x80> bytes{0x27, 0x80};
        for (size_t i = 2; i < 16; ++i)
            bytes[i] = script.take<uint8_t>();
        if ((flags & 4) != 0)
            bytes[1] = 0;
        if ((flags & 8) != 0)
            bytes[2] = 0xa0;
        for (size_t i = 0; i < 12 && bytes[2] == 0xa0; ++i)
            bytes[0x40 + i] = script.take<uint8_t>();
        put(area + slot * uint64_t{32}, std::as_bytes(std::span(header)));
        put(table, std::as_bytes(std::span(bytes)));
        for (unsigned i = 0; i < flags % 4U; ++i) {
            std::array<uint32_t, 4> prd{};
            prd[0] = 0x40000 + script.take<uint16_t>();
            prd[1] = (flags & 0x10) != 0 ? script.take<uint32_t>() : 0;
            prd[3] = script.take<uint16_t>() | (flags & 0x20U) << 26;
            put(table + 0x80 + i * uint64_t{16}, std::as_bytes(std::span(prd)));
        }
        portWrite(port, 0x34, 1U << slot);
        portWrite(port, 0x38, 1U << slot);
    }
    void put(uint64_t at, std::span<const std::byte> bytes)
    {
        static_cast<void>(m_board.memory->copyIn(memory::GuestPhys(at), bytes).has_value());
    }
    void memoryWrite(Script& script)
    {
        const uint64_t at = kPortArea + script.take<uint16_t>();
        static_cast<void>(
            m_board.memory->write(memory::GuestPhys(at), script.take<uint64_t>()).has_value());
    }
    void configuration(Script& script)
    {
        const auto offset = static_cast<uint16_t>(script.take<uint8_t>() & ~3U);
        m_ahci->writeConfig(offset, script.take<uint32_t>(), 4);
        m_ahci->writeConfig(0x24, kAbar, 4);
        m_ahci->writeConfig(0x04, 7, 1);
    }
    void media(unsigned how)
    {
        if ((how & 0x40) != 0)
            static_cast<void>(m_ahci->insertMedium(1, backend(true)).has_value());
        else
            static_cast<void>(
                m_ahci->ejectMedium(1, (how & 0x80) != 0 ? EjectMode::Force : EjectMode::Ask)
                    .has_value());
    }
    void stateOrReset(unsigned how)
    {
        runAll(); // one thread: nobody else would end what they wait for
        m_ahci->pause();
        const auto saved = m_ahci->saveState();
        CHECK(m_ahci->loadState(saved).has_value());
        CHECK(state::encode(m_ahci->saveState()) == state::encode(saved));
        m_ahci->resume();
        runAll();
        if ((how & 0xc0) == 0)
            m_ahci->reset();
    }
    bool runOne()
    {
        for (DeferredBackend* backend : std::vector(m_backends)) {
            if (backend->run())
                return true;
        }
        return false;
    }
    void runAll()
    {
        while (runOne()) {
        }
    }

    tests::FakeBoard m_board{kRam};
    std::vector<DeferredBackend*> m_backends;
    std::unique_ptr<Ahci> m_ahci;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    Guest guest;
    Script script(std::span(data, size));
    for (size_t i = 0; i < kMaxActions && !script.ended(); ++i)
        guest.act(script);
    return 0;
}
