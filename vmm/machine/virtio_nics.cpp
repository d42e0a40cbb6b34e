// SPDX-License-Identifier: GPL-3.0-or-later
// Network cards and what they are plugged into.
#include "vmm/machine/virtio_set.h"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <fmt/core.h>

#include "vmm/net/nowhere.h"
#include "vmm/net/passt.h"
#include "vmm/net/tap.h"

namespace vmm::machine {

namespace {

constexpr uint8_t kFirstNic = 0x02;

/// "52:54:00:12:34:56".
Result<net::MacAddress> parseMac(const std::string& text)
{
    net::MacAddress mac{};
    bool good = text.size() == 17;
    for (size_t i = 0; good && i < mac.size(); ++i) {
        const char* digits = text.data() + 3 * i;
        const auto [end, status] = std::from_chars(digits, digits + 2, mac.at(i), 16);
        good = status == std::errc{} && end == digits + 2 && (i == 5 || *end == ':');
    }
    if (!good || (mac[0] & 1) != 0)
        return Error(ErrorCode::Invalid, fmt::format("{}: not the address of a card", text));
    return mac;
}

/// The caller's descriptors stay the caller's.
Result<std::vector<UniqueFd>> duplicates(const std::vector<int32_t>& taps)
{
    std::vector<UniqueFd> made;
    for (const int32_t tap : taps) {
        UniqueFd copy(::fcntl(tap, F_DUPFD_CLOEXEC, 0));
        if (!copy.valid())
            return Error::fromErrno(fmt::format("tap {}", tap), errno);
        made.push_back(std::move(copy));
    }
    return made;
}

/// A machine's name, which may hold anything a person types, as a host's (RFC 1123 section 2.1).
std::string hostNameFor(std::string name)
{
    constexpr size_t kMost = 63;
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    };
    for (char& c : name)
        c = fits(c) ? c : '-';
    name.resize(std::min(name.size(), kMost));
    name.erase(0, std::min(name.find_first_not_of('-'), name.size()));
    name.erase(name.find_last_not_of('-') + 1);
    return name;
}

std::string captureText(const net::CaptureStatus& status)
{
    if (status.problem)
        return *status.problem;
    return fmt::format("{}: {} frames, {} lost", status.path, status.frames, status.lost);
}

} // namespace

Result<std::unique_ptr<net::NetBackend>> VirtioSet::makeNat(const spec::NicSpec& nic,
                                                            Function& function) const
{
    net::NatSettings settings;
    settings.name = nic.id + " nat";
    settings.stack.hostname = hostNameFor(m_spec.name);
    settings.stack.restricted = nic.restricted;
    auto nat = TRY(net::Nat::create(*function.loop, settings));
    for (const std::string& rule : nic.forwards)
        if (const auto added = nat->addForward(TRY(net::Forward::parse(rule))); !added) {
            if (!restoring())
                return added.error();
            m_place.host.tellPerson(
                fmt::format("{} goes on without a forward: {}", nic.id, added.error().sentence()));
        }
    function.nat = nat.get();
    return std::unique_ptr<net::NetBackend>(std::move(nat));
}

/// A saved guest comes back, whatever became of the network it had.
Result<std::unique_ptr<net::NetBackend>> VirtioSet::makeNetworkAgain(const spec::NicSpec& nic,
                                                                     Function& function) const
{
    if (!restoring())
        return makeNetwork(nic, function);
    auto network = nic.kind == spec::NicKind::Tap && nic.taps.empty() && nic.tapInterface.empty()
                       ? Error(ErrorCode::NotFound, "the tap it had was another process's")
                       : makeNetwork(nic, function);
    if (network)
        return network;
    m_place.host.tellPerson(
        fmt::format("{} goes on unplugged: {}", nic.id, network.error().sentence()));
    return std::unique_ptr<net::NetBackend>(std::make_unique<net::Missing>());
}

Result<std::unique_ptr<net::NetBackend>> VirtioSet::makeNetwork(const spec::NicSpec& nic,
                                                                Function& function) const
{
    const auto gone = [&host = m_place.host, id = nic.id](const Error& reason) {
        host.tellPerson(fmt::format("{} has no network any more: {}", id, reason.sentence()));
    };
    switch (nic.kind) {
    case spec::NicKind::User:
        return makeNat(nic, function);
    case spec::NicKind::Tap:
        return std::unique_ptr<net::NetBackend>(TRY(net::Tap::create(
            *function.loop,
            nic.taps.empty() ? TRY(net::Tap::open(nic.tapInterface)) : TRY(duplicates(nic.taps)))));
    case spec::NicKind::Passt:
        return std::unique_ptr<net::NetBackend>(
            TRY(net::Passt::connect(*function.loop, nic.socketPath, gone)));
    case spec::NicKind::None:
        break;
    }
    return std::unique_ptr<net::NetBackend>(std::make_unique<net::Nowhere>());
}

