// SPDX-License-Identifier: GPL-3.0-or-later
// The jobs of the micro-guest virtio_io. Each is a word of the command line, NAME:NUMBER:NUMBER,
// and ends with a line on the serial port.
#pragma once

#include <stdint.h>

namespace bench {

/// A word of the command line.
struct Job {
    const char* text;    ///< as it stands there, for the report
    unsigned nameLength; ///< of its first part
    unsigned length;
    uint64_t numbers[3]; ///< behind the colons; 0: none
    bool is(const char* name) const;
};

/// How long jobs run.
struct Time {
    uint64_t cyclesPerMillisecond;
    uint64_t milliseconds;
    uint64_t cycles() const { return cyclesPerMillisecond * milliseconds; }
};

/// What a job did, of whatever it does.
struct Outcome {
    uint64_t operations;
    uint64_t bytes;
    uint64_t cycles;
    uint64_t errors;
};

/// randread, randwrite, read, write: SIZE bytes each, DEPTH requests at once. False: no such job,
/// or no disk.
bool runBlockJob(const Job& job, const Time& time, Outcome& outcome);
/// download, upload, ping: TCP to PORT of the gateway; ping: PORT and bytes. False: as above.
bool runNetJob(const Job& job, const Time& time, Outcome& outcome);

} // namespace bench
