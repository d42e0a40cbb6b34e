// SPDX-License-Identifier: GPL-3.0-or-later
// A PCI function's configuration space, BARs and interrupts. PCI Local Bus 3.0 section 6; PCI
// Express Base 4.0 section 7.5.3.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vmm/base/mutex.h"
#include "vmm/base/result.h"
#include "vmm/base/unique_fd.h"
#include "vmm/bus/bus.h"
#include "vmm/bus/handlers.h"
#include "vmm/memory/guest_memory.h"
#include "vmm/memory/memory_map.h"
#include "vmm/pci/pci_express.h"
#include "vmm/pci/pci_ids.h"
#include "vmm/state/state.h"

namespace vmm::pci {

/// Where a function sits: bus, device (0-31), function (0-7).
struct PciBdf {
    uint8_t bus = 0;
    uint8_t device = 0;
    uint8_t function = 0;
    constexpr uint8_t devfn() const { return static_cast<uint8_t>(device << 3 | function); }
    constexpr auto operator<=>(const PciBdf&) const = default;
};

class PciBridge;

/// What configuration accesses reach. vCPU threads, concurrently. Offsets below 4096, an access
/// never crosses a dword.
class PciFunction {
public:
    virtual ~PciFunction() = default;
    virtual uint32_t readConfig(uint16_t offset, unsigned size) = 0;
    virtual void writeConfig(uint16_t offset, uint32_t value, unsigned size) = 0;
    /// The bridge that this function is; null for all others.
    virtual PciBridge* bridge() { return nullptr; }
    /// What lies between the function and the host bridge may let other addresses through now. Any
    /// thread.
    virtual void upstreamChanged() {}
};

enum class PciSpace : uint8_t { Io, Memory };

/// The bridges between a function and the host bridge. Any thread, with the function's
/// configuration lock held; locks are taken upwards only.
class PciUpstream {
public:
    virtual ~PciUpstream() = default;
    /// Do accesses to the whole of [base, base + size) come down to the function?
    virtual bool passes(PciSpace space, uint64_t base, uint64_t size) const = 0;
};

/// Where a memory BAR can be placed.
enum class BarPlace : uint8_t {
    Below4G,
    Anywhere, ///< 64 bits, takes two BARs; prefetchable, so that it fits behind bridges
};

/// What a PCI device is handed by the board. All of it outlives the device.
struct PciServices {
    bus::PioBus& pio;
    bus::MmioBus& mmio;
    memory::MemoryMap& map;
    memory::GuestMemory& memory;
    bus::InterruptController& interrupts;
    bus::Doorbells* doorbells = nullptr; ///< null: the backend has none
};

/// The fixed part of a header.
struct PciIdentity {
    uint16_t vendor = 0;
    uint16_t device = 0;
    uint32_t classCode = 0; ///< 24 bits: base class, sub-class, programming interface
    uint8_t revision = 0;
    uint16_t subsystemVendor =
        0x1af4; ///< 1af4:1100, what firmware takes for "this is a virtual machine"
    uint16_t subsystem = 0x1100;
    uint8_t interruptPin = 0; ///< 0 none, 1 INTA#
    uint8_t headerType = 0;   ///< bit 7: more functions in this device; bits 6:0 the layout
};

/// What the guest can change of a configuration space: part of the state of each PCI device.
/// Left out: read-only bytes (made by the constructor) and where BARs are mapped (follows from the
/// bytes).
struct PciConfigState {
    std::array<uint8_t, kConfigSize> config{};
    bool intx = false;
    template <class A>
    void visit(A& a)
    {
        a.field("config", config).field("intx", intx);
    }
};

/// A PCI function; bridges derive from PciBridge. Owns its configuration bytes and the mappings its
/// BARs ask for. Thread: configuration from vCPU threads under a lock of its own; setIntx/sendMsi
/// from any thread, without the device's lock held. `name` is the device's in statistics and
/// states.
class PciDevice : public PciFunction {
public:
    PciDevice(std::string name, const PciServices& services, const PciIdentity& identity);
    ~PciDevice() override;
    PciDevice(const PciDevice&) = delete;
    PciDevice& operator=(const PciDevice&) = delete;

