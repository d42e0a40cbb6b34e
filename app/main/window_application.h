// SPDX-License-Identifier: GPL-3.0-or-later
// What both windows' processes begin with.
#pragma once

#include <memory>
#include <string>

#include <QGuiApplication>

namespace app::main {

/// Prints `sentence` for the person at the terminal; 1, the exit status that goes with it.
int complain(const std::string& sentence);

/// The application, in the person's language. Where the display does not answer this ends the
/// process with one sentence and status 1: before anything is started that would have to be
/// cleaned up. GUI thread, first thing.
std::unique_ptr<QGuiApplication> makeApplication(int& argc, char** argv);

} // namespace app::main
