// SPDX-License-Identifier: GPL-3.0-or-later
// Loading of the window module (dlopen(3)).
#include "app/main/window_loader.h"

#include <array>
#include <filesystem>
#include <string>
#include <system_error>

#include <dlfcn.h>

namespace app::main {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;

namespace {

/// Beside the program (in a build folder), or where `cmake --install` puts it.
std::array<std::filesystem::path, 3> candidates(const char* module)
{
    std::error_code failed;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", failed).parent_path();
    return {program / module, program / "app" / "main" / module,
            program / VITRINE_MODULE_PATH / module};
}

} // namespace

Result<int> runInWindow(const char* module, int argc, char** argv)
{
    for (const auto& path : candidates(module)) {
        std::error_code failed;
        if (!std::filesystem::exists(path, failed))
            continue;
        void* loaded = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (loaded == nullptr)
            return Error(ErrorCode::Io, std::string("the window cannot be loaded: ") + ::dlerror());
        auto* windowMain = reinterpret_cast<WindowMain*>(::dlsym(loaded, kWindowMainSymbol));
        if (windowMain == nullptr)
            return Error(ErrorCode::Invalid, path.string() + " is not Vitrine's window");
        return windowMain(argc, argv); // never unloaded: Qt does not survive that
    }
    return Error(ErrorCode::NotFound, std::string(module) +
                                          " is not installed beside vitrine; use --headless, or "
                                          "install Vitrine again");
}

} // namespace app::main
