// SPDX-License-Identifier: GPL-3.0-or-later
// What vCPUs reach directly: RAM, ROM and video memory by guest address. All else traps to the MMIO
// bus.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/memory/address.h"

namespace vmm::memory {

enum class MapAccess {
    ReadWrite, ///< RAM
    ReadOnly,  ///< ROM: reads direct, writes trap to the MMIO bus
};

enum class MapDirtyLog { Off, On };

/// One directly mapped stretch. `host` stays the owner's and must outlive its place in the map.
struct MapRange {
    GuestPhys base;
    uint64_t size = 0; ///< multiple of 4096
    std::byte* host = nullptr;
    MapAccess access = MapAccess::ReadWrite;
    MapDirtyLog dirtyLog = MapDirtyLog::Off;
    bool operator==(const MapRange&) const = default;
};

/// Who makes ranges real: the vCPU backend. Called with the map's mutex held; vCPUs may be running.
class MapSink {
public:
    virtual ~MapSink() = default;
    virtual Result<void> addRange(const MapRange& range) = 0;
    virtual Result<void> removeRange(const MapRange& range) = 0;
    /// Pages of a range with dirtyLog On written by vCPUs since the last call, one bit a page;
    /// clears.
    virtual Result<std::vector<uint64_t>> takeDirty(const MapRange& range) = 0;
};

/// The machine's direct map. Layers are named; where ranges overlap, the higher priority wins.
/// Setting a layer replaces its ranges, and only what differs reaches the sink. Owner: Machine. Any
/// thread.
class MemoryMap {
public:
    explicit MemoryMap(MapSink& sink) : m_sink(sink) {}
    ~MemoryMap();
    MemoryMap(const MemoryMap&) = delete;
    MemoryMap& operator=(const MemoryMap&) = delete;

    /// A range of a layer. `host` null makes a hole: what lies beneath traps to the MMIO bus there.
    Result<void> setLayer(const std::string& name, int priority, std::vector<MapRange> ranges);
    Result<void> removeLayer(const std::string& name) { return setLayer(name, 0, {}); }

    /// Pages written by vCPUs inside [host, host + size) since the last call, one bit a page;
    /// clears. Only for memory that is mapped with dirtyLog On; pages not mapped at the moment read
    /// as clean.
    Result<std::vector<uint64_t>> takeDirty(const std::byte* host, uint64_t size);

    std::vector<MapRange> ranges() const;

private:
    struct Layer {
        int priority = 0;
        std::vector<MapRange> ranges;
    };
    std::vector<MapRange> flattenLocked() const REQUIRES(m_mutex);

    MapSink& m_sink;
    mutable Mutex m_mutex;
    std::map<std::string, Layer> m_layers GUARDED_BY(m_mutex);
    std::vector<MapRange> m_flat GUARDED_BY(m_mutex);
};

} // namespace vmm::memory
