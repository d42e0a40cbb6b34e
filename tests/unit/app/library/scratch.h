// SPDX-License-Identifier: GPL-3.0-or-later
// What the library's tests share: folders of their own, bundles written by hand.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <QString>
#include <QTemporaryDir>

#include "app/library/library.h"

namespace app::library::testing {

inline void write(const std::filesystem::path& file, const std::string& content)
{
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << content;
}

inline std::string read(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// `size` bytes of it from `offset` on.
inline std::string readAt(const std::filesystem::path& file, size_t offset, size_t size)
{
    std::ifstream in(file, std::ios::binary);
    std::string bytes(size, '\0');
    in.seekg(static_cast<std::streamoff>(offset));
    in.read(bytes.data(), static_cast<std::streamsize>(size));
    return bytes;
}

/// A machine.toml of the fewest words.
inline std::string minimalText(const std::string& name, const std::string& id)
{
    return "schema = 1\n[machine]\nname = \"" + name + "\"\nid = \"" + id + "\"\n";
}

inline std::string idOf(char digit)
{
    return std::string(MachineConfig::kIdDigits, digit);
}

/// A library in a folder of its own, with the trash in it, too.
struct Scratch {
    QTemporaryDir folder;
    std::filesystem::path root;
    std::filesystem::path home;
    Scratch() : root(folder.path().toStdString()), home(root / "data/vitrine/machines")
    {
        qputenv("XDG_DATA_HOME", QByteArray::fromStdString((root / "data").string()));
    }
    Library open() const { return *Library::open(home, root / "config/library.toml"); }
    void addBundle(const std::string& name, const std::string& id) const
    {
        write(home / (name + ".vitrine") / "machine.toml", minimalText(name, id));
    }
};

inline QString words(const vmm::Error& error)
{
    return QString::fromStdString(error.sentence());
}

} // namespace app::library::testing
