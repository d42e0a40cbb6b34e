// SPDX-License-Identifier: GPL-3.0-or-later
// Micro-guest: drives a virtio disk and a virtio network card from ring 3 and says how fast they
// were. Command line: ms=N, then jobs (jobs.h). To the serial port: "begin JOB", then "end JOB
// OPERATIONS BYTES NANOSECONDS ERRORS". Exit status 33 (16 * 2 + 1), or 35: a job could not run.
#include "tests/bench/guest/jobs.h"
#include "tests/bench/guest/virtio.h"
#include "tests/guest/micro/micro.h"

namespace bench {

namespace {

constexpr uint64_t kCommandLine = 24; ///< in hvm_start_info (public/arch-x86/hvm/start_info.h)
constexpr uint64_t kDefaultMilliseconds = 1000;

/// The next word at `text`, which moves behind it. False: none is left.
bool nextJob(const char*& text, Job& job)
{
    while (*text == ' ')
        ++text;
    job = {text, 0, 0, {0, 0, 0}};
    unsigned number = 0;
    for (; *text != 0 && *text != ' '; ++text, ++job.length) {
        if (*text == ':' || *text == '=')
            ++number;
        else if (number == 0)
            ++job.nameLength;
        else if (number <= 3 && *text >= '0' && *text <= '9')
            job.numbers[number - 1] =
                job.numbers[number - 1] * 10 + static_cast<uint64_t>(*text - '0');
    }
    return job.length != 0;
}

void printJob(const char* what, const Job& job)
{
    micro::print(what);
    for (unsigned i = 0; i < job.length; ++i) {
        const char letter[2] = {job.text[i], 0};
        micro::print(letter);
    }
}

void report(const Job& job, const Outcome& outcome, const Time& time)
{
    printJob("end ", job);
    const uint64_t microseconds = outcome.cycles * 1000 / time.cyclesPerMillisecond;
    const uint64_t numbers[] = {outcome.operations, outcome.bytes, microseconds * 1000,
                                outcome.errors};
    for (const uint64_t number : numbers) {
        micro::print(" ");
        micro::printNumber(number);
    }
    micro::print("\n");
}

bool runJobs(const char* text)
{
    Time time{cyclesPerMillisecond(), kDefaultMilliseconds};
    Job job;
    while (nextJob(text, job)) {
        if (job.is("ms")) {
            time.milliseconds = job.numbers[0];
            continue;
        }
        printJob("begin ", job);
        micro::print("\n");
        Outcome outcome{0, 0, 0, 0};
        if (!runBlockJob(job, time, outcome) && !runNetJob(job, time, outcome)) {
            printJob("impossible ", job);
            micro::print("\n");
            return false;
        }
        report(job, outcome, time);
    }
    return true;
}

} // namespace

bool Job::is(const char* name) const
{
    unsigned i = 0;
    for (; i < nameLength; ++i) {
        if (name[i] != text[i])
            return false;
    }
    return name[i] == 0;
}

} // namespace bench

void guestMain(uint64_t startInfo)
{
    // Firmware that ran before may have left the timer's interrupt on, for which there is no
    // handler.
    micro::out8(0x21, 0xff);
    micro::out8(0xa1, 0xff);
    const auto text = *reinterpret_cast<const uint64_t*>(startInfo + bench::kCommandLine);
    micro::finish(bench::runJobs(text == 0 ? "" : reinterpret_cast<const char*>(text)) ? 16 : 17);
}
