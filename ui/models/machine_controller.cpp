// SPDX-License-Identifier: GPL-3.0-or-later
// Home of MachineController's virtual table.
#include "ui/models/machine_controller.h"

namespace ui::models {

MachineController::~MachineController() = default;

} // namespace ui::models