Result<void> VirtioSet::addNic(const spec::NicSpec& nic)
{
    const auto before = std::count_if(m_functions.begin(), m_functions.end(), [](const auto& f) {
        return f->card != nullptr && f->slot == nullptr;
    });
    auto function = std::make_unique<Function>();
    function->id = nic.id;
    function->loop = TRY(EventLoop::create(nic.id.c_str()));
    function->network = std::make_unique<net::Capture>(
        *function->loop, TRY(makeNetworkAgain(nic, *function)), &m_place.network);
    if (!nic.capturePath.empty())
        TRY(function->network->startCapture(nic.capturePath));
    virtio::Net::Options options;
    options.name = nic.id;
    options.mac = nic.mac.empty() ? virtio::defaultMac(m_spec.name + " " + nic.id, 0)
                                  : TRY(parseMac(nic.mac));
    options.linkUp = nic.linkUp;
    auto card =
        std::make_unique<virtio::Net>(*function->loop, std::move(options), *function->network);
    function->card = card.get();
    const pci::PciBdf bdf{0, static_cast<uint8_t>(kFirstNic + before), 0};
    return place(std::move(function), std::move(card), bdf, nic.slot);
}

Result<VirtioFunction*> VirtioSet::findCard(const std::string& id)
{
    Function* function = TRY(find(id));
    if (function->card == nullptr)
        return Error(ErrorCode::Invalid, fmt::format("{} is not a network card", id));
    return function;
}

Result<VirtioFunction*> VirtioSet::findNat(const std::string& id)
{
    Function* function = TRY(findCard(id));
    if (function->nat == nullptr)
        return Error(ErrorCode::Invalid, fmt::format("{} is not on NAT", id));
    return function;
}

Result<std::string> VirtioSet::apply(const AttachNic& change)
{
    spec::MachineSpec wanted = m_spec;
    wanted.nics.push_back(change.nic);
    wanted.nics.back().slot = TRY(freeSlot());
    wanted.nameDevices();
    TRY(wanted.check());
    TRY(addNic(wanted.nics.back()));
    m_spec = std::move(wanted);
    if (m_running)
        resume();
    return m_spec.nics.back().id;
}

Result<std::string> VirtioSet::apply(const SetLink& change)
{
    Function* function = TRY(findCard(change.id));
    if (change.up && !function->network->carrier())
        return Error(ErrorCode::Unsupported, fmt::format("{} is plugged into nothing", change.id));
    function->card->setLink(change.up);
    for (spec::NicSpec& nic : m_spec.nics)
        if (nic.id == change.id)
            nic.linkUp = change.up;
    return std::string();
}

Result<std::string> VirtioSet::apply(const AddForward& change)
{
    const Function* function = TRY(findNat(change.id));
    return TRY(function->nat->addForward(TRY(net::Forward::parse(change.rule)))).text();
}

Result<std::string> VirtioSet::apply(const RemoveForward& change)
{
    const Function* function = TRY(findNat(change.id));
    TRY(function->nat->removeForward(TRY(net::Forward::parse(change.rule))));
    return std::string();
}

Result<std::string> VirtioSet::apply(const ListForwards& change)
{
    const Function* function = TRY(findNat(change.id));
    std::string text;
    for (const net::Forward& forward : function->nat->forwards())
        text += (text.empty() ? "" : "\n") + forward.text();
    return text;
}

/// Empty: the first card on NAT.
Result<VirtioFunction*> VirtioSet::findProbed(const std::string& id)
{
    if (!m_running)
        return Error(ErrorCode::Unsupported, "the guest is paused and answers nobody");
    if (!id.empty()) {
        Function* function = TRY(findCard(id));
        if (function->nat != nullptr)
            return function;
        return Error(ErrorCode::Unsupported,
                     fmt::format("{} is not on NAT: only there the guest can be asked", id));
    }
    for (const auto& function : m_functions)
        if (function->nat != nullptr)
            return function.get();
    return Error(ErrorCode::Unsupported,
                 "the machine has no network card on NAT: only there the guest can be asked");
}

void VirtioSet::listPorts(const std::string& id, HardwareCompletion done)
{
    const auto function = findProbed(id);
    if (!function)
        return done(function.error());
    (*function)->nat->askPorts(
        [&host = m_place.host, done = std::move(done)](const net::PortProbe::Answer& answer) {
            Result<std::string> text;
            if (!answer)
                text = answer.error();
            else
                for (const net::ListeningPort& port : *answer)
                    *text += (text->empty() ? "" : "\n") + port.text();
            host.runOnControl([done, text = std::move(text)] { done(text); });
        });
}

Result<std::string> VirtioSet::apply(const CaptureFrames& change)
{
    const Function* function = TRY(findCard(change.id));
    if (!change.path.empty()) {
        TRY(function->network->startCapture(change.path));
        return std::string();
    }
    const auto status = function->network->stopCapture();
    if (!status)
        return Error(ErrorCode::NotFound, fmt::format("nothing is captured at {}", change.id));
    return captureText(*status);
}

} // namespace vmm::machine
