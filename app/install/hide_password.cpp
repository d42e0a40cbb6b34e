// SPDX-License-Identifier: GPL-3.0-or-later
// The lines of osinfo-db's scripts that name the password, and what says the same with its hash.
#include "app/install/hide_password.h"

#include <array>
#include <cerrno>
#include <memory>

#include <crypt.h>

namespace app::install {

namespace {

constexpr const char* kSha512 = "$6$"; // what every Linux since 2008 can check

void replaceAll(std::string& script, const std::string& what, const std::string& by)
{
    for (size_t at = 0; (at = script.find(what, at)) != std::string::npos; at += by.size())
        script.replace(at, what.size(), by);
}

/// debian-installer's user-setup: the answer with the hash goes before the other two.
void hideInPreseed(std::string& script, const std::string& password, const std::string& hash)
{
    for (const std::string& who : {std::string("root"), std::string("user")}) {
        const std::string question = "\nd-i passwd/" + who + "-password";
        replaceAll(script, question + " password " + password + '\n',
                   question + "-crypted password " + hash + '\n');
        replaceAll(script, question + "-again password " + password + '\n', "\n");
    }
}

/// Kickstart's documentation, commands rootpw and user; chpasswd(8).
void hideInKickstart(std::string& script, const std::string& user, const std::string& password,
                     const std::string& hash)
{
    const std::string quoted = '\'' + password + '\'';
    const std::string by = '\'' + hash + '\'';
    replaceAll(script, "\nrootpw " + quoted, "\nrootpw --iscrypted " + by);
    replaceAll(script, " --password " + quoted, " --iscrypted --password " + by);
    for (const std::string& who : {user, std::string("root")})
        replaceAll(script, "echo " + quoted + " |passwd --stdin " + who + '\n',
                   "echo '" + who + ':' + hash + "' |chpasswd -e\n");
    for (const char* test : {"test -z ", "test -n "})
        replaceAll(script, test + quoted, test + by);
}

} // namespace

vmm::Result<std::string> hashedPassword(const std::string& password)
{
    std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> salt{};
    const auto work = std::make_unique<crypt_data>(); // 32 KiB
    if (::crypt_gensalt_rn(kSha512, 0, nullptr, 0, salt.data(), static_cast<int>(salt.size())) ==
        nullptr)
        return vmm::Error::fromErrno("the password cannot be encrypted", errno);
    const char* hash = ::crypt_rn(password.c_str(), salt.data(), work.get(), sizeof(*work));
    if (hash == nullptr)
        return vmm::Error::fromErrno("the password cannot be encrypted", errno);
    return std::string(hash);
}

void hidePassword(std::string& script, os::ScriptKind kind, const os::ScriptAnswers& answers,
                  const std::string& hash)
{
    if (kind == os::ScriptKind::Preseed)
        hideInPreseed(script, answers.password, hash);
    if (kind == os::ScriptKind::Kickstart)
        hideInKickstart(script, answers.user, answers.password, hash);
}

} // namespace app::install
