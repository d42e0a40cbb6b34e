// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/host/host_survey.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include <fmt/core.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "app/host/host_checks.h"

namespace app::host {

namespace {

namespace fs = std::filesystem;
using Verdict = HostCheck::Verdict;

constexpr uint64_t kGiB = uint64_t{1} << 30;

std::string sizeText(uint64_t bytes)
{
    constexpr uint64_t kMiB = uint64_t{1} << 20;
    if (bytes < kGiB)
        return fmt::format("{} MiB", bytes / kMiB);
    return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / static_cast<double>(kGiB));
}

/// The bytes of a line "MemAvailable:   123 kB".
std::optional<uint64_t> lineOf(std::string_view meminfo, std::string_view key)
{
    const size_t start = meminfo.find(key);
    if (start == std::string_view::npos)
        return std::nullopt;
    std::string_view rest = meminfo.substr(start + key.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
    uint64_t kilobytes = 0;
    if (std::from_chars(rest.data(), rest.data() + rest.size(), kilobytes).ec != std::errc())
        return std::nullopt;
    return kilobytes << 10;
}

std::string readText(const char* path)
{
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

} // namespace

std::string_view verdictName(HostCheck::Verdict verdict)
{
    switch (verdict) {
    case Verdict::Good:
        return "good";
    case Verdict::Limited:
        return "limited";
    case Verdict::Bad:
        return "bad";
    }
    return "bad";
}

HostCheck checkAccess(const char* device)
{
    HostCheck check{"kvm", "KVM", "The kernel's virtualization can be used", {}, Verdict::Good};
    const auto usable = checkKvm(device);
    if (usable)
        return check;
    // The sentence says "what is wrong: what to do about it".
    const std::string sentence = usable.error().sentence();
    const size_t colon = sentence.find(": ");
    check.finding = sentence.substr(0, colon);
    if (colon != std::string::npos)
        check.advice = sentence.substr(colon + 2);
    if (!check.advice.empty())
        check.advice.front() = static_cast<char>(std::toupper(check.advice.front()));
    check.verdict = Verdict::Limited; // the software CPU is there
    return check;
}

HostCheck checkMemory(std::string_view meminfo)
{
    HostCheck check{"memory", "Memory", {}, {}, Verdict::Good};
    const auto total = lineOf(meminfo, "MemTotal:");
    const auto available = lineOf(meminfo, "MemAvailable:");
    if (!total || !available) {
        check.finding = "The kernel does not say how much memory is free";
        check.verdict = Verdict::Limited;
        return check;
    }
    check.finding = fmt::format("{} of {} are free", sizeText(*available), sizeText(*total));
    if (*available >= 2 * kGiB)
        return check;
    check.verdict = *available < kGiB / 2 ? Verdict::Bad : Verdict::Limited;
    check.advice = "Close programs you do not need, or give machines less memory";
    return check;
}

HostCheck checkSpace(const fs::path& folder)
{
    constexpr int64_t kTmpfsMagic = 0x01021994; // statfs(2)
    HostCheck check{"space", "Disk space", {}, {}, Verdict::Good};
    fs::path there = folder;
    std::error_code ignored;
    while (!fs::exists(there, ignored) && there.has_relative_path())
        there = there.parent_path();
    struct statfs facts = {};
    if (::statfs(there.c_str(), &facts) != 0) {
        check.finding = fmt::format("{} cannot be looked at", there.string());
        check.verdict = Verdict::Bad;
        check.advice = "Check that the folder exists and belongs to you";
        return check;
    }
    const uint64_t free =
        static_cast<uint64_t>(facts.f_bavail) * static_cast<uint64_t>(facts.f_bsize);
    check.finding =
        fmt::format("{} are free where machines are kept, {}", sizeText(free), folder.string());
    if (free < 10 * kGiB) {
        check.verdict = free < kGiB ? Verdict::Bad : Verdict::Limited;
        check.advice = "Free some space, or keep machines in a folder on another disk";
    } else if (facts.f_type == kTmpfsMagic) {
        check.verdict = Verdict::Limited;
        check.advice = "This folder lies in memory and is gone at the next start; keep machines "
                       "in a folder on a disk";
    }
    return check;
}

HostCheck checkGraphics(const fs::path& folder)
{
    HostCheck check{"graphics", "Graphics", {}, {}, Verdict::Good};
    std::error_code ignored;
    size_t nodes = 0;
    size_t usable = 0;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
        if (!entry.path().filename().string().starts_with("renderD"))
            continue;
        ++nodes;
        usable += ::access(entry.path().c_str(), R_OK | W_OK) == 0 ? 1 : 0;
    }
    if (usable > 0) {
        check.finding = usable == 1 ? "One graphics processor draws the windows"
                                    : fmt::format("{} graphics processors can be used", usable);
        return check;
    }
    check.verdict = Verdict::Limited;
    if (nodes == 0) {
        check.finding = "There is no graphics processor to draw with; the processor does it";
        check.advice = "Install the driver of your graphics card if this computer has one";
    } else {
        check.finding = "There is a graphics processor, but no permission to use it";
        check.advice = "Add yourself to the group render (sudo usermod -aG render $USER) and log "
                       "in again";
    }
    return check;
}

HostCheck checkImageTools(std::string_view path)
{
    HostCheck check{"images", "Disk images", {}, {}, Verdict::Good};
    while (!path.empty()) {
        const size_t end = std::min(path.find(':'), path.size());
        const fs::path program = fs::path(path.substr(0, end)) / "qemu-img";
        if (::access(program.c_str(), X_OK) == 0) {
            check.finding = "Disk images of other programs can be imported";
            return check;
        }
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    check.finding = "qemu-img is not installed: only raw disk images can be imported";
    check.advice = "Install the package qemu-utils";
    check.verdict = Verdict::Limited;
    return check;
}

std::vector<HostCheck> surveyHost(const fs::path& machines)
{
    const char* path = std::getenv("PATH");
    return {checkAccess(), checkMemory(readText("/proc/meminfo")), checkSpace(machines),
            checkGraphics(), checkImageTools(path != nullptr ? path : "")};
}

} // namespace app::host
