// SPDX-License-Identifier: GPL-3.0-or-later
// instructions_native [WORD...]: what guest.cpp does, on the host CPU itself: the figures an
// executor could reach at most, and the checksums it has to. The loops that need ring 0 are worked
// out. With the word "step" it checks instead that every loop has as many instructions as it says,
// by stepping through them.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/instructions/loops.h"
#include "tests/bench/instructions/plan.h"

namespace bench {

void beginLoop(const char* name)
{
    std::printf("run %s\n", name);
    std::fflush(stdout);
}

void endLoop()
{
    std::printf("done\n");
    std::fflush(stdout);
}

void report(const Outcome& outcome)
{
    std::printf("%llu %llu %llu\n", static_cast<unsigned long long>(outcome.instructions),
                static_cast<unsigned long long>(outcome.operations),
                static_cast<unsigned long long>(outcome.checksum));
    std::fflush(stdout);
}

namespace {

[[noreturn]] void skip(const char* reason)
{
    constexpr int kSkipped = 77;
    std::printf("skipped: %s\n", reason);
    std::exit(kSkipped);
}

void modelPrivilegedLoops(const Wish& wish)
{
    if (wish.has("system-call")) {
        const uint64_t iterations = kSystemCalls * wish.repeat();
        uint64_t number = 1;
        beginLoop("system-call");
        for (uint64_t i = 0; i < iterations; ++i)
            number = number * 3 + 7;
        endLoop();
        report({iterations * lengthSystemCall, iterations, number});
    }
    if (wish.has("page-table")) {
        const uint64_t iterations = kSwitches * wish.repeat();
        uint64_t sum = 0;
        beginLoop("page-table");
        for (uint64_t i = 0; i < iterations; ++i) {
            for (unsigned page = 0; page < kWindowPages; ++page)
                sum += windowNumber(i % 2, page);
            sum = sum << 5 | sum >> 59;
        }
        endLoop();
        report({iterations * lengthSwitch, iterations, sum});
    }
}

/// A range of addresses of this program.
struct Range {
    uint64_t begin;
    uint64_t end;
};

/// How many instructions in `range` a child of ours goes through while it runs `work`; negative
/// where stepping is not allowed. A string instruction that repeats itself counts once.
template <class Work>
int64_t step(const Range& range, Work work)
{
    const pid_t child = ::fork();
    if (child == 0) {
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
            ::_exit(1);
        ::raise(SIGSTOP);
        work();
        ::_exit(0);
    }
    int64_t count = 0;
    uint64_t last = 0;
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!WIFSTOPPED(status))
        return -1;
    while (WIFSTOPPED(status)) {
        user_regs_struct registers{};
        ::ptrace(PTRACE_GETREGS, child, nullptr, &registers);
        const uint64_t at = registers.rip;
        count += at >= range.begin && at < range.end && at != last;
        last = at;
        if (::ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0 ||
            ::waitpid(child, &status, 0) < 0)
            return -1;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? count : -1;
}

/// A few iterations more must take so many times the length of one more.
template <class Argument>
bool hasLength(const char* name, uint64_t length, uint64_t (*loop)(uint64_t, Argument),
               Argument argument)
{
    constexpr uint64_t kMore = 12;
    const Range range{reinterpret_cast<uint64_t>(loopsBegin), reinterpret_cast<uint64_t>(loopsEnd)};
    const int64_t one = step(range, [&] { loop(1, argument); });
    const int64_t many = step(range, [&] { loop(1 + kMore, argument); });
    if (one < 0 || many < 0)
        skip("a program may not step through another here");
    const bool right = static_cast<uint64_t>(many - one) == kMore * length;
    std::printf("%s: %s\n", name, right ? "right" : "WRONG");
    return right;
}

bool straightCodeHasLength(const Buffers& buffers)
{
    constexpr size_t kCount = 3000;
    const size_t size = writeStraightCode(buffers.code, kCount, 1);
    const auto run = reinterpret_cast<uint64_t (*)(void*)>(buffers.code);
    const auto begin = reinterpret_cast<uint64_t>(buffers.code);
    const bool right = step({begin, begin + size}, [&] { run(buffers.data); }) == kCount;
    std::printf("first-seen: %s\n", right ? "right" : "WRONG");
    return right;
}

int checkLengths(const Buffers& buffers)
{
    void* const data = buffers.data;
    bool right = hasLength("integer", lengthInteger, loopInteger, uint64_t{1});
    right &= hasLength("memory", lengthMemory, loopMemory, data);
    right &= hasLength("crossing", lengthCrossing, loopCrossing, data);
    right &= hasLength("branchy", lengthBranchy, loopBranchy, uint64_t{1});
    right &= hasLength("sse", lengthSse, loopSse, data);
    right &= hasLength("string", lengthString, loopString, data);
    right &= straightCodeHasLength(buffers);
    return right ? 0 : 1;
}

uint8_t* allocate(size_t size)
{
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : static_cast<uint8_t*>(memory);
}

} // namespace

} // namespace bench

int main(int argc, char** argv)
{
    std::string words;
    for (int i = 1; i < argc; ++i)
        words += std::string(argv[i]) + " ";
    using bench::Buffers;
    const Buffers buffers{bench::allocate(Buffers::kDataSize),
                          bench::allocate(Buffers::kMostPieces * Buffers::kPieceSize)};
    if (buffers.data == nullptr || buffers.code == nullptr)
        bench::skip("there is no memory that may be written and executed");
    if (words == "step ")
        return bench::checkLengths(buffers);
    const bench::Wish wish(words.c_str());
    bench::runUserLoops(wish, buffers);
    bench::modelPrivilegedLoops(wish);
    return 0;
}
