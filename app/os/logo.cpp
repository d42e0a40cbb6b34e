// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/os/logo.h"

#include <array>

namespace app::os {

namespace {

struct Row {
    std::string_view word; ///< a distro or a family of osinfo-db
    std::string_view logo;
};

/// Distributions first: a system is known by the closest name it has.
constexpr std::array kDistros{
    Row{"debian", "os-debian"},       Row{"pureos", "os-debian"},  Row{"ubuntu", "os-ubuntu"},
    Row{"elementaryos", "os-ubuntu"}, Row{"popos", "os-ubuntu"},   Row{"trisquel", "os-ubuntu"},
    Row{"fedora", "os-fedora"},       Row{"archlinux", "os-arch"}, Row{"opensuse", "os-opensuse"},
    Row{"sle", "os-opensuse"},        Row{"sled", "os-opensuse"},  Row{"sles", "os-opensuse"},
    Row{"alpinelinux", "os-alpine"},  Row{"rhel", "os-redhat"},    Row{"rhl", "os-redhat"},
    Row{"centos", "os-centos"},       Row{"haiku", "os-haiku"},    Row{"freebsd", "os-freebsd"},
};
constexpr std::array kFamilies{
    Row{"linux", "os-linux"},   Row{"winnt", "os-windows"},    Row{"win9x", "os-windows"},
    Row{"win16", "os-windows"}, Row{"freebsd", "os-bsd"},      Row{"netbsd", "os-bsd"},
    Row{"openbsd", "os-bsd"},   Row{"dragonflybsd", "os-bsd"},
};

template <class Rows>
std::string_view lookUp(const Rows& rows, std::string_view word)
{
    for (const Row& row : rows)
        if (row.word == word)
            return row.logo;
    return {};
}

} // namespace

std::string logoName(std::string_view family, std::string_view distro)
{
    std::string_view logo = lookUp(kDistros, distro);
    if (logo.empty())
        logo = lookUp(kFamilies, family);
    return std::string(logo.empty() ? "os-generic" : logo);
}

} // namespace app::os
