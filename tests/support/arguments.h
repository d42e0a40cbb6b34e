// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers on the command line of test programs that can do more than their default.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace tests {

/// Argument `index` as a number in any of C's bases, or `otherwise` when it is not there.
inline uint64_t argument(int argc, char** argv, int index, uint64_t otherwise)
{
    return argc > index ? std::strtoull(argv[index], nullptr, 0) : otherwise;
}

} // namespace tests
