// SPDX-License-Identifier: GPL-3.0-or-later
// MachineClient: a running machine seen from another process, over the session bus.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vmm/base/result.h"

struct sd_bus;
struct sd_bus_message;

namespace app::cli {

/// What `vitrine ctl NAME status` tells.
struct MachineStatus {
    std::string name;
    std::string state;
    std::string medium;
    std::string serialPty;
    std::vector<std::pair<std::string, std::string>> consolePtys; ///< port and path
    uint32_t cpus = 0;
    uint64_t memoryBytes = 0;
};

/// One device and its registers, as text.
struct DeviceListing {
    std::string name;
    std::vector<std::pair<std::string, std::string>> registers;
};

/// A connection to the session bus. One thread; every call waits for its answer. Errors are the
/// machine's own sentences, or say that no such machine runs.
class SessionBus {
public:
    static vmm::Result<SessionBus> open();
    SessionBus(SessionBus&& other) noexcept : m_bus(std::exchange(other.m_bus, nullptr)) {}
    SessionBus& operator=(SessionBus&&) = delete;
    ~SessionBus();

    /// Names of the machines on the bus, sorted.
    vmm::Result<std::vector<std::string>> machines() const;

    vmm::Result<MachineStatus> status(const std::string& machine) const;
    /// Calls a method without arguments, or with one string, that answers nothing.
    vmm::Result<void> call(const std::string& machine, const char* method) const;
    vmm::Result<void> call(const std::string& machine, const char* method,
                           const std::string& argument) const;
    /// Calls a method that takes strings and answers one.
    vmm::Result<std::string> ask(const std::string& machine, const char* method,
                                 const std::vector<std::string>& arguments) const;
    vmm::Result<void> mouse(const std::string& machine, int x, int y,
                            const std::string& button) const;
    vmm::Result<std::string> screenText(const std::string& machine) const;
    vmm::Result<std::vector<DeviceListing>> devices(const std::string& machine) const;
    vmm::Result<std::vector<std::pair<std::string, uint64_t>>>
    counters(const std::string& machine) const;

private:
    struct Unref {
        void operator()(sd_bus_message* message) const;
    };
    using Message = std::unique_ptr<sd_bus_message, Unref>;

    explicit SessionBus(sd_bus* bus) : m_bus(bus) {}
    vmm::Result<Message> request(const std::string& machine, const char* interface,
                                 const char* method) const;
    vmm::Result<Message> requestWith(const std::string& machine, const char* method,
                                     const std::vector<std::string>& arguments) const;
    vmm::Result<Message> send(const std::string& machine, const Message& request) const;

    sd_bus* m_bus = nullptr;
};

} // namespace app::cli
