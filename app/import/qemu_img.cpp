// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/qemu_img.h"

#include <cerrno>
#include <charconv>
#include <optional>

#include <nlohmann/json.hpp>

#include "app/import/confined_child.h"

namespace app::import {

namespace {

using vmm::Error;
using vmm::ErrorCode;

// In the child: the image, and what it writes to. Names cannot be misread that way, and nobody can
// put another file in their place after we looked.
constexpr std::string_view kImagePath = "/dev/fd/3";
constexpr std::string_view kTargetPath = "/dev/fd/4";

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kInspectMemory = kGiB;
constexpr uint64_t kConvertMemory = 4 * kGiB; // tables of the largest disks
constexpr uint64_t kInspectCpuSeconds = 30;
constexpr std::chrono::seconds kInspectTime{60}; // a network share may be slow
constexpr size_t kMaxOutput = size_t{1} << 20;

/// The image as options in JSON, so that no character of a name means anything, and "backing": null
/// so that no other image is opened (QEMU qapi/block-core.json, BlockdevOptionsGenericCOWFormat).
std::string imageArgument(const QemuImage& image)
{
    const std::string path =
        image.description.empty() ? std::string(kImagePath) : image.description.string();
    const nlohmann::json options = {{"driver", image.format},
                                    {"backing", nullptr},
                                    {"file", {{"driver", "file"}, {"filename", path}}}};
    return "json:" + options.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// The reason in qemu-img's words: the end of its last line.
std::string reasonOf(const std::string& complaints, const std::string& argument)
{
    std::string text = complaints;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.pop_back();
    const size_t line = text.rfind('\n');
    if (line != std::string::npos)
        text.erase(0, line + 1);
    if (const size_t quoted = text.find(argument); quoted != std::string::npos)
        text.erase(0, quoted + argument.size());
    else if (text.starts_with("qemu-img: "))
        text.erase(0, text.find(' ') + 1);
    const size_t first = text.find_first_not_of("': ");
    text.erase(0, first == std::string::npos ? text.size() : first);
    for (char& character : text)
        if (static_cast<unsigned char>(character) < 0x20)
            character = ' ';
    return text.empty() ? "it is damaged, or not supported by qemu-img" : text;
}

Error explain(const QemuImage& image, const ChildEnd& end)
{
    const auto says = [&end](std::string_view words) {
        return end.complaints.find(words) != std::string::npos;
    };
    if (says("No space left on device") || says("Disk quota exceeded"))
        return {ErrorCode::Exhausted, "there is not enough room"};
    if (end.exitCode < 0)
        return {ErrorCode::Invalid,
                image.name + " cannot be read: qemu-img broke down on it; it may be damaged"};
    return {ErrorCode::Invalid,
            image.name + " cannot be read: " + reasonOf(end.complaints, imageArgument(image))};
}

ChildPlan planFor(const QemuImage& image)
{
    ChildPlan plan;
    plan.files = {image.fd};
    plan.readable = image.pieces;
    if (!image.description.empty())
        plan.readable.push_back(image.description);
    return plan;
}

vmm::Result<ChildEnd> run(const QemuImage& image, const ChildPlan& plan)
{
    auto end = runConfined(plan);
    if (!end && end.error().code() == ErrorCode::Invalid)
        return std::move(end).error().within(image.name);
    return end;
}

std::optional<uint64_t> virtualSizeIn(const std::string& output)
{
    const nlohmann::json facts = nlohmann::json::parse(output, nullptr, false);
    if (!facts.is_object())
        return std::nullopt;
    const auto found = facts.find("virtual-size");
    if (found == facts.end() || !found->is_number_unsigned())
        return std::nullopt;
    return found->get<uint64_t>();
}

/// Reads "    (12.50/100%)\r" out of what `qemu-img convert -p` prints, however it is cut.
class PercentReader {
public:
    /// In hundredths of a percent, when there is a new number.
    std::optional<uint64_t> feed(std::string_view text)
    {
        std::optional<uint64_t> latest;
        for (const char character : text) {
            if (character == '(') {
                m_number.clear();
            } else if (character == '/') {
                latest = value().value_or(latest.value_or(0));
            } else if (m_number.size() < 8) {
                m_number += character;
            }
        }
        return latest;
    }

private:
    std::optional<uint64_t> value() const
    {
        double percent = 0;
        const char* const end = m_number.data() + m_number.size();
        if (std::from_chars(m_number.data(), end, percent).ec != std::errc{} || percent < 0)
            return std::nullopt;
        return static_cast<uint64_t>(std::min(percent, 100.0) * 100);
    }

    std::string m_number;
};

} // namespace

vmm::Result<uint64_t> qemuVirtualBytes(const QemuImage& image)
{
    std::string output;
    ChildPlan plan = planFor(image);
    plan.command = {"qemu-img", "info", "--output=json", "-U", imageArgument(image)};
    plan.addressSpace = kInspectMemory;
    plan.cpuSeconds = kInspectCpuSeconds;
    plan.timeout = kInspectTime;
    plan.watch = [&](std::string_view text) -> vmm::Result<void> {
        output += text;
        if (output.size() > kMaxOutput)
            return Error(ErrorCode::Invalid, "its description is too long");
        return {};
    };
    const ChildEnd end = TRY(run(image, plan));
    if (end.exitCode != 0)
        return explain(image, end);
    const std::optional<uint64_t> bytes = virtualSizeIn(output);
    if (!bytes)
        return Error(ErrorCode::Invalid, image.name + " cannot be read: qemu-img gives no size");
    return *bytes;
}

vmm::Result<void> qemuConvert(const QemuImage& image, int target, Part& part)
{
    constexpr uint64_t kWhole = 100 * 100;
    PercentReader reader;
    uint64_t done = 0;
    ChildPlan plan = planFor(image);
    plan.files.push_back(target);
    plan.writable = target;
    plan.command = {"qemu-img",
                    "convert",
                    "-p",
                    "-U",
                    "-O",
                    "raw",
                    "-S",
                    "4k",
                    imageArgument(image),
                    std::string(kTargetPath)};
    plan.addressSpace = kConvertMemory;
    plan.watch = [&](std::string_view text) {
        done = reader.feed(text).value_or(done);
        return part.step(done, kWhole);
    };
    const ChildEnd end = TRY(run(image, plan));
    if (end.exitCode != 0)
        return explain(image, end);
    return {};
}

} // namespace app::import
