// SPDX-License-Identifier: GPL-3.0-or-later
// Where the vtable lives.
#include "ui/models/library_controller.h"

namespace ui::models {

LibraryController::~LibraryController() = default;

} // namespace ui::models
