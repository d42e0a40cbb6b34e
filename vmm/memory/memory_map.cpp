// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/memory/memory_map.h"

#include <algorithm>
#include <set>

namespace vmm::memory {

namespace {

/// The part of `range` inside [from, to).
MapRange cut(const MapRange& range, uint64_t from, uint64_t to)
{
    MapRange piece = range;
    const uint64_t begin = std::max(from, range.base.value());
    const uint64_t end = std::min(to, range.base.value() + range.size);
    if (piece.host != nullptr)
        piece.host += begin - range.base.value();
    piece.base = GuestPhys(begin);
    piece.size = end - begin;
    return piece;
}

bool continues(const MapRange& a, const MapRange& b)
{
    return a.base.value() + a.size == b.base.value() && a.host != nullptr &&
           a.host + a.size == b.host && a.access == b.access && a.dirtyLog == b.dirtyLog;
}

} // namespace

MemoryMap::~MemoryMap()
{
    MutexLock lock(m_mutex);
    for (const MapRange& range : m_flat)
        static_cast<void>(m_sink.removeRange(range).has_value());
}

std::vector<MapRange> MemoryMap::flattenLocked() const
{
    std::set<uint64_t> edges;
    std::vector<const Layer*> layers;
    for (const auto& [name, layer] : m_layers) {
        layers.push_back(&layer);
        for (const MapRange& range : layer.ranges) {
            edges.insert(range.base.value());
            edges.insert(range.base.value() + range.size);
        }
    }
    std::stable_sort(layers.begin(), layers.end(),
                     [](const Layer* a, const Layer* b) { return a->priority > b->priority; });
    std::vector<MapRange> flat;
    // Pieces of one range are joined again; ranges stay apart, so that a change of one (PAM) never
    // takes another (the RAM a vCPU runs in) away for a moment.
    const MapRange* last = nullptr;
    for (auto edge = edges.begin(); edge != edges.end() && std::next(edge) != edges.end(); ++edge) {
        const MapRange* top = nullptr;
        for (const Layer* layer : layers) {
            for (const MapRange& range : layer->ranges)
                if (*edge >= range.base.value() && *edge - range.base.value() < range.size)
                    top = &range;
            if (top != nullptr)
                break;
        }
        if (top == nullptr || top->host == nullptr)
            continue;
        const MapRange piece = cut(*top, *edge, *std::next(edge));
        if (last == top && continues(flat.back(), piece))
            flat.back().size += piece.size;
        else
            flat.push_back(piece);
        last = top;
    }
    return flat;
}

Result<void> MemoryMap::setLayer(const std::string& name, int priority,
                                 std::vector<MapRange> ranges)
{
    MutexLock lock(m_mutex);
    if (ranges.empty())
        m_layers.erase(name);
    else
        m_layers[name] = Layer{priority, std::move(ranges)};
    std::vector<MapRange> flat = flattenLocked();
    const auto contains = [](const std::vector<MapRange>& in, const MapRange& range) {
        return std::find(in.begin(), in.end(), range) != in.end();
    };
    // m_flat follows step by step: after a failure it still says what the sink has.
    for (const MapRange& range : std::vector<MapRange>(m_flat)) {
        if (contains(flat, range))
            continue;
        TRY(m_sink.removeRange(range));
        std::erase(m_flat, range);
    }
    for (const MapRange& range : flat) {
        if (contains(m_flat, range))
            continue;
        TRY(m_sink.addRange(range));
        m_flat.push_back(range);
    }
    m_flat = std::move(flat);
    return {};
}

Result<std::vector<uint64_t>> MemoryMap::takeDirty(const std::byte* host, uint64_t size)
{
    constexpr uint64_t kPage = 4096;
    MutexLock lock(m_mutex);
    std::vector<uint64_t> dirty((size / kPage + 63) / 64);
    for (const MapRange& range : m_flat) {
        if (range.dirtyLog != MapDirtyLog::On || range.host < host || range.host >= host + size)
            continue;
        const std::vector<uint64_t> bits = TRY(m_sink.takeDirty(range));
        const uint64_t first = static_cast<uint64_t>(range.host - host) / kPage;
        for (uint64_t page = 0; page < range.size / kPage && first + page < size / kPage; ++page)
            if ((bits[page / 64] >> (page % 64) & 1) != 0)
                dirty[(first + page) / 64] |= uint64_t{1} << ((first + page) % 64);
    }
    return dirty;
}

std::vector<MapRange> MemoryMap::ranges() const
{
    MutexLock lock(m_mutex);
    return m_flat;
}

} // namespace vmm::memory
