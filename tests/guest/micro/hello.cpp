// SPDX-License-Identifier: GPL-3.0-or-later
// Says hello on COM1 and ends the machine with exit status 43 (21 * 2 + 1).
#include "tests/guest/micro/micro.h"

void guestMain(uint64_t)
{
    micro::print("hello from ring 3\n");
    micro::finish(21);
}
