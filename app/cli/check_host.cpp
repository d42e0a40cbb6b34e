// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/check_host.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace app::cli {

namespace {

nlohmann::ordered_json jsonOf(const host::HostCheck& check)
{
    return {{"id", check.id},
            {"title", check.title},
            {"verdict", host::verdictName(check.verdict)},
            {"finding", check.finding},
            {"advice", check.advice}};
}

/// What is not good stands out by its mark; what to do stands below.
void printCheck(const host::HostCheck& check)
{
    const bool good = check.verdict == host::HostCheck::Verdict::Good;
    fmt::print("{:<24} {}{}\n", check.title + ":", good ? "" : "! ", check.finding);
    if (!check.advice.empty())
        fmt::print("{:<24} {}\n", "", check.advice);
}

} // namespace

void printHost(const HostReport& report, OutputFormat format)
{
    if (format == OutputFormat::Json) {
        nlohmann::ordered_json object = {
            {"kvm", report.kvm},           {"kvm-speed", report.speed},
            {"hardware", report.hardware}, {"soft-cpu", report.cpuModel},
            {"accel", report.choice},      {"reason", report.reason}};
        object["checks"] = nlohmann::ordered_json::array();
        for (const host::HostCheck& check : report.checks)
            object["checks"].push_back(jsonOf(check));
        fmt::print("{}\n",
                   object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
        return;
    }
    for (const host::HostCheck& check : report.checks)
        printCheck(check);
    const auto line = [](const char* what, const std::string& text) {
        fmt::print("{:<24} {}\n", what, text);
    };
    line("Software CPU:", report.cpuModel);
    line("--accel auto:", report.choice);
    fmt::print("{}\n", report.reason);
}

} // namespace app::cli
