// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/instructions/plan.h"

#include "tests/bench/instructions/loops.h"

namespace bench {

namespace {

constexpr uint64_t kSeed = 0x243f6a8885a308d3;
constexpr uint64_t kMostRepeats = 1'000'000;

/// Where `word`, or a word that only begins so, stands in `text`: just behind it; null if nowhere.
const char* behind(const char* text, const char* word, bool whole)
{
    for (bool start = true; *text != 0; start = *text++ == ' ') {
        const char* at = text;
        const char* wanted = word;
        while (*wanted != 0 && *at == *wanted) {
            ++at;
            ++wanted;
        }
        if (start && *wanted == 0 && (!whole || *at == 0 || *at == ' '))
            return at;
    }
    return nullptr;
}

/// FNV-1a over 64-bit words, so that what a loop stored counts.
uint64_t hash(const uint8_t* data, size_t size)
{
    uint64_t value = 0xcbf29ce484222325;
    const auto* words = reinterpret_cast<const uint64_t*>(data);
    for (size_t i = 0; i < size / 8; ++i)
        value = (value ^ words[i]) * 0x100000001b3;
    return value;
}

void clear(uint8_t* data, size_t size)
{
    auto* words = reinterpret_cast<volatile uint64_t*>(data);
    for (size_t i = 0; i < size / 8; ++i)
        words[i] = 0;
}

struct Loop {
    const char* name;
    uint64_t iterations;
    uint64_t length;
    uint64_t operations; ///< of one iteration
};

void runOnSeed(const Wish& wish, const Loop& loop, uint64_t (*run)(uint64_t, uint64_t))
{
    if (!wish.has(loop.name))
        return;
    const uint64_t iterations = loop.iterations * wish.repeat();
    beginLoop(loop.name);
    const uint64_t checksum = run(iterations, kSeed);
    endLoop();
    report({iterations * loop.length, iterations * loop.operations, checksum});
}

void runOnData(const Wish& wish, const Loop& loop, uint64_t (*run)(uint64_t, void*),
               const Buffers& buffers)
{
    if (!wish.has(loop.name))
        return;
    clear(buffers.data, Buffers::kDataSize);
    const uint64_t iterations = loop.iterations * wish.repeat();
    beginLoop(loop.name);
    const uint64_t checksum = run(iterations, buffers.data);
    endLoop();
    const uint64_t stored = hash(buffers.data, Buffers::kDataSize);
    report({iterations * loop.length, iterations * loop.operations, checksum ^ stored});
}

/// One piece after another, so that no code runs a third time.
void runStraightCode(const Wish& wish, const Buffers& buffers)
{
    if (!wish.has("first-seen"))
        return;
    const uint64_t pieces =
        wish.repeat() < Buffers::kMostPieces ? wish.repeat() : Buffers::kMostPieces;
    for (uint64_t piece = 0; piece < pieces; ++piece) {
        uint8_t* const code = buffers.code + piece * Buffers::kPieceSize;
        writeStraightCode(code, Buffers::kStraightCount, kSeed + piece);
        const auto run = reinterpret_cast<uint64_t (*)(void*)>(code);
        clear(buffers.data, kStraightDataSize);
        static constexpr const char* kTurns[] = {"first-seen", "seen-again"};
        for (const char* name : kTurns) {
            beginLoop(name);
            const uint64_t checksum = run(buffers.data);
            endLoop();
            report({Buffers::kStraightCount, Buffers::kStraightCount, checksum});
        }
    }
}

} // namespace

uint64_t Wish::repeat() const
{
    const char* digits = behind(m_text, "repeat=", false);
    uint64_t value = 0;
    for (; digits != nullptr && *digits >= '0' && *digits <= '9' && value <= kMostRepeats; ++digits)
        value = value * 10 + static_cast<uint64_t>(*digits - '0');
    return value >= 1 && value <= kMostRepeats ? value : 1;
}

bool Wish::has(const char* name) const
{
    static constexpr const char* kNames[] = {"integer",    "memory",      "crossing",
                                             "branchy",    "sse",         "string",
                                             "first-seen", "system-call", "page-table"};
    bool any = false;
    for (const char* known : kNames)
        any = any || behind(m_text, known, true) != nullptr;
    return !any || behind(m_text, name, true) != nullptr;
}

void runUserLoops(const Wish& wish, const Buffers& buffers)
{
    runOnSeed(wish, {"integer", 20'000, lengthInteger, 1}, loopInteger);
    runOnData(wish, {"memory", 20'000, lengthMemory, 1}, loopMemory, buffers);
    runOnData(wish, {"crossing", 20'000, lengthCrossing, 1}, loopCrossing, buffers);
    runOnSeed(wish, {"branchy", 16'000, lengthBranchy, 1}, loopBranchy);
    runOnData(wish, {"sse", 16'000, lengthSse, 1}, loopSse, buffers);
    runOnData(wish, {"string", 1'000, lengthString, 3}, loopString, buffers);
    runStraightCode(wish, buffers);
}

} // namespace bench
