// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/complaint.h"

#include <cstdio>
#include <string>

#include <fmt/core.h>

namespace app::cli {

void complain(std::string_view sentence)
{
    showOnTerminal(fmt::format("vitrine: {}\n", sentence));
}

void showOnTerminal(std::string_view text)
{
    // Nobody is left to be told that it did not arrive.
    [[maybe_unused]] const size_t written = std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

} // namespace app::cli
