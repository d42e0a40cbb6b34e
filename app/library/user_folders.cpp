// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/user_folders.h"

#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

namespace app::library {

namespace {

std::filesystem::path homeFolder()
{
    const char* home = std::getenv("HOME");
    if (home != nullptr && *home == '/')
        return home;
    const passwd* user = ::getpwuid(::geteuid());
    return user != nullptr && user->pw_dir != nullptr ? user->pw_dir : "/";
}

} // namespace

std::filesystem::path userFolder(UserFolder folder)
{
    const bool data = folder == UserFolder::Data;
    const char* given = std::getenv(data ? "XDG_DATA_HOME" : "XDG_CONFIG_HOME");
    if (given != nullptr && *given == '/')
        return given;
    return homeFolder() / (data ? ".local/share" : ".config");
}

} // namespace app::library
