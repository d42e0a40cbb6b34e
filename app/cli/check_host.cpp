// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/check_host.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

namespace app::cli {

void printHost(const HostReport& report, OutputFormat format)
{
    if (format == OutputFormat::Json) {
        const nlohmann::ordered_json object = {
            {"kvm", report.kvm},           {"kvm-speed", report.speed},
            {"hardware", report.hardware}, {"soft-cpu", report.cpuModel},
            {"accel", report.choice},      {"reason", report.reason}};
        fmt::print("{}\n",
                   object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
        return;
    }
    const auto line = [](const char* what, const std::string& text) {
        fmt::print("{:<24} {}\n", what, text);
    };
    line("KVM:", report.kvm);
    line("Speed of KVM:", report.speed.empty() ? "not measured" : report.speed);
    line("Virtualization:", report.hardware);
    line("Software CPU:", report.cpuModel);
    line("--accel auto:", report.choice);
    fmt::print("{}\n", report.reason);
}

} // namespace app::cli
