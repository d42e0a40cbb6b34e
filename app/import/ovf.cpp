// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/import/ovf.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include <pugixml.hpp>

namespace app::import {

namespace {

using vmm::Error;
using vmm::ErrorCode;

constexpr size_t kMaxDisks = 16;
constexpr uint32_t kMaxCpus = 4096; // what the host allows is decided later
constexpr uint32_t kMaxNics = 16;
constexpr size_t kMaxWord = 200;

// CIM_ResourceAllocationSettingData.ResourceType, as DSP0243 section 8.1 uses it.
enum ResourceType : uint64_t {
    kProcessor = 3,
    kMemory = 4,
    kIdeController = 5,
    kScsiController = 6,
    kNic = 10,
    kDisk = 17,
    kSataController = 20, // "Other Storage Device"
};

Error invalid(std::string sentence)
{
    return {ErrorCode::Invalid, std::move(sentence)};
}

/// Prefixes are the author's choice: without them.
std::string_view local(std::string_view name)
{
    const size_t colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child(const pugi::xml_node& node, std::string_view name)
{
    return node.find_child([&](const pugi::xml_node& each) { return local(each.name()) == name; });
}

std::string_view attribute(const pugi::xml_node& node, std::string_view name)
{
    return node
        .find_attribute([&](const pugi::xml_attribute& each) { return local(each.name()) == name; })
        .value();
}

std::string_view trimmed(std::string_view text)
{
    constexpr std::string_view kBlank = " \t\r\n";
    const size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string_view textOf(const pugi::xml_node& node, std::string_view name)
{
    return trimmed(child(node, name).child_value());
}

/// Words for people: bounded, no control characters.
std::string shown(std::string_view text)
{
    std::string result(trimmed(text.substr(0, kMaxWord)));
    for (char& character : result)
        if (static_cast<unsigned char>(character) < 0x20 || character == 0x7f)
            character = ' ';
    // Not in the middle of a character of several bytes.
    while (text.size() > kMaxWord && !result.empty() && (result.back() & 0xc0) == 0x80)
        result.pop_back();
    if (text.size() > kMaxWord && !result.empty() && (result.back() & 0xc0) == 0xc0)
        result.pop_back();
    return result;
}

std::optional<uint64_t> number(std::string_view text)
{
    uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, failure] = std::from_chars(text.data(), end, value);
    return failure == std::errc{} && stopped == end ? std::optional(value) : std::nullopt;
}

/// `count` times `units`, or of `fallback` bytes each when none are named; nothing when it is
/// nonsense.
std::optional<uint64_t> amount(std::string_view count, std::string_view units, uint64_t fallback)
{
    const std::optional<uint64_t> value = number(count);
    const uint64_t each = units.empty() ? fallback : bytesPerUnit(units);
    if (!value || each == 0 || *value > UINT64_MAX / each)
        return std::nullopt;
    return *value * each;
}

/// A disk and where it is plugged in.
struct Plugged {
    Appliance::Disk disk;
    std::string id;
    std::tuple<unsigned, uint64_t, size_t, uint64_t, size_t> address;
};

/// Turns one envelope into an Appliance.
class OvfReader {
public:
    explicit OvfReader(const pugi::xml_node& envelope) : m_envelope(envelope) {}

    vmm::Result<Appliance> read();

private:
    vmm::Result<pugi::xml_node> findSystem() const;
    vmm::Result<void> readFiles();
    vmm::Result<void> readDisks();
    vmm::Result<void> readHardware(const pugi::xml_node& hardware);
    vmm::Result<void> readItem(const pugi::xml_node& item);
    vmm::Result<void> readMemory(const pugi::xml_node& item);
    void noteController(const pugi::xml_node& item, uint64_t type);
    vmm::Result<void> plug(const pugi::xml_node& item);
    vmm::Result<Appliance::Disk> fromFile(const std::string& id) const;
    void readSystem(const pugi::xml_node& system);
    bool applies(const pugi::xml_node& item) const;

    struct File {
        std::string name;
        bool compressed = false;
        std::string problem; ///< only when it is needed
    };
    struct Controller {
        unsigned kind = 0;
        uint64_t address = 0;
        size_t place = 0;
    };

    pugi::xml_node m_envelope;
    Appliance m_appliance;
    std::map<std::string, File, std::less<>> m_files;
    std::map<std::string, Appliance::Disk, std::less<>> m_disks;
    std::vector<std::string> m_diskOrder;
    std::map<std::string, Controller, std::less<>> m_controllers;
    std::vector<pugi::xml_node> m_diskItems; // once all controllers are known
    std::vector<Plugged> m_plugged;
    std::string_view m_configuration;
};

/// One machine; a collection of one is as good.
vmm::Result<pugi::xml_node> OvfReader::findSystem() const
{
    pugi::xml_node parent = m_envelope;
    for (int depth = 0; depth < 8; ++depth) {
        size_t machines = 0;
        pugi::xml_node found;
        for (const pugi::xml_node& each : parent.children()) {
            const std::string_view name = local(each.name());
            if (name == "VirtualSystem" || name == "VirtualSystemCollection") {
                ++machines;
                found = each;
            }
        }
        if (machines > 1)
            return invalid("it holds several machines, and only one can be opened at a time");
        if (machines == 0)
            break;
        if (local(found.name()) == "VirtualSystem")
            return found;
        parent = found;
    }
    return invalid("it describes no machine");
}

vmm::Result<void> OvfReader::readFiles()
{
    for (const pugi::xml_node& file : child(m_envelope, "References").children()) {
        if (local(file.name()) != "File")
            continue;
        File facts;
        facts.name = attribute(file, "href");
        const std::string_view compression = attribute(file, "compression");
        facts.compressed = compression == "gzip";
        if (!isPlainName(facts.name))
            facts.problem = "it refers to a file in another place: " + shown(facts.name);
        else if (!attribute(file, "chunkSize").empty())
            facts.problem = shown(facts.name) + " is cut into chunks, which is not supported";
        else if (!compression.empty() && !facts.compressed && compression != "identity")
            facts.problem = shown(facts.name) + " is compressed in an unknown way";
        m_files.emplace(attribute(file, "id"), std::move(facts));
    }
    return {};
}

vmm::Result<Appliance::Disk> OvfReader::fromFile(const std::string& id) const
{
    const auto file = m_files.find(id);
    if (file == m_files.end())
        return invalid("it names a disk whose file is not listed: " + shown(id));
    if (!file->second.problem.empty())
        return invalid(file->second.problem);
    return Appliance::Disk{file->second.name, 0, file->second.compressed};
}

vmm::Result<void> OvfReader::readDisks()
{
    for (const pugi::xml_node& disk : child(m_envelope, "DiskSection").children()) {
        if (local(disk.name()) != "Disk")
            continue;
        const std::string id(attribute(disk, "diskId"));
        if (!attribute(disk, "parentRef").empty())
            return invalid("its disk " + shown(id) + " holds only changes to another one");
        Appliance::Disk facts;
        if (const std::string_view file = attribute(disk, "fileRef"); !file.empty())
            facts = TRY(fromFile(std::string(file)));
        const std::optional<uint64_t> capacity =
            amount(attribute(disk, "capacity"), attribute(disk, "capacityAllocationUnits"), 1);
        if (!capacity && facts.file.empty())
            return invalid("the size of its disk " + shown(id) + " makes no sense");
        facts.capacityBytes = capacity.value_or(0);
        if (m_disks.emplace(id, std::move(facts)).second)
            m_diskOrder.push_back(id);
    }
    return {};
}

/// Section 9.8: items of another configuration than the one that holds by default.
bool OvfReader::applies(const pugi::xml_node& item) const
{
    std::string_view wanted = attribute(item, "configuration");
    if (wanted.empty())
        return true;
    while (!wanted.empty()) {
        const size_t end = std::min(wanted.find(' '), wanted.size());
        if (wanted.substr(0, end) == m_configuration)
            return true;
        wanted.remove_prefix(std::min(end + 1, wanted.size()));
    }
    return false;
}

vmm::Result<void> OvfReader::readMemory(const pugi::xml_node& item)
{
    constexpr uint64_t kMegabyte = uint64_t{1} << 20;
    const std::optional<uint64_t> bytes =
        amount(textOf(item, "VirtualQuantity"), textOf(item, "AllocationUnits"), kMegabyte);
    if (!bytes)
        return invalid("the amount of its memory makes no sense");
    m_appliance.memoryBytes = *bytes;
    return {};
}

void OvfReader::noteController(const pugi::xml_node& item, uint64_t type)
{
    // In the order in which firmware of a PC looks for something to start.
    unsigned kind = 3;
    if (type == kIdeController)
        kind = 0;
    else if (type == kSataController)
        kind = 1;
    else if (type == kScsiController)
        kind = 2;
    m_controllers.emplace(
        textOf(item, "InstanceID"),
        Controller{kind, number(textOf(item, "Address")).value_or(0), m_controllers.size()});
}

vmm::Result<void> OvfReader::readItem(const pugi::xml_node& item)
{
    const uint64_t type = number(textOf(item, "ResourceType")).value_or(0);
    switch (type) {
    case kProcessor:
        m_appliance.cpus = static_cast<uint32_t>(
            std::min<uint64_t>(number(textOf(item, "VirtualQuantity")).value_or(1), kMaxCpus));
        return {};
    case kMemory:
        return readMemory(item);
    case kNic:
        m_appliance.nics = std::min(m_appliance.nics + 1, kMaxNics);
        return {};
    case kDisk:
        m_diskItems.push_back(item);
        return {};
    default:
        noteController(item, type);
        return {};
    }
}

/// HostResource is "ovf:/disk/ID" or "ovf:/file/ID" (section 8.4.2), in old files "/disk/ID".
vmm::Result<void> OvfReader::plug(const pugi::xml_node& item)
{
    std::string_view resource = textOf(item, "HostResource");
    if (resource.starts_with("ovf:"))
        resource.remove_prefix(4);
    Plugged plugged;
    if (resource.starts_with("/disk/")) {
        const auto disk = m_disks.find(resource.substr(6));
        if (disk == m_disks.end())
            return invalid("it uses a disk that it does not describe: " + shown(resource));
        plugged.disk = disk->second;
    } else if (resource.starts_with("/file/")) {
        plugged.disk = TRY(fromFile(std::string(resource.substr(6))));
    } else {
        return {}; // a drive of the host it was made on
    }
    plugged.id = resource;
    const auto found = m_controllers.find(textOf(item, "Parent"));
    const Controller controller =
        found == m_controllers.end() ? Controller{4, 0, 0} : found->second;
    plugged.address = {controller.kind, controller.address, controller.place,
                       number(textOf(item, "AddressOnParent")).value_or(UINT64_MAX),
                       m_plugged.size()};
    const bool known = std::any_of(m_plugged.begin(), m_plugged.end(),
                                   [&](const Plugged& each) { return each.id == plugged.id; });
    if (!known)
        m_plugged.push_back(std::move(plugged));
    return {};
}

vmm::Result<void> OvfReader::readHardware(const pugi::xml_node& hardware)
{
    for (const pugi::xml_node& item : hardware.children()) {
        const std::string_view name = local(item.name());
        if ((name == "Item" || name == "StorageItem" || name == "EthernetPortItem") &&
            applies(item))
            TRY(readItem(item));
        // VMware: <vmw:Config vmw:key="firmware" vmw:value="efi"/>
        if (name == "Config" && attribute(item, "key") == "firmware")
            m_appliance.uefi = attribute(item, "value") == "efi";
    }
    for (const pugi::xml_node& item : m_diskItems)
        TRY(plug(item));
    return {};
}

void OvfReader::readSystem(const pugi::xml_node& system)
{
    m_appliance.name = shown(textOf(system, "Name"));
    if (m_appliance.name.empty())
        m_appliance.name = shown(attribute(system, "id"));
    const pugi::xml_node os = child(system, "OperatingSystemSection");
    for (const std::string_view hint :
         {textOf(os, "Description"), textOf(os, "OSType"), attribute(os, "osType")})
        if (m_appliance.osHint.empty())
            m_appliance.osHint = shown(hint);
    // VirtualBox: <vbox:Machine><Hardware><Firmware type="EFI"/>
    const pugi::xml_node firmware = child(child(child(system, "Machine"), "Hardware"), "Firmware");
    if (attribute(firmware, "type").starts_with("EFI"))
        m_appliance.uefi = true;
}

vmm::Result<Appliance> OvfReader::read()
{
    const pugi::xml_node system = TRY(findSystem());
    for (const pugi::xml_node& option : child(m_envelope, "DeploymentOptionSection").children())
        if (local(option.name()) == "Configuration" &&
            (m_configuration.empty() || attribute(option, "default") == "true"))
            m_configuration = attribute(option, "id");
    TRY(readFiles());
    TRY(readDisks());
    readSystem(system);
    TRY(readHardware(child(system, "VirtualHardwareSection")));
    std::sort(m_plugged.begin(), m_plugged.end(),
              [](const Plugged& a, const Plugged& b) { return a.address < b.address; });
    for (Plugged& plugged : m_plugged)
        m_appliance.disks.push_back(std::move(plugged.disk));
    if (m_plugged.empty()) // described, but plugged in nowhere
        for (const std::string& id : m_diskOrder)
            m_appliance.disks.push_back(m_disks[id]);
    if (m_appliance.disks.size() > kMaxDisks)
        return invalid("it has more than " + std::to_string(kMaxDisks) + " disks");
    return std::move(m_appliance);
}

} // namespace

bool isPlainName(std::string_view name)
{
    return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
           std::none_of(name.begin(), name.end(), [](char character) {
               const auto code = static_cast<unsigned char>(character);
               return code < 0x20 || code == 0x7f || character == '/' || character == '\\';
           });
}

vmm::Result<Appliance> parseOvf(std::string_view xml)
{
    if (xml.size() > kMaxOvfBytes)
        return invalid("its description is too long");
    pugi::xml_document document;
    // The document type is kept as one node of text, to be refused; pugixml expands nothing but
    // the five entities XML has by itself, and character references.
    const pugi::xml_parse_result outcome =
        document.load_buffer(xml.data(), xml.size(), pugi::parse_default | pugi::parse_doctype);
    if (!outcome)
        return invalid(std::string("its description is not XML: ") + outcome.description());
    for (const pugi::xml_node& node : document.children())
        if (node.type() == pugi::node_doctype)
            return invalid("its description declares a document type, which none needs");
    const pugi::xml_node envelope = child(document, "Envelope");
    if (envelope.empty())
        return invalid("its description is not that of an appliance");
    return OvfReader(envelope).read();
}

} // namespace app::import
