// SPDX-License-Identifier: GPL-3.0-or-later
// What this computer can do: /dev/kvm (Linux Documentation/virt/kvm/api.rst section 4.1), displays.
#include "app/host/host_checks.h"

#include <cerrno>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/ioctl.h>

#include "vmm/base/unique_fd.h"

namespace app::host {

namespace {

// KVM_GET_API_VERSION; written out because only vmm/kvm may include <linux/kvm.h>. The answer has
// been 12 since Linux 2.6.22 and will stay so.
constexpr unsigned long kGetApiVersion = _IO(0xAE, 0x00);
constexpr int kApiVersion = 12;

vmm::Error explainOpen(const std::string& device, int number)
{
    switch (number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return {vmm::ErrorCode::Unsupported,
                device + " is missing: turn on virtualization in the firmware setup of this "
                         "computer, or load the module kvm_intel or kvm_amd"};
    case EACCES:
    case EPERM:
        return {vmm::ErrorCode::Permission,
                "no permission on " + device +
                    ": add yourself to the group kvm (sudo usermod -aG kvm $USER) and log in "
                    "again"};
    case EBUSY:
        return {vmm::ErrorCode::Busy, device + " is busy: another virtualization program has "
                                               "taken the processor for itself"};
    default:
        return vmm::Error::fromErrno(device, number);
    }
}

bool isSet(const char* variable)
{
    const char* value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

} // namespace

vmm::Result<void> checkKvm(const char* device)
{
    const vmm::UniqueFd kvm(::open(device, O_RDWR | O_CLOEXEC));
    if (!kvm.valid())
        return explainOpen(device, errno);
    if (::ioctl(kvm.get(), kGetApiVersion, 0) != kApiVersion)
        return vmm::Error(vmm::ErrorCode::Unsupported,
                          std::string(device) + " is not a KVM device Vitrine can use");
    return {};
}

vmm::Result<void> checkDisplay()
{
    if (isSet("WAYLAND_DISPLAY") || isSet("WAYLAND_SOCKET") || isSet("DISPLAY") ||
        isSet("QT_QPA_PLATFORM"))
        return {};
    return vmm::Error(vmm::ErrorCode::Unsupported,
                      "there is no display to open a window on: use --headless, or start Vitrine "
                      "in a desktop session");
}

} // namespace app::host
