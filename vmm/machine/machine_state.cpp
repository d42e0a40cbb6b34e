// SPDX-License-Identifier: GPL-3.0-or-later
// A machine to a file and back. Order in the file: description, disks' files, devices, interrupt
// controllers, vCPUs, RAM.
#include <array>
#include <cstring>
#include <fmt/core.h>
#include <set>

#include "vmm/machine/control.h"
#include "vmm/machine/disk_files.h"
#include "vmm/state/state_file.h"

namespace vmm::machine {

namespace {

constexpr uint64_t kPage = memory::GuestMemory::kPageSize;
constexpr const char* kSpecName = "machine";
constexpr const char* kIrqchipName = "irqchip";

std::string cpuName(size_t index)
{
    return fmt::format("cpu{}", index);
}

bool isZero(const std::byte* page)
{
    // The first word differs in almost every page that is not zero; then one comparison with itself
    // shifted.
    uint64_t word = 0;
    std::memcpy(&word, page, sizeof word);
    return word == 0 && std::memcmp(page, page + sizeof word, kPage - sizeof word) == 0;
}

/// Writes what is not zero, in runs; pages never touched are skipped without being touched.
class RamWriter {
public:
    RamWriter(state::FileWriter& file, const memory::GuestMemory& memory,
              const std::function<bool(int)>& progress)
        : m_file(file), m_memory(memory), m_progress(progress)
    {}

    Result<void> write()
    {
        for (auto stretch = m_memory.touchedFrom(0); stretch;
             stretch = m_memory.touchedFrom(stretch->end))
            TRY(writeStretch(stretch->begin, stretch->end));
        return {};
    }

private:
    Result<void> writeStretch(uint64_t begin, uint64_t end)
    {
        uint64_t runStart = begin;
        for (uint64_t at = begin; at < end; at += kPage) {
            if (at - runStart == state::FileWriter::kMaxRun) {
                TRY(writeRun(runStart, at));
                runStart = at;
            }
            if (isZero(m_memory.hostBase() + at)) {
                TRY(writeRun(runStart, at));
                runStart = at + kPage;
            }
        }
        return writeRun(runStart, end);
    }

    Result<void> writeRun(uint64_t begin, uint64_t end)
    {
        if (begin >= end)
            return {};
        const int percent = static_cast<int>(begin * 100 / m_memory.ramSize());
        if (m_progress && percent != m_percent && !m_progress(percent))
            return Error(ErrorCode::Cancelled, "saving was cancelled");
        m_percent = percent;
        return m_file.writeRam(begin, std::span(m_memory.hostBase() + begin, end - begin));
    }

    state::FileWriter& m_file;
    const memory::GuestMemory& m_memory;
    const std::function<bool(int)>& m_progress;
    int m_percent = -1;
};

/// Takes a file apart: the description makes the machine, RAM goes into it, records are kept for
/// the end.
class Restorer {
public:
    Restorer(console::MachineListener& listener, spec::Accel accel,
             const std::function<void(spec::MachineSpec&)>& adjust)
        : m_listener(listener), m_accel(accel), m_adjust(adjust)
    {}

    Result<void> record(state::NamedRecord named)
    {
        if (m_control == nullptr) {
            if (named.participant != kSpecName)
                return Error(ErrorCode::Invalid,
                             "the saved machine does not start with its description");
            auto spec = TRY(state::load<spec::MachineSpec>(named.record));
            if (m_accel != spec::Accel::Auto)
                spec.accel = m_accel;
            if (m_adjust)
                m_adjust(spec);
            m_control = TRY(Control::create(spec, m_listener, Control::Purpose::Load));
            return {};
        }
        if (named.participant == DiskFilesState::kName)
            return {}; // checkDiskFiles() is for whoever wants it
        if (m_records.size() >= kMaxRecords)
            return Error(ErrorCode::Invalid, "the saved machine has too many records");
        m_records.push_back(std::move(named));
        return {};
    }

    Result<void> ram(uint64_t offset, std::span<const std::byte> pages)
    {
        if (m_control == nullptr)
            return Error(ErrorCode::Invalid,
                         "the saved machine does not start with its description");
        memory::GuestMemory& memory = m_control->board().memory();
        if (offset > memory.ramSize() || pages.size() > memory.ramSize() - offset)
            return Error(ErrorCode::Invalid, "the saved machine has RAM outside its memory");
        std::memcpy(memory.hostBase() + offset, pages.data(), pages.size());
        return {};
    }

