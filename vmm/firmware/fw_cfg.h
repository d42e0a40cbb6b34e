// SPDX-License-Identifier: GPL-3.0-or-later
// fw_cfg: the device firmware reads its configuration files from. QEMU docs/specs/fw_cfg.rst (7.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/bus/handlers.h"
#include "vmm/firmware/byte_writer.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/state/state.h"

namespace vmm::firmware {

/// Item keys with a fixed meaning ("Firmware Configuration Items" and the x86 ones at 0x8000).
enum class FwCfgKey : uint16_t {
    Signature = 0x00,
    Id = 0x01,
    NoGraphic = 0x04,
    CpuCount = 0x05,
    BootDevice = 0x0c,
    Numa = 0x0d,
    BootMenu = 0x0e,
    MaxCpus = 0x0f,
    FileDirectory = 0x19,
    FirstFile = 0x20,
    AcpiTables = 0x8000,
    SmbiosEntries = 0x8001,
    Irq0Override = 0x8002,
    E820Table = 0x8003,
};

/// What the guest wrote into a writable file.
struct FwCfgWritable {
    uint16_t key = 0;
    Bytes content;
    template <class A>
    void visit(A& a)
    {
        a.field("key", key).field("content", content);
    }
};

/// Guest state. Left out: items that the board makes again, and generated ones but the one being
/// read.
struct FwCfgState {
    static constexpr state::Tag kTag{"fw-cfg", 1, 1};
    uint16_t selector = 0;
    uint32_t offset = 0;
    uint32_t dmaAddressHigh = 0;
    Bytes selected; ///< content of the selected item when it is a generated one
    std::vector<FwCfgWritable> writable;
    template <class A>
    void visit(A& a)
    {
        a.field("selector", selector).field("offset", offset);
        a.field("dma-address-high", dmaAddressHigh);
        a.field("selected", selected).field("writable", writable);
    }
};

/// The fw_cfg device: selector 0x510, data 0x511, DMA address 0x514 (high) and 0x518 (low), all big
/// endian but the selector. Owner: Machine. Items are added while the machine is built; accesses
/// come from vCPU threads and hold the device's lock, generators included (they may take the
/// chipset's locks, never the reverse).
class FwCfg final : public bus::PioHandler,
                    public bus::Resettable,
                    public state::Stateful<FwCfg, FwCfgState> {
public:
    static constexpr uint16_t kPort = 0x510;
    static constexpr uint16_t kPortCount = 12;
    static constexpr size_t kMaxFiles = 0x200;
    static constexpr size_t kMaxNameLength = 55; ///< plus the NUL of the directory entry
    static constexpr size_t kMaxItemSize = size_t{16} << 20;
    /// A DMA read may ask for this many bytes past an item's end; they read as zero.
    static constexpr uint32_t kMaxPadding = uint32_t{16} << 20;

    /// Makes the contents of a group of files, in the order of their names.
    using Generator = std::function<std::vector<Bytes>()>;
    /// Told, without the lock held and on a vCPU thread, what the guest wrote where.
    using Written = std::function<void(uint32_t offset, std::span<const std::byte> data)>;

    explicit FwCfg(memory::GuestMemory& memory);

    /// Adds or replaces the item of a fixed key.
    void setItem(FwCfgKey key, Bytes content);
    /// Adds a file. Keys are given out in the order of adding, so that a saved machine finds its
    /// files under the same keys as long as new ones are added last. Invalid: name too long or
    /// taken, content above kMaxItemSize. Exhausted: too many files.
    Result<void> addFile(const std::string& name, Bytes content);
    /// Adds files whose contents are made again, all of them together, each time the guest selects
    /// one of them or the directory.
    Result<void> addGeneratedFiles(const std::vector<std::string>& names, Generator generator);
    /// Adds a file the guest may write by DMA; `initial` sets its size for good.
    Result<void> addWritableFile(const std::string& name, Bytes initial, Written written);
    /// What is in a writable file now; empty when there is no such file. Any thread.
    Bytes writableFile(const std::string& name) const;
    /// Writes a writable file as the guest could; `content` has its size. No vCPU running.
    void setWritableFile(const std::string& name, Bytes content);

    uint32_t readPort(uint16_t offset, unsigned size) override;
    void writePort(uint16_t offset, uint32_t value, unsigned size) override;
    void reset() override;
    FwCfgState save() const;
    Result<void> load(const FwCfgState& state);

private:
    enum class ItemKind { Fixed, Generated, Writable };
    struct Item {
        ItemKind kind = ItemKind::Fixed;
        Bytes content;
        Bytes initial; // Writable: what reset() puts back
        size_t group = 0;
        Written written;
    };
    struct Group {
        Generator generator;
        std::vector<uint16_t> keys;
    };
    struct DmaAccess;
    struct Notice;

    Result<uint16_t> addNamedLocked(const std::string& name, Item item) REQUIRES(m_mutex);
    void selectLocked(uint16_t selector) REQUIRES(m_mutex);
    void generateLocked(size_t group) REQUIRES(m_mutex);
    void buildDirectoryLocked() REQUIRES(m_mutex);
    Item* selectedLocked() REQUIRES(m_mutex);
    const Item* selectedLocked() const REQUIRES(m_mutex);
    uint8_t readByteLocked() REQUIRES(m_mutex);
    void runDma(memory::GuestPhys descriptor);
    bool transferLocked(const DmaAccess& access, Notice& notice) REQUIRES(m_mutex);
    bool dmaReadLocked(const DmaAccess& access) REQUIRES(m_mutex);
    bool dmaWriteLocked(const DmaAccess& access, Notice& notice) REQUIRES(m_mutex);
    void dmaSkipLocked(uint32_t length) REQUIRES(m_mutex);
    Result<void> loadWritableLocked(const std::vector<FwCfgWritable>& saved) REQUIRES(m_mutex);

    memory::GuestMemory& m_memory;
    mutable Mutex m_mutex;
    std::map<uint16_t, Item> m_items GUARDED_BY(m_mutex);
    std::map<std::string, uint16_t> m_files GUARDED_BY(m_mutex); // sorted, as the directory
    std::vector<Group> m_groups GUARDED_BY(m_mutex);
    uint16_t m_selector GUARDED_BY(m_mutex) = 0;
    uint32_t m_offset GUARDED_BY(m_mutex) = 0;
    uint32_t m_dmaAddressHigh GUARDED_BY(m_mutex) = 0;
};

} // namespace vmm::firmware
