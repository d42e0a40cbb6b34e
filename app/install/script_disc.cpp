// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/install/script_disc.h"

#include <memory>
#include <optional>

#include <archive.h>
#include <archive_entry.h>

#include "app/install/private_file.h"

namespace app::install {

namespace {

constexpr unsigned kReadable = 0444; // on the disc; the image itself is private

struct FreeWriter {
    void operator()(archive* writer) const { ::archive_write_free(writer); }
};
struct FreeEntry {
    void operator()(archive_entry* entry) const { ::archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, FreeWriter>;
using Entry = std::unique_ptr<archive_entry, FreeEntry>;

/// Where libarchive's bytes go, and what went wrong there.
struct Target {
    PrivateFile file;
    std::optional<vmm::Error> problem;
};

la_ssize_t writeBytes(archive* writer, void* context, const void* bytes, size_t size)
{
    Target& target = *static_cast<Target*>(context);
    if (const auto done = target.file.write({static_cast<const char*>(bytes), size}); !done) {
        target.problem = done.error();
        ::archive_set_error(writer, EIO, "not written");
        return ARCHIVE_FATAL;
    }
    return static_cast<la_ssize_t>(size);
}

vmm::Error problemOf(const std::filesystem::path& image, const Target& target, archive* writer)
{
    if (target.problem)
        return *target.problem;
    const char* said = ::archive_error_string(writer);
    return vmm::Error(vmm::ErrorCode::Io,
                      image.string() + ": " + (said != nullptr ? said : "not written"));
}

bool addFile(archive* writer, const os::ScriptFile& file)
{
    const Entry entry(::archive_entry_new());
    if (entry == nullptr)
        return false;
    ::archive_entry_set_pathname(entry.get(), file.name.c_str());
    ::archive_entry_set_filetype(entry.get(), AE_IFREG);
    ::archive_entry_set_perm(entry.get(), kReadable);
    ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.content.size()));
    return ::archive_write_header(writer, entry.get()) == ARCHIVE_OK &&
           ::archive_write_data(writer, file.content.data(), file.content.size()) ==
               static_cast<la_ssize_t>(file.content.size());
}

} // namespace

vmm::Result<void> writeScriptDisc(const std::filesystem::path& image, const std::string& label,
                                  const std::vector<os::ScriptFile>& files)
{
    Target target{TRY(PrivateFile::create(image)), std::nullopt};
    const Writer writer(::archive_write_new());
    if (writer == nullptr)
        return vmm::Error(vmm::ErrorCode::Exhausted, "there is no memory to write the disc");
    bool done =
        ::archive_write_set_format_iso9660(writer.get()) == ARCHIVE_OK &&
        ::archive_write_set_format_option(writer.get(), "iso9660", "volume-id", label.c_str()) ==
            ARCHIVE_OK &&
        ::archive_write_open(writer.get(), &target, nullptr, writeBytes, nullptr) == ARCHIVE_OK;
    for (size_t i = 0; done && i < files.size(); ++i)
        done = addFile(writer.get(), files[i]);
    if (!done || ::archive_write_close(writer.get()) != ARCHIVE_OK)
        return problemOf(image, target, writer.get());
    return target.file.finish();
}

} // namespace app::install
