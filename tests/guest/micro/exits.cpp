// SPDX-License-Identifier: GPL-3.0-or-later
// Times batches of accesses that leave the guest, for ever: each batch ends with a report of its
// TSC cycles, at which the host may let the vCPU stand. For tests/bench/exit_bench.cpp.
#include "tests/guest/micro/exits.h"
#include "tests/guest/micro/micro.h"

namespace {

template <class Access>
void measure(uint16_t kind, Access access)
{
    const uint64_t start = micro::tsc();
    for (uint32_t i = 0; i < micro::exits::kAccesses; ++i)
        access();
    const uint64_t cycles = micro::tsc() - start;
    micro::out32(static_cast<uint16_t>(micro::exits::kReport + 4 * kind),
                 cycles > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(cycles));
}

} // namespace

void guestMain(uint64_t)
{
    for (;;) {
        measure(0, [] { micro::in32(micro::exits::kPort); });
        measure(1, [] { micro::read32(micro::exits::kRegister); });
        measure(2, [] { micro::write32(micro::exits::kDoorbell, 1); });
    }
}
