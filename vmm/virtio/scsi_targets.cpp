// SPDX-License-Identifier: GPL-3.0-or-later
// What the board does with the SCSI host: targets, media, sizes, state.
#include <algorithm>
#include <fmt/core.h>
#include <optional>

#include "vmm/base/check.h"
#include "vmm/base/on_loop.h"
#include "vmm/virtio/scsi.h"
#include "vmm/virtio/scsi_request.h"

namespace vmm::virtio {

using namespace scsi_queue;

/// The result of `work`, which is done on the loop's thread.
template <class Work>
auto Scsi::onLoop(Work work) const
{
    std::optional<decltype(work())> result;
    vmm::onLoop(loop(), [&] { result.emplace(work()); });
    return *std::move(result);
}

Result<void> Scsi::attachDisk(uint8_t target, std::unique_ptr<scsi::Disk> disk,
                              block::WhenFull whenFull)
{
    CHECK(whenFull == block::WhenFull::Report || m_options.storage != nullptr);
    auto fresh = std::make_unique<Target>(*this, target, std::move(disk), nullptr);
    fresh->whenFull = whenFull;
    return attach(target, std::move(fresh));
}

Result<void> Scsi::attachCdrom(uint8_t target, std::unique_ptr<scsi::Cdrom> cdrom)
{
    scsi::Cdrom* const drive = cdrom.get();
    return attach(target, std::make_unique<Target>(*this, target, std::move(cdrom), drive));
}

Result<void> Scsi::attach(uint8_t number, std::unique_ptr<Target> target)
{
    return onLoop([&]() -> Result<void> {
        if (find(number) != nullptr)
            return Error(ErrorCode::Busy,
                         fmt::format("{}: target {} is taken", facts().name, unsigned{number}));
        if (block::BlockBackend* backend = target->unit->backend())
            backend->setListener(target.get());
        m_targets[number] = std::move(target);
        if (m_taking ? (m_features & VIRTIO_SCSI_F_HOTPLUG) != 0 : m_paused)
            sendEvent(VIRTIO_SCSI_T_TRANSPORT_RESET, number, VIRTIO_SCSI_EVT_RESET_RESCAN);
        return {};
    });
}

Result<void> Scsi::detach(uint8_t target, std::function<void()> gone)
{
    return onLoop([&]() -> Result<void> {
        if (find(target) == nullptr)
            return Error(ErrorCode::NotFound,
                         fmt::format("{}: no target {}", facts().name, unsigned{target}));
        auto leaving = std::move(m_targets[target]);
        leaving->gone = std::move(gone);
        cancelAll(*leaving);
        publish();
        m_leaving.push_back(std::move(leaving));
        if (m_taking ? (m_features & VIRTIO_SCSI_F_HOTPLUG) != 0 : m_paused)
            sendEvent(VIRTIO_SCSI_T_TRANSPORT_RESET, target, VIRTIO_SCSI_EVT_RESET_REMOVED);
        releaseIdle();
        return {};
    });
}

Result<void> Scsi::resize(uint8_t target, std::optional<uint64_t> bytes)
{
    return onLoop([&]() -> Result<void> {
        Target* const disk = find(target);
        if (disk == nullptr || disk->cdrom != nullptr)
            return Error(ErrorCode::NotFound,
                         fmt::format("{}: no disk at target {}", facts().name, unsigned{target}));
        return disk->unit->backend()->resize(bytes);
    });
}

Result<scsi::Cdrom*> Scsi::cdromAt(uint8_t number) const
{
    const Target* const target = find(number);
    if (target == nullptr || target->cdrom == nullptr)
        return Error(ErrorCode::NotFound, fmt::format("{}: no CD-ROM drive at target {}",
                                                      facts().name, unsigned{number}));
    return target->cdrom;
}

Result<void> Scsi::insertMedium(uint8_t target, std::unique_ptr<block::BlockBackend> medium)
{
    return onLoop([&]() -> Result<void> {
        scsi::Cdrom* const cdrom = TRY(cdromAt(target));
        if (medium != nullptr)
            medium->setListener(find(target));
        retire(cdrom->insert(std::move(medium)));
        mediumChanged(target);
        return {};
    });
}

Result<void> Scsi::ejectMedium(uint8_t target, scsi::EjectMode mode)
{
    return onLoop([&]() -> Result<void> {
        scsi::Cdrom* const cdrom = TRY(cdromAt(target));
        auto medium = cdrom->eject(mode);
        mediumChanged(target); // also of a wish to eject
        retire(TRY(std::move(medium)));
        return {};
    });
}

std::string Scsi::mediumPath(uint8_t target) const
{
    return onLoop([&]() -> std::string {
        const auto cdrom = cdromAt(target);
        return cdrom ? (*cdrom)->mediumPath() : std::string();
    });
}

/// The drive itself tells when it is asked (unit attention, GET EVENT STATUS NOTIFICATION); this is
/// for drivers that wait to be told.
void Scsi::mediumChanged(uint8_t number)
{
    if (find(number)->subscribed)
        sendEvent(VIRTIO_SCSI_T_ASYNC_NOTIFY, number, VIRTIO_SCSI_EVT_ASYNC_MEDIA_CHANGE);
}

/// A medium that is out of its drive goes when nothing reads it any more.
void Scsi::retire(std::unique_ptr<block::BlockBackend> backend)
{
    if (backend == nullptr)
        return;
    backend->cancel();
    m_retired.push_back(std::move(backend));
    releaseIdle();
}

/// Lets go of backends without requests, at the loop's next turn: this may be a completion of
/// theirs.
void Scsi::releaseIdle()
{
    const auto used = [this](const block::BlockBackend* backend) {
        return std::any_of(m_requests.begin(), m_requests.end(), [&](const auto& queue) {
            return std::any_of(queue.begin(), queue.end(), [&](const auto& request) {
                return request != nullptr && request->backend == backend;
            });
        });
    };
    for (auto& backend : m_retired) {
        if (used(backend.get()))
            continue;
        loop().post([idle = std::shared_ptr<block::BlockBackend>(std::move(backend))]() mutable {
            idle->setListener(nullptr);
            idle.reset();
        });
    }
    std::erase(m_retired, nullptr);
    for (auto& target : m_leaving) {
        if (target->inFlight != 0)
            continue;
        loop().post([idle = std::shared_ptr<Target>(std::move(target))]() mutable {
            const auto gone = std::move(idle->gone);
            idle.reset();
            gone();
        });
    }
    std::erase(m_leaving, nullptr);
}

state::Record Scsi::saveState() const
{
    return onLoop([&] {
        ScsiState state;
        state.senseSize = m_senseSize;
        state.cdbSize = m_cdbSize;
        state.eventsMissed = m_eventsMissed;
        state.held = m_again;
        for (const auto& target : m_targets) {
            if (target != nullptr)
                state.targets.push_back({target->number, target->subscribed, target->unit->save()});
        }
        return state::save(state);
    });
}

Result<void> Scsi::loadState(const state::Record& record)
{
    const auto state = TRY(state::load<ScsiState>(record));
    return onLoop([&] { return load(state); });
}

Result<void> Scsi::load(const ScsiState& state)
{
    const size_t queues = facts().queueSizes.size();
    const auto present = std::count_if(m_targets.begin(), m_targets.end(),
                                       [](const auto& target) { return target != nullptr; });
    const bool heldOk = std::all_of(state.held.begin(), state.held.end(), [&](const auto& held) {
        return held.queue >= kRequests && held.queue < queues && held.head < kRequestQueueSize;
    });
    if (state.senseSize > kMaxSizes || state.cdbSize < 1 || state.cdbSize > kMaxSizes || !heldOk ||
        state.held.size() > queues * kRequestQueueSize)
        return Error(ErrorCode::Invalid, "scsi: a value is out of range");
    if (state.targets.size() != static_cast<size_t>(present))
        return Error(ErrorCode::Invalid,
                     fmt::format("scsi: {} targets instead of {}", state.targets.size(), present));
    for (const ScsiState::Target& saved : state.targets) {
        Target* const target = find(saved.number);
        if (target == nullptr)
            return Error(ErrorCode::Invalid,
                         fmt::format("scsi: no target {}", unsigned{saved.number}));
        TRY(target->unit->load(saved.unit));
        target->subscribed = saved.subscribed && target->cdrom != nullptr;
    }
    m_senseSize = state.senseSize;
    m_cdbSize = state.cdbSize;
    m_eventsMissed = state.eventsMissed;
    m_again = state.held;
    m_paused = true;
    return {};
}

} // namespace vmm::virtio
