// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/gdb/server.h"

#include <algorithm>
#include <fmt/format.h>

#include "vmm/gdb/registers.h"

namespace vmm::gdb {

namespace {

constexpr std::string_view kOk = "OK";
constexpr std::string_view kWrong = "E16"; // the numbers mean nothing to GDB; these are errno's
constexpr std::string_view kNoThread = "E03";
constexpr std::string_view kFull = "E1c";

std::string text(std::string_view constant)
{
    return std::string(constant);
}

} // namespace

std::string Server::receive(std::string_view bytes)
{
    std::string answer;
    for (const char byte : bytes) {
        if (m_over)
            break;
        const auto kind = m_reader.take(byte);
        if (!kind)
            continue;
        if (*kind == PacketReader::Kind::Packet) {
            if (m_acknowledge)
                answer += '+';
            answer += dispatch(m_reader.payload());
        } else if (*kind == PacketReader::Kind::Broken) {
            if (m_acknowledge)
                answer += '-';
        } else if (*kind == PacketReader::Kind::Resend) {
            answer += m_acknowledge ? m_last : std::string();
        } else if (m_running) {
            m_target.stop();
            answer += halted(Signal::Interrupt);
        }
    }
    return answer;
}

std::string Server::report(std::string reply)
{
    m_last = packetOf(reply);
    return m_last;
}

std::string Server::stopped(unsigned cpu, const cpu::DebugHit& hit)
{
    m_running = false;
    m_cpu = m_stoppedCpu = cpu;
    std::string reason;
    if (hit.kind == cpu::DebugHit::Kind::Watchpoint) {
        const auto& all = m_points.watchpoints;
        const auto watch = std::find_if(all.begin(), all.end(), [&](const auto& candidate) {
            return candidate.address == hit.address;
        });
        const bool reads = watch != all.end() && watch->onRead;
        const bool writes = watch == all.end() || watch->onWrite;
        reason = fmt::format("{}:{:x};",
                             !reads   ? "watch"
                             : writes ? "awatch"
                                      : "rwatch",
                             hit.address);
    } else if (hit.kind == cpu::DebugHit::Kind::Breakpoint && m_knowsReasons) {
        reason = "swbreak:;";
    }
    m_stop = fmt::format("T05thread:{:x};{}", cpu + 1, reason);
    return report(m_stop);
}

std::string Server::halted(Signal signal)
{
    m_running = false;
    m_stop = fmt::format("T{:02x}thread:{:x};", static_cast<int>(signal), m_cpu + 1);
    return report(m_stop);
}

void Server::resumed()
{
    static_cast<void>(watchAll().has_value()); // without single steps
    m_running = true;
}

std::string Server::ended()
{
    m_over = true;
    return report("W00");
}

void Server::detach()
{
    if (m_over)
        return;
    m_over = true;
    if (m_running)
        m_target.stop();
    for (unsigned cpu = 0; cpu < m_target.cpus(); ++cpu)
        static_cast<void>(m_target.setDebug(cpu, {}).has_value()); // nothing is always possible
    m_target.resume(std::vector<bool>(m_target.cpus(), true));
}

std::string Server::dispatch(std::string_view packet)
{
    if (packet.empty())
        return report({});
    const char command = packet.front();
    const std::string_view rest = packet.substr(1);
    if (command == 'k' || (command == 'v' && rest.starts_with("Kill"))) {
        m_over = true;
        m_target.powerOff();
        return command == 'k' ? std::string() : report(text(kOk));
    }
    if (command == 'D') {
        detach();
        return report(text(kOk));
    }
    if (m_running) // a debugger waits for the stop; nothing else makes sense
        return report(text(kWrong));
    switch (command) {
    case 'v':
        return vPacket(rest);
    case 's':
    case 'c':
    case 'S':
    case 'C':
        return resumeOld(command, rest);
    default:
        return report(general(packet));
    }
}

/// Everything that is answered at once.
std::string Server::general(std::string_view packet)
{
    const char command = packet.front();
    const std::string_view rest = packet.substr(1);
    switch (command) {
    case '?':
        return m_stop;
    case 'g':
    case 'G':
    case 'p':
    case 'P':
        return registers(command, rest);
    case 'm':
    case 'M':
    case 'X':
        return memory(command, rest);
    case 'q':
        return query(rest);
    case 'Q':
        return set(rest);
    case 'H':
        return select(rest);
    case 'T': {
        std::string_view thread = rest;
        return text(cpuOf(thread) ? kOk : kNoThread);
    }
    case 'Z':
    case 'z':
        return point(command, rest);
    default:
        return {};
    }
}

// --- threads ---

std::optional<unsigned> Server::cpuOf(std::string_view& thread) const
{
    if (takePrefix(thread, "-1"))
        return m_cpu;
    const auto number = takeNumber(thread);
    if (!number || *number > m_target.cpus())
        return std::nullopt;
    return *number == 0 ? m_cpu : static_cast<unsigned>(*number - 1);
}

std::string Server::select(std::string_view rest)
{
    if (rest.empty())
        return text(kWrong);
    const bool forRegisters = rest.front() == 'g';
    std::string_view thread = rest.substr(1);
    const auto cpu = cpuOf(thread);
    if (!cpu)
        return text(kNoThread);
    if (forRegisters)
        m_cpu = *cpu;
    return text(kOk);
}

std::string Server::threads() const
{
    std::string list = "m";
    for (unsigned cpu = 0; cpu < m_target.cpus(); ++cpu)
        list += fmt::format("{}{:x}", cpu == 0 ? "" : ",", cpu + 1);
    return list;
}

std::string Server::threadInfo(std::string_view rest)
{
    const auto cpu = cpuOf(rest);
    if (!cpu)
        return text(kNoThread);
    const auto state = m_target.readState(*cpu);
    const bool sleeps = state && state->activity != cpu::Activity::Running;
    return toHex(fmt::format("CPU {} [{}]", *cpu, sleeps ? "sleeps" : "runs"));
}

// --- queries ---

std::string Server::query(std::string_view rest)
{
    if (takePrefix(rest, "Supported")) {
        m_knowsReasons = rest.find("swbreak+") != std::string_view::npos;
        return fmt::format("PacketSize={:x};QStartNoAckMode+;qXfer:features:read+;"
                           "vContSupported+;swbreak+;hwbreak+",
                           kMaxPayload);
    }
    if (takePrefix(rest, "Xfer:features:read:target.xml:"))
        return features(rest);
    if (rest == "fThreadInfo")
        return threads();
    if (rest == "sThreadInfo")
        return "l";
    if (takePrefix(rest, "ThreadExtraInfo,"))
        return threadInfo(rest);
    if (rest == "C")
        return fmt::format("QC{:x}", m_cpu + 1);
    if (rest == "Attached" || rest.starts_with("Attached:"))
        return "1";
    if (rest == "qemu.PhyMemMode")
        return m_physicalMode ? "1" : "0";
    if (takePrefix(rest, "Rcmd,"))
        return command(rest);
    return {};
}

std::string Server::set(std::string_view rest)
{
    if (rest == "StartNoAckMode") {
        m_acknowledge = false;
        return text(kOk);
    }
    if (takePrefix(rest, "qemu.PhyMemMode:")) {
        const auto mode = takeNumber(rest);
        if (!mode)
            return text(kWrong);
        m_physicalMode = *mode != 0;
        return text(kOk);
    }
    return {};
}

std::string Server::features(std::string_view rest)
{
    const auto offset = takeNumber(rest);
    if (!offset || !takePrefix(rest, ","))
        return text(kWrong);
    const auto size = takeNumber(rest);
    const std::string& all = targetXml();
    if (!size || *offset > all.size())
        return text(kWrong);
    const uint64_t most = std::min<uint64_t>(*size, kMaxPayload / 2);
    const std::string part = all.substr(*offset, most);
    return (*offset + part.size() == all.size() ? "l" : "m") + part;
}

/// "monitor TEXT": which addresses memory is read by.
std::string Server::command(std::string_view hex)
{
    const auto bytes = fromHex(hex);
    if (!bytes)
        return text(kWrong);
    const std::string typed(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    if (typed == "phys on" || typed == "phys off") {
        m_physicalMode = typed == "phys on";
        return text(kOk);
    }
    return toHex("phys on: memory by physical address; phys off: by virtual address\n");
}

// --- registers ---

std::string Server::registers(char command, std::string_view rest)
{
    switch (command) {
    case 'g':
        return readAll();
    case 'G':
        return writeAll(rest);
    case 'p':
        return readOne(rest);
    default:
        return writeOne(rest);
    }
}

std::string Server::readAll()
{
    const auto state = m_target.readState(m_cpu);
    if (!state)
        return text(kWrong);
    std::string all;
    for (size_t i = 0; i < registerCount(); ++i)
        all += toHex(readRegister(*state, i));
    return all;
}

std::string Server::writeAll(std::string_view hex)
{
    const auto bytes = fromHex(hex);
    auto state = m_target.readState(m_cpu);
    if (!bytes || !state)
        return text(kWrong);
    std::span<const std::byte> left(*bytes);
    for (size_t i = 0; i < registerCount() && !left.empty(); ++i) {
        const size_t size = registerSize(i);
        if (left.size() < size || !writeRegister(*state, i, left.first(size)))
            return text(kWrong);
        left = left.subspan(size);
    }
    return text(left.empty() && m_target.writeState(m_cpu, *state) ? kOk : kWrong);
}

std::string Server::readOne(std::string_view rest)
{
    const auto number = takeNumber(rest);
    if (!number || *number >= registerCount())
        return text(kWrong);
    const auto state = m_target.readState(m_cpu);
    return state ? toHex(readRegister(*state, *number)) : text(kWrong);
}

std::string Server::writeOne(std::string_view rest)
{
    const auto number = takeNumber(rest);
    if (!number || *number >= registerCount() || !takePrefix(rest, "="))
        return text(kWrong);
    const auto bytes = fromHex(rest);
    auto state = m_target.readState(m_cpu);
    const bool done = bytes && state && writeRegister(*state, *number, *bytes) &&
                      m_target.writeState(m_cpu, *state);
    return text(done ? kOk : kWrong);
}

// --- break- and watchpoints ---

std::string Server::point(char command, std::string_view rest)
{
    if (rest.size() < 2 || rest[0] < '0' || rest[0] > '4')
        return {};
    const char kind = rest[0];
    rest.remove_prefix(1);
    if (!takePrefix(rest, ","))
        return text(kWrong);
    const auto address = takeNumber(rest);
    if (!address || !takePrefix(rest, ","))
        return text(kWrong);
    const auto size = takeNumber(rest);
    if (!size || (!rest.empty() && rest.front() != ';'))
        return text(kWrong);
    return changePoint(command == 'Z', kind, *address, *size);
}

std::string Server::changePoint(bool add, char kind, uint64_t address, uint64_t size)
{
    const cpu::DebugRequest before = m_points;
    if (kind <= '1') {
        std::erase(m_points.breakpoints, address);
        if (add)
            m_points.breakpoints.push_back(address);
    } else {
        if (size == 0 || size > kMaxWatchSize || address + size < address)
            return text(kWrong);
        const cpu::Watchpoint watch{address, static_cast<uint32_t>(size), kind != '2', kind != '3'};
        std::erase(m_points.watchpoints, watch);
        if (add)
            m_points.watchpoints.push_back(watch);
    }
    const bool full = m_points.breakpoints.size() > kMaxBreakpoints ||
                      m_points.watchpoints.size() > kMaxWatchpoints;
    if (!full && watchAll())
        return text(kOk);
    m_points = before;
    static_cast<void>(watchAll().has_value()); // it was possible before
    return text(kFull);
}

Result<void> Server::watchAll()
{
    for (unsigned cpu = 0; cpu < m_target.cpus(); ++cpu)
        TRY(m_target.setDebug(cpu, m_points));
    return {};
}

// --- going on ---

std::string Server::vPacket(std::string_view rest)
{
    if (rest == "Cont?")
        return report("vCont;c;C;s;S");
    if (takePrefix(rest, "Cont;"))
        return resumeBy(rest);
    return report({});
}

/// "ACTION[:THREAD];...": for each vCPU the first action that names it or nobody.
std::string Server::resumeBy(std::string_view actions)
{
    std::vector<std::optional<Action>> wanted(m_target.cpus());
    while (!actions.empty()) {
        std::string_view one = actions.substr(0, actions.find(';'));
        actions.remove_prefix(std::min(actions.size(), one.size() + 1));
        const char letter = one.empty() ? '?' : one.front();
        const bool step = letter == 's' || letter == 'S';
        if (!step && letter != 'c' && letter != 'C')
            return report(text(kWrong));
        one.remove_prefix(std::min(one.size(), one.find(':')));
        const bool named = takePrefix(one, ":") && one != "-1";
        const auto only = named ? cpuOf(one) : std::nullopt;
        if (named && !only)
            return report(text(kNoThread));
        for (unsigned cpu = 0; cpu < wanted.size(); ++cpu)
            if (!wanted[cpu] && (!named || cpu == *only))
                wanted[cpu] = step ? Action::Step : Action::Continue;
    }
    std::vector<Action> chosen;
    for (const auto& action : wanted)
        chosen.push_back(action.value_or(Action::Stand));
    return resume(chosen);
}

/// s, c, S, C: the selected vCPU steps alone, or all go on. A new address may follow.
std::string Server::resumeOld(char command, std::string_view rest)
{
    const bool withSignal = command == 'S' || command == 'C';
    if (withSignal)
        rest.remove_prefix(std::min(rest.size(), rest.find(';')));
    if (withSignal && !rest.empty())
        rest.remove_prefix(1);
    if (!rest.empty()) {
        const auto address = takeNumber(rest);
        auto state = m_target.readState(m_cpu);
        if (!address || !state)
            return report(text(kWrong));
        state->rip = *address;
        if (!m_target.writeState(m_cpu, *state))
            return report(text(kWrong));
    }
    const bool step = command == 's' || command == 'S';
    std::vector<Action> actions(m_target.cpus(), step ? Action::Stand : Action::Continue);
    if (step)
        actions[m_cpu] = Action::Step;
    return resume(actions);
}

std::string Server::resume(const std::vector<Action>& actions)
{
    std::vector<bool> run;
    for (unsigned cpu = 0; cpu < actions.size(); ++cpu) {
        cpu::DebugRequest request = m_points;
        request.singleStep = actions[cpu] == Action::Step;
        request.passFirst = cpu == m_stoppedCpu; // it was reported there
        if (!m_target.setDebug(cpu, request))
            return report(text(kWrong));
        run.push_back(actions[cpu] != Action::Stand);
    }
    if (std::find(run.begin(), run.end(), true) == run.end())
        return report(text(kWrong));
    m_running = true;
    m_target.resume(run);
    return {}; // the answer is the next stop
}

} // namespace vmm::gdb
