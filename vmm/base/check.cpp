// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace vmm {

void checkFailed(const char* expression, const char* file, int line) noexcept
{
    std::fprintf(stderr, "%s:%d: CHECK failed: %s\n", file, line, expression);
    std::abort();
}

} // namespace vmm
