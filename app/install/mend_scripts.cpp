// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/install/mend_scripts.h"

#include <algorithm>
#include <string_view>

namespace app::install {

namespace {

/// Replaces the first line that is `line`.
void replaceLine(std::string& script, const std::string& line, const std::string& by)
{
    const std::string wanted = '\n' + line + '\n';
    if (const size_t at = script.find(wanted); at != std::string::npos)
        script.replace(at + 1, line.size(), by);
}

/// The script adds packages for QXL and SPICE, devices that our machines do not have: a whole
/// graphical system on one that should have none. Nor have they a channel for QEMU's agent.
void dropDriversOfOthers(std::string& script)
{
    const std::string begin = "\nd-i pkgsel/include string ";
    const size_t at = script.find(begin);
    if (at == std::string::npos)
        return;
    const size_t end = std::min(script.find('\n', at + 1), script.size());
    script.replace(at, end - at, "");
}

/// debian-installer(7), appendix "Automating the installation using preseeding". A later answer to
/// the same question counts.
void mendDebian(std::string& script, const ExpressAnswers& answers)
{
    // The line lacks its type, so the installer would take the name for the type.
    replaceLine(script, "d-i passwd/username " + answers.user,
                "d-i passwd/username string " + answers.user);
    // A choice of several is a list with commas; this one would choose nothing.
    replaceLine(script, "tasksel tasksel/first multiselect desktop ssh-server",
                "tasksel tasksel/first multiselect standard, desktop, ssh-server");
    dropDriversOfOthers(script);
    script += "\n### Added to osinfo-db's script\n"
              "d-i passwd/make-user boolean true\n";
    script += "d-i keyboard-configuration/xkb-keymap select " + answers.keyboard + '\n';
    // The script's netcfg/get_hostname gives way to a name from DHCP, and our network gives one.
    script += "d-i netcfg/hostname string " + answers.hostName + '\n';
    // Without these the choice of a mirror is asked even at the highest priority.
    script += "d-i mirror/country string manual\n"
              "d-i mirror/http/hostname string deb.debian.org\n"
              "d-i mirror/http/directory string /debian\n";
    script +=
        "d-i mirror/http/proxy string" + (answers.proxy.empty() ? "" : ' ' + answers.proxy) + '\n';
    script += "d-i apt-setup/cdrom/set-first boolean false\n"
              // The script turns security updates off.
              "d-i apt-setup/services-select multiselect security, updates\n"
              "d-i apt-setup/security_host string security.debian.org\n"
              "d-i partman-partitioning/confirm_write_new_label boolean true\n"
              "popularity-contest popularity-contest/participate boolean false\n";
    // The script gives two commands, and the last answer counts: both in one.
    script += "d-i preseed/late_command string in-target sed -i '/cdrom/d' /etc/apt/sources.list; "
              "in-target sh -c 'touch ~root/osinfo-install-successful'\n";
}

/// Packages that newer releases do not have any more make the installer stop and ask.
void mendKickstart(std::string& script)
{
    replaceLine(script, "%packages", "%packages --ignoremissing");
}

} // namespace

void mendScript(std::string& script, os::ScriptKind kind, const std::string& distro,
                const ExpressAnswers& answers)
{
    if (kind == os::ScriptKind::Preseed && distro == "debian")
        mendDebian(script, answers);
    if (kind == os::ScriptKind::Kickstart)
        mendKickstart(script);
}

} // namespace app::install