    Result<std::unique_ptr<Machine>> finish()
    {
        if (m_control == nullptr)
            return Error(ErrorCode::Invalid, "the saved machine has no description");
        TRY(m_control->loadState(m_records));
        return std::unique_ptr<Machine>(std::move(m_control));
    }

private:
    static constexpr size_t kMaxRecords = 256;
    console::MachineListener& m_listener;
    const spec::Accel m_accel;
    const std::function<void(spec::MachineSpec&)>& m_adjust;
    std::unique_ptr<Control> m_control;
    std::vector<state::NamedRecord> m_records;
};

const state::Record* findRecord(const std::vector<state::NamedRecord>& records,
                                const std::string& name)
{
    for (const state::NamedRecord& named : records)
        if (named.participant == name)
            return &named.record;
    return nullptr;
}

Result<const state::Record*> needRecord(const std::vector<state::NamedRecord>& records,
                                        const std::string& name)
{
    const state::Record* record = findRecord(records, name);
    if (record == nullptr)
        return Error(ErrorCode::Invalid, fmt::format("the saved machine has no state of {}", name));
    return record;
}

Result<void> checkNames(const std::vector<state::NamedRecord>& records, size_t expected)
{
    std::set<std::string_view> names;
    for (const state::NamedRecord& named : records)
        if (!names.insert(named.participant).second)
            return Error(ErrorCode::Invalid,
                         fmt::format("the saved machine has {} twice", named.participant));
    if (records.size() != expected)
        return Error(ErrorCode::Invalid, "the saved machine has state of unknown devices");
    return {};
}

} // namespace

Result<void> writeMachine(const std::string& path, const spec::MachineSpec& spec, Board& board,
                          const std::vector<std::unique_ptr<VcpuThread>>& vcpus,
                          const std::function<bool(int)>& progress)
{
    state::FileWriter file = TRY(state::FileWriter::create(path));
    TRY(file.writeRecord(kSpecName, state::save(spec)));
    TRY(file.writeRecord(DiskFilesState::kName, state::save(diskFilesOf(spec))));
    std::set<std::string> names; // two of one name could not be told apart when loaded
    for (const state::Participant* participant : board.participants()) {
        if (!names.insert(participant->stateName()).second)
            return Error(ErrorCode::Invalid, fmt::format("two devices save their state as {}",
                                                         participant->stateName()));
        TRY(file.writeRecord(participant->stateName(), participant->saveState()));
    }
    TRY(file.writeRecord(kIrqchipName, state::save(TRY(board.hypervisor().saveIrqchip()))));
    for (size_t i = 0; i < vcpus.size(); ++i)
        TRY(file.writeRecord(cpuName(i), state::save(TRY(vcpus[i]->vcpu().saveState()))));
    TRY(RamWriter(file, board.memory(), progress).write());
    return file.finish();
}

/// Devices before interrupt controllers: a device that sets its line while it loads must not leave
/// a trace in a controller that is loaded already. vCPUs, with their local APICs, last.
Result<void> Control::loadState(const std::vector<state::NamedRecord>& records)
{
    const auto participants = m_board->participants();
    TRY(checkNames(records, participants.size() + 1 + m_vcpus.size()));
    for (state::Participant* participant : participants) {
        const state::Record* record = TRY(needRecord(records, participant->stateName()));
        if (auto result = participant->loadState(*record); !result)
            return std::move(result).error().within(participant->stateName());
    }
    const state::Record* irqchip = TRY(needRecord(records, kIrqchipName));
    TRY(m_board->hypervisor().loadIrqchip(TRY(state::load<cpu::IrqchipState>(*irqchip))));
    for (size_t i = 0; i < m_vcpus.size(); ++i) {
        const state::Record* record = TRY(needRecord(records, cpuName(i)));
        TRY(m_vcpus[i]->vcpu().loadState(TRY(state::load<cpu::CpuState>(*record))));
    }
    m_board->restored();
    return {};
}

Result<std::unique_ptr<Machine>> Machine::create(const spec::MachineSpec& spec,
                                                 console::MachineListener& listener)
{
    return std::unique_ptr<Machine>(TRY(Control::create(spec, listener, Control::Purpose::Start)));
}

Result<std::unique_ptr<Machine>>
Machine::restore(const std::string& path, console::MachineListener& listener, spec::Accel accel,
                 const std::function<void(spec::MachineSpec&)>& adjust)
{
    Restorer restorer(listener, accel, adjust);
    auto read = state::readFile(
        path, [&](state::NamedRecord named) { return restorer.record(std::move(named)); },
        [&](uint64_t offset, std::span<const std::byte> pages) {
            return restorer.ram(offset, pages);
        });
    if (!read)
        return std::move(read).error();
    auto machine = restorer.finish();
    if (!machine)
        return std::move(machine).error().within(path);
    return machine;
}

} // namespace vmm::machine
