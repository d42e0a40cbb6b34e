// SPDX-License-Identifier: GPL-3.0-or-later
// PNG writer over libpng's simplified API, which reports by value instead of by longjmp.
#include "display/core/png.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <memory>
#include <png.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "vmm/base/unique_fd.h"

namespace display::core {

namespace {

using vmm::Error;
using vmm::ErrorCode;
using vmm::Result;
using vmm::UniqueFd;

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

/// Removes the unfinished file unless it was renamed into place.
class TemporaryFile {
public:
    explicit TemporaryFile(std::string path) : m_path(std::move(path)) {}
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile()
    {
        if (!m_path.empty())
            unlink(m_path.c_str());
    }
    const std::string& path() const { return m_path; }
    void keep() { m_path.clear(); }

private:
    std::string m_path;
};

std::vector<uint8_t> toRgb(const vmm::console::Frame& frame)
{
    std::vector<uint8_t> rgb;
    rgb.reserve(frame.pixels.size() * 3);
    for (const uint32_t pixel : frame.pixels) {
        rgb.push_back(static_cast<uint8_t>(pixel >> 16));
        rgb.push_back(static_cast<uint8_t>(pixel >> 8));
        rgb.push_back(static_cast<uint8_t>(pixel));
    }
    return rgb;
}

bool isWhole(const vmm::console::Frame& frame)
{
    return frame.width > 0 && frame.height > 0 &&
           frame.pixels.size() ==
               static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height);
}

png_image imageOf(const vmm::console::Frame& frame)
{
    png_image image = {};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(frame.width);
    image.height = static_cast<png_uint_32>(frame.height);
    image.format = PNG_FORMAT_RGB;
    image.flags = PNG_IMAGE_FLAG_FAST; // a screen compresses well anyway; the person waits
    return image;
}

Result<void> encode(const vmm::console::Frame& frame, std::FILE* file, const std::string& path)
{
    const std::vector<uint8_t> rgb = toRgb(frame);
    png_image image = imageOf(frame);
    if (png_image_write_to_stdio(&image, file, 0, rgb.data(), 0, nullptr) == 0)
        return Error(ErrorCode::Io, path + ": not writable: " + image.message);
    return {};
}

/// The rename must be on the disk too; a folder that cannot be synced keeps the picture anyway.
void syncFolder(const std::string& path)
{
    const size_t slash = path.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.valid())
        static_cast<void>(fsync(fd.get()));
}

} // namespace

Result<void> writePng(const vmm::console::Frame& frame, const std::string& path)
{
    if (!isWhole(frame))
        return Error(ErrorCode::Invalid, path + ": there is no picture to save yet");
    // The thread number keeps two screenshots of one name apart.
    const std::string name = path + "." + std::to_string(gettid()) + ".part";
    UniqueFd fd(open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!fd.valid())
        return Error::fromErrno(path + ": not writable", errno);
    TemporaryFile temporary(name);
    File file(fdopen(fd.get(), "wb"));
    if (!file)
        return Error::fromErrno(path + ": not writable", errno);
    static_cast<void>(fd.release()); // the stream owns it now
    TRY(encode(frame, file.get(), path));
    if (std::fflush(file.get()) != 0 || fsync(fileno(file.get())) != 0)
        return Error::fromErrno(path + ": not writable", errno);
    if (std::rename(temporary.path().c_str(), path.c_str()) != 0)
        return Error::fromErrno(path + ": not writable", errno);
    temporary.keep();
    syncFolder(path);
    return {};
}

Result<std::vector<std::byte>> encodePng(const vmm::console::Frame& frame)
{
    if (!isWhole(frame))
        return Error(ErrorCode::Invalid, "there is no picture yet");
    const std::vector<uint8_t> rgb = toRgb(frame);
    png_image image = imageOf(frame);
    std::vector<std::byte> bytes(PNG_IMAGE_PNG_SIZE_MAX(image));
    png_alloc_size_t size = bytes.size();
    if (png_image_write_to_memory(&image, bytes.data(), &size, 0, rgb.data(), 0, nullptr) == 0)
        return Error(ErrorCode::Io, std::string("the picture cannot be written: ") + image.message);
    bytes.resize(size);
    return bytes;
}

} // namespace display::core
