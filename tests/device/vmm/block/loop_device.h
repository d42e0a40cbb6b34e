// SPDX-License-Identifier: GPL-3.0-or-later
// A block device of the host's, made of a file: loop(4).
#pragma once

#include <cerrno>
#include <fcntl.h>
#include <linux/loop.h>
#include <memory>
#include <string>
#include <sys/ioctl.h>

#include "vmm/base/unique_fd.h"

namespace tests {

/// Attached while it lives.
class LoopDevice {
public:
    struct Options {
        uint32_t blockSize = 512;
        bool readOnly = false;
    };
    /// Null where this account may not, or the host has no loop devices.
    static std::unique_ptr<LoopDevice> create(const std::string& file, Options options)
    {
        constexpr int kTries = 16; // another may take the free one first
        const vmm::UniqueFd control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
        const vmm::UniqueFd backing(::open(file.c_str(), O_RDWR | O_CLOEXEC));
        for (int i = 0; i < kTries && control.valid() && backing.valid(); ++i) {
            const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
            std::unique_ptr<LoopDevice> made(new LoopDevice("/dev/loop" + std::to_string(number)));
            if (number < 0 || !made->m_fd.valid())
                return nullptr;
            loop_config config{};
            config.fd = static_cast<uint32_t>(backing.get());
            config.block_size = options.blockSize;
            config.info.lo_flags = options.readOnly ? LO_FLAGS_READ_ONLY : 0;
            if (::ioctl(made->m_fd.get(), LOOP_CONFIGURE, &config) == 0) {
                made->m_attached = true;
                return made;
            }
            if (errno != EBUSY)
                return nullptr;
        }
        return nullptr;
    }
    ~LoopDevice()
    {
        if (m_attached)
            ::ioctl(m_fd.get(), LOOP_CLR_FD);
    }
    LoopDevice(const LoopDevice&) = delete;
    LoopDevice& operator=(const LoopDevice&) = delete;

    const std::string& path() const { return m_path; }
    /// Takes over the file's new size.
    bool measure() { return ::ioctl(m_fd.get(), LOOP_SET_CAPACITY) == 0; }

private:
    explicit LoopDevice(std::string path)
        : m_path(std::move(path)),
          m_fd(::open(m_path.c_str(), O_RDWR | O_CLOEXEC)) // else what it attaches is read-only
    {}
    std::string m_path;
    vmm::UniqueFd m_fd;
    bool m_attached = false;
};

} // namespace tests
