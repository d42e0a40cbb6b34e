// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of this room share of libosinfo, without its headers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/os/os_database.h"
#include "app/os/volume_descriptors.h"

// libosinfo's own names of its objects, which only .cpp files look into.
struct _OsinfoDb;
struct _OsinfoMedia;
struct _OsinfoOs;

namespace app::os {

/// Lets go of one reference of a GObject.
struct Unref {
    void operator()(void* object) const;
};
template <class T>
using Ref = std::unique_ptr<T, Unref>;

/// The database and what is asked of it at every key stroke.
struct OsDatabase::Private {
    Ref<_OsinfoDb> db;
    std::vector<OsFacts> all;           ///< in the order search() gives
    std::vector<std::string> haystacks; ///< of `all`: lower case, what search() looks in

    _OsinfoOs* os(const std::string& id) const; ///< null when there is none
};

/// A copy of `text`; empty for null.
std::string textOf(const char* text);

/// Everything about `os` but whether it is the newest.
OsFacts factsOf(_OsinfoOs* os);

/// Whether one of the scripts of `os` can be carried out on our machines.
bool hasUsableScript(_OsinfoOs* os);

/// An empty medium of libosinfo's with what the descriptors say, to be identified.
Ref<_OsinfoMedia> newMedium(const VolumeDescriptors& volume);

/// The newest system whose media carry the same label but for an older version.
struct Nearest {
    const OsFacts* os = nullptr; ///< null: nothing comes close
    std::string version;         ///< what the label says instead of the system's version
    Ref<_OsinfoMedia> medium;    ///< identified as that system's; null from findByWords()
};
Nearest findNearest(const OsDatabase::Private& database, const VolumeDescriptors& volume);

/// The system that words of `text` name: the newest that is not newer than the first number in it;
/// with an empty version where the distribution has none or the text does not say.
Nearest findByWords(const OsDatabase::Private& database, const std::string& text);

/// The medium as libosinfo knows it; null when it does not.
Ref<_OsinfoMedia> identifyMedium(const OsDatabase::Private& database,
                                 const VolumeDescriptors& volume);

} // namespace app::os
