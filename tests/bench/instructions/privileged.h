// SPDX-License-Identifier: GPL-3.0-or-later
// The loops that need ring 0 once (system calls) or throughout (CR3). In the guest only.
#pragma once

#include "tests/bench/instructions/plan.h"

namespace bench {

/// Runs "system-call" and "page-table" as wished. Needs hardware, or a VMM, that knows both.
void runPrivilegedLoops(const Wish& wish);

} // namespace bench
