// SPDX-License-Identifier: GPL-3.0-or-later
// Fuzz target: commands for a SCSI disk and a CD-ROM drive. The first byte says what the media are
// like; then 36 bytes a command: 32 of the command, how it ends, three of what data it gets.
#include <cstddef>
#include <cstdint>
#include <span>

#include "tests/unit/vmm/scsi/still_backend.h"
#include "vmm/scsi/cdrom.h"
#include "vmm/scsi/disk.h"

namespace {

using namespace vmm;
using namespace vmm::scsi;

constexpr size_t kCommandSize = 36;
constexpr size_t kMaxCommands = 64;
constexpr size_t kMaxData = size_t{1} << 17; // what a unit may put together at once
constexpr uint64_t kMaxRaw = uint64_t{512} * 2048;

std::unique_ptr<tests::StillBackend> media(uint8_t how)
{
    constexpr uint64_t kSizes[] = {
        1, 4, 100, 4096, 1'600'000, uint64_t{1} << 33, uint64_t{1} << 48, (uint64_t{1} << 48) + 3};
    auto backend = std::make_unique<tests::StillBackend>(kSizes[how & 7]);
    backend->isReadOnly = (how & 8) != 0;
    backend->discards = (how & 16) != 0;
    backend->cached = (how & 32) != 0;
    return backend;
}

/// What every step promises its controller.
void check(LogicalUnit& unit, const Step& step)
{
    const uint64_t end =
        unit.backend() != nullptr ? unit.backend()->capacity() * block::kSectorSize : 0;
    CHECK(!step.sense || step.kind == Step::Kind::Done);
    CHECK(step.data.size() <= kMaxRaw * 2 &&
          (step.kind == Step::Kind::Media || !step.data.empty() ||
           step.kind != Step::Kind::SendData));
    if (step.kind == Step::Kind::NeedData)
        CHECK(step.length != 0 && step.length <= Step::kMaxDataOut);
    if (step.kind != Step::Kind::Media)
        return;
    CHECK(unit.backend() != nullptr);
    if (step.io == block::IoKind::Read || step.io == block::IoKind::Write)
        CHECK(step.length != 0 && step.offset <= end && step.length <= end - step.offset);
    if (step.target == MediaTarget::Host && step.io == block::IoKind::Read)
        CHECK(step.length <= kMaxRaw);
    if (step.target == MediaTarget::Host && step.io == block::IoKind::Write)
        CHECK(!step.data.empty() && step.data.size() <= kMaxData);
    CHECK(step.io == block::IoKind::Read || step.io == block::IoKind::Flush ||
          !unit.backend()->readOnly());
    for (const block::Extent& extent : step.extents)
        CHECK(extent.length != 0 && extent.offset <= end && extent.length <= end - extent.offset);
}

void execute(LogicalUnit& unit, std::span<const uint8_t, kCommandSize> input)
{
    const Cdb cdb(input.first(Cdb::kSize));
    const uint8_t ending = input[32];
    Step step = unit.begin(cdb);
    check(unit, step);
    if (step.kind == Step::Kind::NeedData) {
        // Often as much as asked for: the rest of the command again and again.
        std::vector<std::byte> data((ending & 0x80) != 0 ? step.length / 2 : step.length);
        for (size_t i = 0; i < data.size(); ++i)
            data[i] = static_cast<std::byte>((ending & 0x40) != 0 ? 0 : input[10 + i % 26]);
        step = unit.dataArrived(cdb, data);
        check(unit, step);
    }
    if (step.kind != Step::Kind::Media)
        return;
    const bool host = step.target == MediaTarget::Host && step.io == block::IoKind::Read;
    const std::vector<std::byte> buffer(host ? step.length : 0);
    step = unit.mediaDone(cdb, {static_cast<block::IoStatus>(ending & 3), {}}, buffer);
    check(unit, step);
    CHECK(step.kind != Step::Kind::NeedData && step.kind != Step::Kind::Media);
}

/// What the board does in between, and a saved state on the way.
void around(Disk& disk, Cdrom& cdrom, uint8_t what, uint8_t how)
{
    switch (what % 8) {
    case 0:
        static_cast<void>(cdrom.insert(media(how)));
        break;
    case 1:
        static_cast<void>(cdrom.eject((how & 1) != 0 ? EjectMode::Ask : EjectMode::Force));
        break;
    case 2:
        disk.reset(Attention::Reset);
        cdrom.reset(Attention::Reset);
        break;
    case 3: {
        auto state = cdrom.save();
        state.attentions = static_cast<uint8_t>(state.attentions ^ how);
        state.cdrom.mediaEvent = how & 7;
        static_cast<void>(cdrom.load(state));
        static_cast<void>(disk.load(state));
        break;
    }
    case 4: // disks only grow
        static_cast<void>(
            disk.backend()->resize((disk.backend()->capacity() + how) * block::kSectorSize));
        disk.raise(Attention::CapacityChanged);
        break;
    default:
        break;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    if (size == 0)
        return 0;
    Disk disk(media(data[0]), "serial");
    Cdrom cdrom(media(static_cast<uint8_t>(data[0] >> 2)), "cd", PhysicalInterface::Scsi);
    std::span<const uint8_t> rest(data + 1, size - 1);
    for (size_t i = 0; i < kMaxCommands && rest.size() >= kCommandSize; ++i) {
        const auto command = rest.first<kCommandSize>();
        around(disk, cdrom, command[33], command[34]);
        if ((command[35] & 1) != 0)
            execute(cdrom, command);
        else
            execute(disk, command);
        if ((command[35] & 0x60) == 0x60)
            check(disk, beginAbsent(Cdb(command.first(Cdb::kSize))));
        rest = rest.subspan(kCommandSize);
    }
    return 0;
}
