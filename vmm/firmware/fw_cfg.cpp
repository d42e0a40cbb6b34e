// SPDX-License-Identifier: GPL-3.0-or-later
// fw_cfg registers, file directory and DMA. QEMU docs/specs/fw_cfg.rst (7.2).
#include "vmm/firmware/fw_cfg.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

namespace vmm::firmware {

namespace {

constexpr uint16_t kSelectorOffset = 0;
constexpr uint16_t kDataOffset = 1;
constexpr uint16_t kDmaOffset = 4;
constexpr uint16_t kDmaHighOffset = 4;
constexpr uint16_t kDmaLowOffset = 8;

constexpr uint16_t kWriteChannel = 0x4000; // of the selector; has no meaning since QEMU 2.4

constexpr uint32_t kIdTraditional = 1 << 0;
constexpr uint32_t kIdDma = 1 << 1;

constexpr uint32_t kDmaError = 1 << 0;
constexpr uint32_t kDmaRead = 1 << 1;
constexpr uint32_t kDmaSkip = 1 << 2;
constexpr uint32_t kDmaSelect = 1 << 3;
constexpr uint32_t kDmaWrite = 1 << 4;

constexpr std::string_view kDmaSignature = "QEMU CFG";

constexpr uint16_t number(FwCfgKey key)
{
    return static_cast<uint16_t>(key);
}

} // namespace

struct FwCfg::DmaAccess {
    uint32_t control;
    uint32_t length;
    memory::GuestPhys address;
};

/// A call to make after unlocking.
struct FwCfg::Notice {
    Written written;
    uint32_t offset = 0;
    Bytes data;
};

FwCfg::FwCfg(memory::GuestMemory& memory) : m_memory(memory)
{
    setItem(FwCfgKey::Signature, ByteWriter().text("QEMU", 4).take());
    setItem(FwCfgKey::Id, ByteWriter().u32(kIdTraditional | kIdDma).take());
    MutexLock lock(m_mutex);
    m_items[number(FwCfgKey::FileDirectory)].kind = ItemKind::Generated;
}

void FwCfg::setItem(FwCfgKey key, Bytes content)
{
    MutexLock lock(m_mutex);
    m_items[number(key)].content = std::move(content);
}

Result<uint16_t> FwCfg::addNamedLocked(const std::string& name, Item item)
{
    if (name.empty() || name.size() > kMaxNameLength)
        return Error(ErrorCode::Invalid, fmt::format("fw_cfg file {}: name too long", name));
    if (item.content.size() > kMaxItemSize)
        return Error(ErrorCode::Invalid, fmt::format("fw_cfg file {}: too large", name));
    if (m_files.size() >= kMaxFiles)
        return Error(ErrorCode::Exhausted, "too many fw_cfg files");
    const auto key = static_cast<uint16_t>(number(FwCfgKey::FirstFile) + m_files.size());
    if (!m_files.emplace(name, key).second)
        return Error(ErrorCode::Invalid, fmt::format("fw_cfg file {}: added twice", name));
    m_items[key] = std::move(item);
    return key;
}

Result<void> FwCfg::addFile(const std::string& name, Bytes content)
{
    MutexLock lock(m_mutex);
    TRY(addNamedLocked(name, Item{ItemKind::Fixed, std::move(content), {}, 0, {}}));
    return {};
}

Result<void> FwCfg::addGeneratedFiles(const std::vector<std::string>& names, Generator generator)
{
    MutexLock lock(m_mutex);
    Group group{std::move(generator), {}};
    for (const std::string& name : names)
        group.keys.push_back(
            TRY(addNamedLocked(name, Item{ItemKind::Generated, {}, {}, m_groups.size(), {}})));
    m_groups.push_back(std::move(group));
    return {};
}

Result<void> FwCfg::addWritableFile(const std::string& name, Bytes initial, Written written)
{
    MutexLock lock(m_mutex);
    TRY(addNamedLocked(name, Item{ItemKind::Writable, initial, initial, 0, std::move(written)}));
    return {};
}

Bytes FwCfg::writableFile(const std::string& name) const
{
    MutexLock lock(m_mutex);
    const auto file = m_files.find(name);
    const bool writable =
        file != m_files.end() && m_items.at(file->second).kind == ItemKind::Writable;
    return writable ? m_items.at(file->second).content : Bytes();
}

void FwCfg::setWritableFile(const std::string& name, Bytes content)
{
    MutexLock lock(m_mutex);
    const auto file = m_files.find(name);
    CHECK(file != m_files.end());
    Item& item = m_items.at(file->second);
    CHECK(item.kind == ItemKind::Writable && item.content.size() == content.size());
    item.content = std::move(content);
}

FwCfg::Item* FwCfg::selectedLocked()
{
    const auto item = m_items.find(static_cast<uint16_t>(m_selector & ~kWriteChannel));
    return item == m_items.end() ? nullptr : &item->second;
}

const FwCfg::Item* FwCfg::selectedLocked() const
{
    const auto item = m_items.find(static_cast<uint16_t>(m_selector & ~kWriteChannel));
    return item == m_items.end() ? nullptr : &item->second;
}

void FwCfg::generateLocked(size_t group)
{
    std::vector<Bytes> contents = m_groups[group].generator();
    CHECK(contents.size() == m_groups[group].keys.size());
    for (size_t i = 0; i < contents.size(); ++i) {
        CHECK(contents[i].size() <= kMaxItemSize);
        m_items[m_groups[group].keys[i]].content = std::move(contents[i]);
    }
}

void FwCfg::buildDirectoryLocked()
{
    for (size_t group = 0; group < m_groups.size(); ++group)
        generateLocked(group); // the directory tells sizes, so contents are made for it
    ByteWriter directory;
    directory.be32(static_cast<uint32_t>(m_files.size()));
    for (const auto& [name, key] : m_files) {
        directory.be32(static_cast<uint32_t>(m_items[key].content.size())).be16(key).be16(0);
        directory.text(name, kMaxNameLength + 1);
    }
    m_items[number(FwCfgKey::FileDirectory)].content = directory.take();
}

void FwCfg::selectLocked(uint16_t selector)
{
    m_selector = selector;
    m_offset = 0;
    const Item* item = selectedLocked();
    if (item == nullptr || item->kind != ItemKind::Generated)
        return;
    if ((selector & ~kWriteChannel) == number(FwCfgKey::FileDirectory))
        buildDirectoryLocked();
    else
        generateLocked(item->group);
}

uint8_t FwCfg::readByteLocked()
{
    const Item* item = selectedLocked();
    if (item == nullptr || m_offset >= item->content.size())
        return 0;
    return std::to_integer<uint8_t>(item->content[m_offset++]);
}

uint32_t FwCfg::readPort(uint16_t offset, unsigned size)
{
    if (offset == kDataOffset) {
        MutexLock lock(m_mutex);
        return readByteLocked(); // one byte an access, whatever its width
    }
    uint32_t value = 0;
    for (unsigned i = 0; i < size && offset >= kDmaOffset; ++i) {
        const auto character = static_cast<uint8_t>(kDmaSignature[offset + i - kDmaOffset]);
        value |= uint32_t{character} << (i * 8);
    }
    return value;
}

void FwCfg::writePort(uint16_t offset, uint32_t value, unsigned size)
{
    if (offset == kSelectorOffset && size == 2) {
        MutexLock lock(m_mutex);
        selectLocked(static_cast<uint16_t>(value));
    } else if (offset == kDmaHighOffset && size == 4) {
        MutexLock lock(m_mutex);
        m_dmaAddressHigh = byteSwap(value);
    } else if (offset == kDmaLowOffset && size == 4) {
        MutexLock lock(m_mutex);
        const uint64_t address = uint64_t{m_dmaAddressHigh} << 32 | byteSwap(value);
        m_dmaAddressHigh = 0; // spec: the register reads as written only once
        lock.unlock();
        runDma(memory::GuestPhys(address));
    }
    // Writes of data have no effect since QEMU 2.4; other widths select nothing.
}

void FwCfg::runDma(memory::GuestPhys descriptor)
{
    Notice notice;
    {
        MutexLock lock(m_mutex);
        std::array<std::byte, 16> raw{};
        bool good = m_memory.copyOut(descriptor, raw).has_value();
        if (good) {
            const DmaAccess access{loadBe<uint32_t>(raw.data()), loadBe<uint32_t>(raw.data() + 4),
                                   memory::GuestPhys(loadBe<uint64_t>(raw.data() + 8))};
            good = transferLocked(access, notice);
        }
        // Last, so that a transfer over its own descriptor ends with the result in place. Where no
        // RAM is, nobody can look for it.
        const uint32_t control = byteSwap(good ? 0 : kDmaError);
        static_cast<void>(m_memory.write(descriptor, control).has_value());
    }
    if (notice.written)
        notice.written(notice.offset, notice.data);
}

bool FwCfg::transferLocked(const DmaAccess& access, Notice& notice)
{
    if ((access.control & kDmaSelect) != 0)
        selectLocked(static_cast<uint16_t>(access.control >> 16));
    if (access.length == 0)
        return true;
    if ((access.control & kDmaRead) != 0)
        return dmaReadLocked(access);
    if ((access.control & kDmaWrite) != 0)
        return dmaWriteLocked(access, notice);
    if ((access.control & kDmaSkip) != 0)
        dmaSkipLocked(access.length);
    return true;
}

bool FwCfg::dmaReadLocked(const DmaAccess& access)
{
    static constexpr std::array<std::byte, 65536> kZeros{};
    const Item* item = selectedLocked();
    std::span<const std::byte> rest;
    if (item != nullptr && m_offset < item->content.size())
        rest = std::span(item->content).subspan(m_offset);
    rest = rest.first(std::min<size_t>(rest.size(), access.length));
    // DEVIATION: the specification has no limit. Clearing gigabytes would hold a vCPU for seconds,
    // and no driver reads that far past an end.
    if (access.length - rest.size() > kMaxPadding)
        return false;
    const auto slice = m_memory.slice(access.address, access.length);
    if (!slice)
        return false;
    slice->copyIn(0, rest);
    for (size_t done = rest.size(); done < access.length;) {
        const size_t part = std::min<size_t>(access.length - done, kZeros.size());
        slice->copyIn(done, std::span(kZeros).first(part));
        done += part;
    }
    m_offset += static_cast<uint32_t>(rest.size());
    return true;
}

bool FwCfg::dmaWriteLocked(const DmaAccess& access, Notice& notice)
{
    Item* item = selectedLocked();
    if (item == nullptr || item->kind != ItemKind::Writable || m_offset > item->content.size() ||
        access.length > item->content.size() - m_offset)
        return false;
    const auto target = std::span(item->content).subspan(m_offset, access.length);
    if (!m_memory.copyOut(access.address, target))
        return false;
    notice = Notice{item->written, m_offset, Bytes(target.begin(), target.end())};
    m_offset += access.length;
    return true;
}

void FwCfg::dmaSkipLocked(uint32_t length)
{
    const Item* item = selectedLocked();
    if (item != nullptr && m_offset < item->content.size())
        m_offset +=
            static_cast<uint32_t>(std::min<size_t>(length, item->content.size() - m_offset));
}

void FwCfg::reset()
{
    MutexLock lock(m_mutex);
    m_selector = 0;
    m_offset = 0;
    m_dmaAddressHigh = 0;
    for (auto& [key, item] : m_items) {
        if (item.kind == ItemKind::Generated)
            item.content = {};
        else if (item.kind == ItemKind::Writable)
            item.content = item.initial;
    }
}

FwCfgState FwCfg::save() const
{
    MutexLock lock(m_mutex);
    FwCfgState state{m_selector, m_offset, m_dmaAddressHigh, {}, {}};
    const Item* item = selectedLocked();
    if (item != nullptr && item->kind == ItemKind::Generated)
        state.selected = item->content;
    for (const auto& [key, writable] : m_items)
        if (writable.kind == ItemKind::Writable)
            state.writable.push_back({key, writable.content});
    return state;
}

Result<void> FwCfg::loadWritableLocked(const std::vector<FwCfgWritable>& saved)
{
    size_t known = 0;
    for (const auto& [key, item] : m_items)
        known += item.kind == ItemKind::Writable ? 1 : 0;
    const Error bad(ErrorCode::Invalid, "the writable files are not those of this machine");
    if (saved.size() != known)
        return bad;
    uint32_t lastKey = 0;
    for (const FwCfgWritable& entry : saved) {
        const auto item = m_items.find(entry.key);
        if (entry.key <= lastKey || item == m_items.end() ||
            item->second.kind != ItemKind::Writable ||
            item->second.content.size() != entry.content.size())
            return bad;
        lastKey = entry.key;
        item->second.content = entry.content;
    }
    return {};
}

Result<void> FwCfg::load(const FwCfgState& state)
{
    MutexLock lock(m_mutex);
    m_selector = state.selector;
    m_offset = state.offset; // any value: compared with the item's size at each use
    m_dmaAddressHigh = state.dmaAddressHigh;
    Item* item = selectedLocked();
    const bool generated = item != nullptr && item->kind == ItemKind::Generated;
    if (state.selected.size() > kMaxItemSize || (!generated && !state.selected.empty()))
        return Error(ErrorCode::Invalid, "fw-cfg: the selected item does not fit this machine");
    if (generated)
        item->content = state.selected;
    if (auto loaded = loadWritableLocked(state.writable); !loaded)
        return std::move(loaded).error().within("fw-cfg");
    return {};
}

} // namespace vmm::firmware
