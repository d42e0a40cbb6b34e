// SPDX-License-Identifier: GPL-3.0-or-later
// Carries the headers the test programs share, precompiled (VitrineRoom.cmake); never run.
int main() {}
