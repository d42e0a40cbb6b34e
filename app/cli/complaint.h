// SPDX-License-Identifier: GPL-3.0-or-later
// What goes to standard error. Unlike fmt::print() it neither throws nor ends anything where that
// is full or closed: the work goes on, and its status tells.
#pragma once

#include <string_view>

namespace app::cli {

/// "vitrine: SENTENCE" and a line end. Any thread.
void complain(std::string_view sentence);

/// `text` as it is, at once. Any thread.
void showOnTerminal(std::string_view text);

} // namespace app::cli
