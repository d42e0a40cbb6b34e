// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/os/install_script.h"

#include <array>
#include <string_view>

#include <gio/gio.h>
extern "C" { // libosinfo's headers do not say it themselves; GLib's have templates for C++
#include <osinfo/osinfo.h>
}

#include "app/os/database_internals.h"

namespace app::os {

struct InstallScripts::Private {
    OsinfoOs* os = nullptr;  ///< the database's
    Ref<OsinfoMedia> medium; ///< null: none is known
    std::vector<Ref<OsinfoInstallScript>> scripts;
    ScriptKind kind = ScriptKind::Preseed;
    ScriptMethod method = ScriptMethod::Initrd;
};

namespace {

using Scripts = std::vector<Ref<OsinfoInstallScript>>;

bool supports(OsinfoInstallScript* script, ScriptMethod method)
{
    const unsigned wanted = method == ScriptMethod::Disc
                                ? OSINFO_INSTALL_SCRIPT_INJECTION_METHOD_CDROM
                                : OSINFO_INSTALL_SCRIPT_INJECTION_METHOD_INITRD;
    return (osinfo_install_script_get_injection_methods(script) & wanted) != 0;
}

/// Those of one profile and method. Takes over the list.
Scripts pick(OsinfoInstallScriptList* taken, std::string_view profile, ScriptMethod method)
{
    const Ref<OsinfoInstallScriptList> list(taken);
    Scripts scripts;
    const int count = list != nullptr ? osinfo_list_get_length(OSINFO_LIST(list.get())) : 0;
    for (int i = 0; i < count; ++i) {
        auto* const script = OSINFO_INSTALL_SCRIPT(osinfo_list_get_nth(OSINFO_LIST(list.get()), i));
        if (textOf(osinfo_install_script_get_profile(script)) != profile ||
            !supports(script, method))
            continue;
        g_object_ref(script);
        scripts.emplace_back(script);
    }
    return scripts;
}

/// By the name of the file, which is how the database tells them apart.
std::optional<ScriptKind> kindOf(OsinfoInstallScript* script)
{
    const std::string name = textOf(osinfo_install_script_get_expected_filename(script));
    if (name == "preseed.cfg")
        return ScriptKind::Preseed;
    if (name.ends_with(".ks"))
        return ScriptKind::Kickstart;
    if (name == "autoinst.xml")
        return ScriptKind::Autoyast;
    if (name == "autounattend.xml")
        return ScriptKind::Unattend;
    return std::nullopt;
}

/// The medium identified, as the system `osId`; null when it is another one's.
Ref<OsinfoMedia> mediumOf(const OsDatabase::Private& database, const std::string& osId,
                          const std::filesystem::path& file)
{
    const auto volume = readVolumeDescriptors(file);
    if (!volume)
        return {};
    const auto belongs = [&osId](OsinfoMedia* medium) {
        const Ref<OsinfoOs> owner(osinfo_media_get_os(medium));
        return textOf(osinfo_entity_get_id(OSINFO_ENTITY(owner.get()))) == osId;
    };
    if (Ref<OsinfoMedia> medium = identifyMedium(database, *volume);
        medium && belongs(medium.get()))
        return medium;
    Nearest nearest = findNearest(database, *volume);
    if (nearest.os != nullptr && belongs(nearest.medium.get()))
        return std::move(nearest.medium);
    return {};
}

void set(OsinfoInstallConfig* config, const char* key, const std::string& value)
{
    if (!value.empty())
        osinfo_entity_set_param(OSINFO_ENTITY(config), key, value.c_str());
}

Ref<OsinfoInstallConfig> configOf(const ScriptAnswers& answers)
{
    Ref<OsinfoInstallConfig> config(osinfo_install_config_new("vitrine"));
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_HARDWARE_ARCH, "x86_64");
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_USER_LOGIN, answers.user);
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_USER_REALNAME, answers.fullName);
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_USER_PASSWORD, answers.password);
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_ADMIN_PASSWORD, answers.password);
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_HOSTNAME, answers.hostName);
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_L10N_LANGUAGE, answers.language);
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_L10N_KEYBOARD, answers.keyboard);
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_L10N_TIMEZONE, answers.timeZone);
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_REG_PRODUCTKEY, answers.productKey);
    set(config.get(), OSINFO_INSTALL_CONFIG_PROP_TARGET_DISK, answers.targetDisk);
    return config;
}

