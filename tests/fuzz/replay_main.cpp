// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for libFuzzer where it is not available: runs every file of the corpus, then mutated
// inputs from a seeded generator. Deterministic: the same program and corpus run the same inputs,
// except that a slow target stops at its time budget and says how far it came.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/support/sanitizers.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Input = std::vector<uint8_t>;
using Clock = std::chrono::steady_clock;

constexpr int kMutations = 5000;
constexpr auto kMutationBudget = std::chrono::seconds(tests::kHasShadowMemory ? 8 : 20);
constexpr size_t kMaxSize = 64 * 1024; // of mutated inputs; corpus files run whole

/// Numbers parsers and length checks tend to stumble over.
constexpr uint32_t kOddNumbers[] = {0,          1,          0x7f,      0x80,   0xff,
                                    0x100,      0x7fff,     0x8000,    0xffff, 0x7fffffff,
                                    0x80000000, 0xffffffff, 0x00100000};

Input readFile(const std::filesystem::path& path)
{
    std::ifstream file(path, std::ios::binary);
    return Input(std::istreambuf_iterator<char>(file), {});
}

std::vector<Input> readCorpus(const std::filesystem::path& folder)
{
    std::vector<std::filesystem::path> paths;
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
        if (entry.is_regular_file(error))
            paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Input> corpus;
    std::transform(paths.begin(), paths.end(), std::back_inserter(corpus), readFile);
    return corpus;
}

/// Makes one new input out of a corpus; every choice comes from the generator.
class Mutator {
public:
    explicit Mutator(const std::vector<Input>& corpus) : m_corpus(corpus) {}

    Input next()
    {
        Input input = pick();
        for (size_t count = 1 + below(6); count > 0; --count)
            mutateOnce(input);
        if (input.size() > kMaxSize)
            input.resize(kMaxSize);
        return input;
    }

private:
    size_t below(size_t limit) { return limit == 0 ? 0 : m_random() % limit; }
    uint8_t byte() { return static_cast<uint8_t>(m_random()); }
    Input pick() { return below(16) == 0 ? noise() : m_corpus[below(m_corpus.size())]; }

    Input noise()
    {
        Input input(below(512));
        std::generate(input.begin(), input.end(), [this] { return byte(); });
        return input;
    }

    void mutateOnce(Input& input)
    {
        if (input.empty()) {
            input = noise();
            return;
        }
        const size_t at = below(input.size());
        switch (below(7)) {
        case 0: // one bit
            input[at] = static_cast<uint8_t>(input[at] ^ (1U << below(8)));
            return;
        case 1:
            input[at] = byte();
            return;
        case 2:
            oddNumber(input, at);
            return;
        case 3: // cut the tail
            input.resize(at);
            return;
        case 4:
            input.insert(input.begin() + static_cast<std::ptrdiff_t>(at), 1 + below(16), byte());
            return;
        case 5: // repeat a piece at the end
            copyPiece(input, Input(input), at);
            return;
        default: // splice in a piece of another file
            copyPiece(input, pick(), 0);
            return;
        }
    }

    void oddNumber(Input& input, size_t at)
    {
        const uint32_t number = kOddNumbers[below(std::size(kOddNumbers))];
        const bool bigEndian = below(2) == 0;
        for (size_t i = 0; i < 4 && at + i < input.size(); ++i)
            input[at + i] = static_cast<uint8_t>(number >> (8 * (bigEndian ? 3 - i : i)));
    }

    void copyPiece(Input& input, const Input& from, size_t start)
    {
        const size_t length =
            std::min<size_t>(from.size() - std::min(start, from.size()), 1 + below(256));
        const auto begin = from.begin() + static_cast<std::ptrdiff_t>(std::min(start, from.size()));
        const auto at = input.begin() + static_cast<std::ptrdiff_t>(below(input.size() + 1));
        input.insert(at, begin, begin + static_cast<std::ptrdiff_t>(length));
    }

    const std::vector<Input>& m_corpus;
    std::mt19937 m_random{1};
};

void run(const Input& input)
{
    // A copy of exactly the input's size, so that AddressSanitizer sees a read past its end.
    const Input exact(input.begin(), input.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

} // namespace

int main(int argc, char** argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s CORPUS-FOLDER|FILE\n", argv[0]);
        return 2;
    }
    if (std::filesystem::is_regular_file(argv[1])) { // one input, to look at a crash
        run(readFile(argv[1]));
        return 0;
    }
    const std::vector<Input> corpus = readCorpus(argv[1]);
    if (corpus.empty()) {
        std::fprintf(stderr, "no corpus files in %s\n", argv[1]);
        return 1;
    }
    run({});
    std::for_each(corpus.begin(), corpus.end(), run);
    Mutator mutator(corpus);
    const auto end = Clock::now() + kMutationBudget;
    int done = 0;
    for (; done < kMutations && Clock::now() < end; ++done)
        run(mutator.next());
    std::printf("%zu corpus files and %d of %d mutated inputs\n", corpus.size(), done, kMutations);
    return 0;
}
