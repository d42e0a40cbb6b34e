// SPDX-License-Identifier: GPL-3.0-or-later
// How an input drives a chip: a list of accesses, moments, host events and damaged saved states.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vmm/state/state.h"

namespace fuzz {

/// Numbers out of the input; zeros when it is used up.
class Input {
public:
    Input(const uint8_t* data, size_t size) : m_left(data, size) {}
    bool empty() const { return m_left.empty(); }
    uint8_t byte()
    {
        if (m_left.empty())
            return 0;
        const uint8_t value = m_left.front();
        m_left = m_left.subspan(1);
        return value;
    }
    uint64_t number(unsigned bytes)
    {
        uint64_t value = 0;
        for (unsigned i = 0; i < bytes; ++i)
            value |= uint64_t{byte()} << (8 * i);
        return value;
    }

private:
    std::span<const uint8_t> m_left;
};

/// A stretch of guest time, from 1 ns to some hours, most of them short.
inline uint64_t stretch(Input& input)
{
    const uint64_t mantissa = input.byte();
    return mantissa << input.byte() % 36;
}

/// Saves `device`, changes some bytes as the input says, and loads that into the device again.
inline void reloadDamaged(vmm::state::Participant& device, Input& input)
{
    auto bytes = vmm::state::encode(device.saveState());
    for (unsigned count = input.byte() % 8; count > 0; --count)
        bytes[input.number(2) % bytes.size()] = static_cast<std::byte>(input.byte());
    if (const auto record = vmm::state::decode(bytes))
        static_cast<void>(device.loadState(*record));
}

/// Steps until the input is used up, at most `kSteps` times.
template <class Rig>
int run(const uint8_t* data, size_t size)
{
    constexpr int kSteps = 4096;
    Input input(data, size);
    Rig rig;
    for (int step = 0; step < kSteps && !input.empty(); ++step) {
        const uint8_t what = input.byte();
        if (what % 16 == 15)
            reloadDamaged(rig.device(), input);
        else if (what % 16 == 14)
            rig.reset();
        else
            rig.step(what, input);
    }
    static_cast<void>(rig.device().saveState());
    return 0;
}

} // namespace fuzz