    uint32_t readConfig(uint16_t offset, unsigned size) override;
    void writeConfig(uint16_t offset, uint32_t value, unsigned size) override;

    /// Without a line INTx goes nowhere. On bus 0 given by the board before the machine runs, else
    /// by the bridge.
    void connectIntx(bus::IrqLine& line);
    /// The line is low and not touched any more when this returns.
    void disconnectIntx();
    /// The function sits behind bridges from now on; until then it is on bus 0. Before the guest
    /// can see it.
    void connectUpstream(const PciUpstream& upstream);
    /// The function was taken out: its BARs answer nowhere, `upstream` is not used any more.
    void disconnectUpstream();
    void upstreamChanged() override;
    /// Where its memory BARs answer now, but those vCPUs reach directly. Any thread.
    struct Place {
        uint64_t base = 0;
        uint64_t size = 0;
    };
    std::vector<Place> mmioPlaces() const;
    const std::string& name() const { return m_name; }

protected:
    /// Declares BAR `index`; sizes are powers of two (memory >= 16, io >= 4). Handlers and host
    /// memory must live as long as the device.
    void addMmioBar(unsigned index, uint64_t size, bus::MmioHandler& handler, unsigned maxWidth = 8,
                    BarPlace place = BarPlace::Below4G);
    void addIoBar(unsigned index, uint32_t size, bus::PioHandler& handler, unsigned maxWidth = 4);
    /// Memory vCPUs reach directly, prefetchable, with dirty log. At least one page.
    void addRamBar(unsigned index, uint64_t size, std::byte* host,
                   BarPlace place = BarPlace::Below4G);
    /// The expansion ROM: copied, rounded up to a power of two.
    Result<void> addRom(std::span<const std::byte> image);
    /// One-vector MSI capability (64-bit) at `offset`; sendMsi() uses it.
    Result<void> addMsi(uint8_t offset);
    /// A capability's bytes (id first; the next pointer is filled in) and which of its bits the
    /// guest may write.
    void addCapability(uint8_t offset, std::span<const uint8_t> bytes,
                       std::span<const uint8_t> writable);
    /// Makes an endpoint a PCI Express function: the capability (kExpressSize bytes) at `offset`,
    /// of an integrated one on bus 0 and one with a link elsewhere, and the extended configuration
    /// space, which has no capabilities.
    void addExpress(uint8_t offset);
    /// The same with a capability of the device's own.
    void addExpress(uint8_t offset, const ExpressCapability& capability);
    /// Device-specific configuration bytes: reset value and writable bits, `size` 1, 2 or 4.
    void defineConfig(uint16_t offset, unsigned size, uint32_t reset, uint32_t writable);

    /// Current bytes, for device-specific registers. Takes the configuration lock.
    uint32_t config(uint16_t offset, unsigned size) const;
    /// Sets bytes past the write mask (hardware side). Takes the configuration lock.
    void setConfig(uint16_t offset, uint32_t value, unsigned size);
    /// Called on the vCPU thread after a guest write took effect, without a lock held.
    virtual void configWritten(uint16_t offset, unsigned size);
    /// BAR `index` (6: the ROM) answers at `base` from now on, or nowhere. Called on the thread
    /// that made it so (a vCPU's, or the one that resets or loads), without the configuration lock;
    /// calls of one device come one at a time, and the last one says how it is. May read config(),
    /// not change it. Not called by the destructor: a derived class undoes in its own what it did
    /// here.
    virtual void barMoved(unsigned index, std::optional<uint64_t> base);