std::string taken(gchar* text)
{
    std::string copy = textOf(text);
    g_free(text);
    return copy;
}

} // namespace

InstallScripts::InstallScripts(std::unique_ptr<Private> internals) : m_private(std::move(internals))
{}
InstallScripts::InstallScripts(InstallScripts&&) noexcept = default;
InstallScripts::~InstallScripts() = default;

ScriptKind InstallScripts::kind() const
{
    return m_private->kind;
}

ScriptMethod InstallScripts::method() const
{
    return m_private->method;
}

vmm::Result<InstallScripts> InstallScripts::choose(const OsDatabase& database,
                                                   const std::string& osId,
                                                   const std::filesystem::path& file)
{
    auto chosen = std::make_unique<Private>();
    chosen->os = database.internals().os(osId);
    const auto none = vmm::Error(vmm::ErrorCode::NotFound,
                                 "this operating system cannot be installed without questions");
    if (chosen->os == nullptr)
        return none;
    if (!file.empty())
        chosen->medium = mediumOf(database.internals(), osId, file);
    // The ramdisk comes first: an installer that is started this way asks for nothing before it
    // reads the script.
    for (const ScriptMethod method : {ScriptMethod::Initrd, ScriptMethod::Disc})
        for (const char* profile :
             {OSINFO_INSTALL_SCRIPT_PROFILE_DESKTOP, OSINFO_INSTALL_SCRIPT_PROFILE_JEOS}) {
            chosen->method = method;
            if (chosen->medium != nullptr)
                chosen->scripts = pick(osinfo_media_get_install_script_list(chosen->medium.get()),
                                       profile, method);
            if (chosen->scripts.empty())
                chosen->scripts =
                    pick(osinfo_os_get_install_script_list(chosen->os), profile, method);
            for (const auto& script : chosen->scripts)
                if (const auto kind = kindOf(script.get())) {
                    chosen->kind = *kind;
                    return InstallScripts(std::move(chosen));
                }
        }
    return none;
}

bool InstallScripts::needsProductKey() const
{
    for (const auto& script : m_private->scripts) {
        OsinfoInstallConfigParam* const parameter = osinfo_install_script_get_config_param(
            script.get(), OSINFO_INSTALL_CONFIG_PROP_REG_PRODUCTKEY);
        if (parameter != nullptr && osinfo_install_config_param_is_required(parameter))
            return true;
    }
    return false;
}

std::string InstallScripts::productKeyFormat() const
{
    for (const auto& script : m_private->scripts)
        if (const char* format = osinfo_install_script_get_product_key_format(script.get()))
            return format;
    return {};
}

vmm::Result<GeneratedScripts> InstallScripts::generate(const ScriptAnswers& answers) const
{
    const Private& chosen = *m_private;
    const Ref<OsinfoInstallConfig> config = configOf(answers);
    const bool disc = chosen.method == ScriptMethod::Disc;
    GeneratedScripts generated;
    for (const auto& script : chosen.scripts) {
        osinfo_install_script_set_preferred_injection_method(
            script.get(), disc ? OSINFO_INSTALL_SCRIPT_INJECTION_METHOD_CDROM
                               : OSINFO_INSTALL_SCRIPT_INJECTION_METHOD_INITRD);
        GError* problem = nullptr;
        gchar* const text =
            chosen.medium != nullptr
                ? osinfo_install_script_generate_for_media(script.get(), chosen.medium.get(),
                                                           config.get(), nullptr, &problem)
                : osinfo_install_script_generate(script.get(), chosen.os, config.get(), nullptr,
                                                 &problem);
        if (text == nullptr) {
            const std::string reason = problem != nullptr ? textOf(problem->message) : "unknown";
            g_clear_error(&problem);
            return vmm::Error(vmm::ErrorCode::Invalid,
                              "the installation's script cannot be made: " + reason);
        }
        generated.files.push_back(
            {textOf(osinfo_install_script_get_expected_filename(script.get())), taken(text)});
        if (!disc)
            generated.commandLine =
                taken(chosen.medium != nullptr
                          ? osinfo_install_script_generate_command_line_for_media(
                                script.get(), chosen.medium.get(), config.get())
                          : osinfo_install_script_generate_command_line(script.get(), chosen.os,
                                                                        config.get()));
    }
    return generated;
}

} // namespace app::os
