// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/cpu/cpuid_model.h"
