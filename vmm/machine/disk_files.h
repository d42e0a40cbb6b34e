// SPDX-License-Identifier: GPL-3.0-or-later
// What a saved machine remembers of its disks' files, and whether they still are what they were.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "vmm/base/result.h"
#include "vmm/spec/machine_spec.h"
#include "vmm/state/state.h"

namespace vmm::machine {

/// A disk's file when the machine was saved. Times are of its last change (st_mtim).
struct DiskFileState {
    std::string disk; ///< DriveSpec::id
    uint64_t bytes = 0;
    int64_t changedSeconds = 0;
    uint32_t changedNanoseconds = 0;
    template <class A>
    void visit(A& a)
    {
        a.field("disk", disk).field("bytes", bytes);
        a.field("changed-s", changedSeconds).field("changed-ns", changedNanoseconds);
    }
};

/// A record of the saved machine, behind its description; files of before it was do without.
struct DiskFilesState {
    static constexpr state::Tag kTag{"disk-files", 1, 1};
    static constexpr const char* kName = "disk-files"; ///< in the file
    std::vector<DiskFileState> files;
    template <class A>
    void visit(A& a)
    {
        a.field("files", files);
    }
};

/// The files of `spec`'s disks as they are now; only regular files, others tell nothing. For a
/// machine that stands.
DiskFilesState diskFilesOf(const spec::MachineSpec& spec);

/// Whether the machine saved in `path` finds its disks as it left them. Memory of the guest's that
/// belongs to other contents would destroy them, so Invalid, with a sentence naming the file, when
/// one has another length or was written to since. `adjust`, as of Machine::restore(), says where
/// they are now. Reads the beginning of the file only; one that is broken there is an Error, too.
Result<void> checkDiskFiles(const std::string& path,
                            const std::function<void(spec::MachineSpec&)>& adjust);

} // namespace vmm::machine
