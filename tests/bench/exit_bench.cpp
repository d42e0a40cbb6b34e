// SPDX-License-Identifier: GPL-3.0-or-later
// exit_bench GUEST.elf [ROUNDS]: what an access that leaves the guest costs on vmm/kvm and on a
// bare KVM loop, in turn on one thread, as JSON. Each round measures every kind once on each, and
// they swap who goes first.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <fmt/core.h>
#include <unistd.h>
#include <vector>

#include "tests/bench/exit_loop.h"
#include "tests/guest/micro/exits.h"

namespace {

using vmm::Result;

constexpr int kSkipped = 77;
constexpr std::array<const char*, micro::exits::kKinds> kKindNames = {"pio-read", "mmio-read",
                                                                      "ioeventfd-write"};
enum Side : size_t { Vitrine, Bare, Sides };

/// Cycles of one access, by side and kind, one value a round.
using Samples = std::array<std::array<std::vector<double>, micro::exits::kKinds>, Sides>;

double median(std::vector<double> values)
{
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

Result<Samples> measure(const std::string& guest, unsigned rounds)
{
    const auto vitrine = TRY(bench::createVitrineLoop(guest));
    const auto bare = TRY(bench::createBareLoop(guest));
    const std::array<bench::ExitLoop*, Sides> loops = {vitrine.get(), bare.get()};
    Samples samples;
    for (unsigned round = 0; round <= rounds; ++round) {
        for (uint32_t kind = 0; kind < micro::exits::kKinds; ++kind) {
            for (size_t turn = 0; turn < Sides; ++turn) {
                const size_t side = (turn + round) % Sides;
                const bench::Batch batch = TRY(loops[side]->runBatch());
                if (round > 0 && batch.kind < micro::exits::kKinds) // the first warms up
                    samples[side][batch.kind].push_back(double{1} * batch.cycles /
                                                        micro::exits::kAccesses);
            }
        }
    }
    return samples;
}

/// The median of each round's own ratio: whatever slows the host for a while slows both of a pair.
double pairedRatio(const std::vector<double>& ours, const std::vector<double>& theirs)
{
    std::vector<double> ratios;
    for (size_t i = 0; i < ours.size(); ++i)
        ratios.push_back(ours[i] / theirs[i]);
    return median(std::move(ratios));
}

void print(const Samples& samples, unsigned rounds)
{
    fmt::print("{{\"rounds\": {}, \"accesses\": {}", rounds, micro::exits::kAccesses);
    for (size_t kind = 0; kind < kKindNames.size(); ++kind) {
        const auto& ours = samples[Vitrine][kind];
        const auto& theirs = samples[Bare][kind];
        fmt::print(", \"{}\": {{\"vitrine-cycles\": {:.0f}, \"bare-cycles\": {:.0f}, \"ratio\": "
                   "{:.4f}, \"ratio-of-minima\": {:.4f}}}",
                   kKindNames[kind], median(ours), median(theirs), pairedRatio(ours, theirs),
                   *std::min_element(ours.begin(), ours.end()) /
                       *std::min_element(theirs.begin(), theirs.end()));
    }
    fmt::print("}}\n");
}

} // namespace

int main(int argc, char** argv)
{
    unsigned rounds = 1500;
    if (argc < 2 || argc > 3 ||
        (argc == 3 &&
         (std::from_chars(argv[2], argv[2] + std::strlen(argv[2]), rounds).ec != std::errc() ||
          rounds == 0))) {
        fmt::print(stderr, "usage: exit_bench GUEST.elf [ROUNDS]\n");
        return 2;
    }
    if (::access("/dev/kvm", R_OK | W_OK) != 0) {
        fmt::print("skipped: needs /dev/kvm\n");
        return kSkipped;
    }
    const auto samples = measure(argv[1], rounds);
    if (!samples) {
        fmt::print(stderr, "exit_bench: {}\n", samples.error().sentence());
        return 1;
    }
    print(*samples, rounds);
    return 0;
}