    /// Drives INTx: publish under the device's lock, deliver after it (see bus::LevelIrq).
    void publishIntx(bool level) { m_intxLevel.store(level, std::memory_order_release); }
    void deliverIntx();
    bool msiEnabled() const { return m_msiEnabled.load(std::memory_order_acquire); }
    /// Sends the MSI when the guest enabled it. True when it did.
    bool sendMsi();
    /// May the device reach memory (bus master)?
    bool busMaster() const { return m_busMaster.load(std::memory_order_acquire); }

    /// As PciUpstream::passes(), for the bus this function sits on. Without the configuration lock.
    bool upstreamPasses(PciSpace space, uint64_t base, uint64_t size) const;

    void resetConfig();
    PciConfigState saveConfig() const;
    /// Applies the writable bits only, then maps BARs as they say.
    Result<void> loadConfig(const PciConfigState& state);

    const PciServices m_services;

private:
    enum class BarKind { None, Mmio, Io, Ram, Rom };
    struct Bar {
        BarKind kind = BarKind::None;
        BarPlace place = BarPlace::Below4G;
        uint64_t size = 0;
        unsigned maxWidth = 8;
        bus::MmioHandler* mmio = nullptr;
        bus::PioHandler* pio = nullptr;
        std::byte* host = nullptr;
        std::optional<uint64_t> mapped;
        std::unique_ptr<bus::Registration> registration;
    };
    static constexpr unsigned kRomIndex = 6;
    static uint16_t barOffset(unsigned index);

    uint8_t layout() const { return m_reset[kHeaderType] & 0x7f; }
    void setExpressTypeLocked(ExpressType type) REQUIRES(m_mutex);
    void refreshAndTell();
    uint64_t barBaseLocked(unsigned index) const REQUIRES(m_mutex);
    uint32_t loadLocked(uint16_t offset, unsigned size) const REQUIRES(m_mutex);
    void storeLocked(uint16_t offset, uint32_t value, unsigned size) REQUIRES(m_mutex);
    void declareBar(unsigned index, Bar bar, uint32_t typeBits);
    bool refreshLocked() REQUIRES(m_mutex);
    std::optional<uint64_t> wantedBaseLocked(unsigned index) const REQUIRES(m_mutex);
    bool placeBarLocked(unsigned index) REQUIRES(m_mutex);
    void mapBarLocked(unsigned index, uint64_t base) REQUIRES(m_mutex);
    void unmapBarLocked(unsigned index) REQUIRES(m_mutex);
    std::string barName(unsigned index) const;
    bool intxWanted() const;
    void tellBarMoves();

    const std::string m_name;
    mutable Mutex m_mutex;
    std::array<uint8_t, kConfigSize> m_config GUARDED_BY(m_mutex){};
    std::array<uint8_t, kConfigSize> m_reset{};
    std::array<uint8_t, kConfigSize> m_writable{};
    uint8_t m_lastCapability = 0;
    std::array<Bar, 7> m_bars GUARDED_BY(m_mutex);
    Mutex m_toldMutex;                                                     // taken before m_mutex
    std::array<std::optional<uint64_t>, 7> m_told GUARDED_BY(m_toldMutex); // to barMoved()
    MappedRegion m_rom;
    uint8_t m_msiOffset = 0;
    uint8_t m_expressOffset = 0; // 0: a conventional function
    bool m_followsPlace = false; // the capability says where the function sits
    const PciUpstream* m_upstream GUARDED_BY(m_mutex) = nullptr; // null on bus 0
    bool m_takenOut GUARDED_BY(m_mutex) = false;
    std::unique_ptr<bus::MsiVector> m_msi;
    std::atomic<bool> m_msiEnabled{false};
    std::atomic<bool> m_busMaster{false};
    std::atomic<bool> m_intxDisabled{false};
    std::atomic<bool> m_intxLevel{false};
    Mutex m_intxMutex;
    bus::IrqLine* m_intxLine GUARDED_BY(m_intxMutex) = nullptr;
    bool m_intxSent GUARDED_BY(m_intxMutex) = false;
};

} // namespace vmm::pci
