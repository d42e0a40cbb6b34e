// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/cpu/vcpu.h"

namespace vmm::cpu {

std::string_view exitKindName(ExitKind kind)
{
    switch (kind) {
    case ExitKind::Pio:
        return "pio";
    case ExitKind::Mmio:
        return "mmio";
    case ExitKind::Interrupted:
        return "interrupted";
    case ExitKind::Halt:
        return "halt";
    case ExitKind::Assisted:
        return "assisted";
    case ExitKind::Other:
    case ExitKind::Count:
        break;
    }
    return "other";
}

} // namespace vmm::cpu
