// SPDX-License-Identifier: GPL-3.0-or-later
// What this computer has for machines, one check after the other, each with what to do about it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace app::host {

/// One check. Whole sentences without final periods; plain data.
struct HostCheck {
    enum class Verdict {
        Good,
        Limited, ///< machines run, with less
        Bad,     ///< they do not, or not well
    };
    std::string id;      ///< "memory": for scripts
    std::string title;   ///< "Memory"
    std::string finding; ///< what was found
    std::string advice;  ///< what to do; empty: nothing
    Verdict verdict = Verdict::Good;
};

/// "good", "limited" or "bad".
std::string_view verdictName(HostCheck::Verdict verdict);

/// KVM: /dev/kvm and the permission to use it.
HostCheck checkAccess(const char* device = "/dev/kvm");
/// Memory that is free, by the text of /proc/meminfo.
HostCheck checkMemory(std::string_view meminfo);
/// Space where machines will be: `folder`, or the first folder above that exists. A tmpfs is
/// memory, and gone with the session.
HostCheck checkSpace(const std::filesystem::path& folder);
/// Render nodes in `folder` (Linux DRM): the desktop draws with them, and Vitrine's windows too.
HostCheck checkGraphics(const std::filesystem::path& folder = "/dev/dri");
/// qemu-img, which reads disk images of other programs; `path` as the variable PATH.
HostCheck checkImageTools(std::string_view path);

/// All of these, as this computer is. Reads small files; any thread.
std::vector<HostCheck> surveyHost(const std::filesystem::path& machines);

} // namespace app::host
