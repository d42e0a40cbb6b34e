// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/library/trash_notes.h"

#include <system_error>

#include "app/library/file_ops.h"
#include "app/library/machine_config.h"

namespace app::library {

namespace fs = std::filesystem;

namespace {

/// What may become a file's name.
bool isId(const std::string& id)
{
    return id.size() == MachineConfig::kIdDigits &&
           id.find_first_not_of("0123456789abcdef") == std::string::npos;
}

} // namespace

void noteTrashed(const fs::path& notes, const std::string& id, const fs::path& trashed)
{
    if (!isId(id) || !ensureFolder(notes))
        return;
    forgetNote(notes, id);
    std::error_code failed;
    fs::create_symlink(trashed, notes / id, failed);
}

std::vector<std::string> leftTrash(const fs::path& notes)
{
    std::vector<std::string> ids;
    std::error_code failed;
    for (fs::directory_iterator note(notes, failed), end; !failed && note != end;
         note.increment(failed)) {
        std::error_code unknown;
        const fs::path trashed = fs::read_symlink(note->path(), unknown);
        if (unknown || !isId(note->path().filename()) || fs::exists(trashed, unknown) || unknown)
            continue;
        if (fs::is_directory(trashed.parent_path(), unknown))
            ids.push_back(note->path().filename());
    }
    return ids;
}

void forgetNote(const fs::path& notes, const std::string& id)
{
    std::error_code failed;
    if (isId(id))
        fs::remove(notes / id, failed);
}

} // namespace app::library
