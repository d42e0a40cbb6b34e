// SPDX-License-Identifier: GPL-3.0-or-later
// An appliance's manifest, and the sums it names (DSP0243 section 5.1; FIPS 180-4).
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "vmm/base/result.h"

struct nettle_hash;

namespace app::import {

constexpr size_t kMaxManifestBytes = size_t{1} << 20;

/// What a file must add up to.
struct Checksum {
    const nettle_hash* kind = nullptr;
    std::string digest; ///< bytes
};

/// By the name of the file.
using Manifest = std::map<std::string, Checksum, std::less<>>;

/// Lines "SHA256(disk.vmdk)= 0123...". Sums we do not know are refused. Pure; any thread.
vmm::Result<Manifest> parseManifest(std::string_view text);

/// Adds up a file piece by piece. Move-only; one thread.
class Summing {
public:
    /// `wanted` nullptr: everything is right.
    explicit Summing(const Checksum* wanted);

    void add(std::span<const std::byte> bytes);
    /// Whether what was added is what the manifest says. Once, at the end.
    bool matches();

private:
    const Checksum* m_wanted;
    std::unique_ptr<std::max_align_t[]> m_context;
};

} // namespace app::import
