// SPDX-License-Identifier: GPL-3.0-or-later
// Task management, notifications and events. Virtio 1.2 sections 5.6.6.2 and 5.6.6.3, SAM-5 section
// 7.
#include <algorithm>

#include "vmm/virtio/scsi.h"
#include "vmm/virtio/scsi_request.h"

namespace vmm::virtio {

using namespace scsi_queue;

bool Scsi::handleControl()
{
    Queue& queue = *m_queues[kControl];
    for (unsigned taken = 0; taken < queue.size(); ++taken) {
        const auto popped = queue.pop(m_controlChain);
        if (!popped) {
            broken(popped.error());
            return false;
        }
        if (!*popped)
            break;
        if (!control(m_controlChain)) {
            broken(Error(ErrorCode::Invalid, "a control request that cannot be understood"));
            return false;
        }
    }
    publish();
    return queue.enableNotification();
}

/// False when the driver has broken the rules.
bool Scsi::control(const DescriptorChain& chain)
{
    ChainCursor cursor(chain.readable());
    uint32_t type = 0;
    if (!cursor.read(type))
        return false;
    switch (type) {
    case VIRTIO_SCSI_T_TMF:
        return manage(chain, cursor);
    case VIRTIO_SCSI_T_AN_QUERY:
    case VIRTIO_SCSI_T_AN_SUBSCRIBE:
        return notification(chain, cursor, type == VIRTIO_SCSI_T_AN_SUBSCRIBE);
    default:
        return false;
    }
}

bool Scsi::manage(const DescriptorChain& chain, ChainCursor cursor)
{
    ScsiTmf function{};
    // More that wait than the queue holds: some were offered twice.
    if (!cursor.read(function) || chain.writableSize() < 1 ||
        m_tmfs.size() >= m_queues[kControl]->size())
        return false;
    Tmf& tmf = m_tmfs.emplace_back();
    tmf.head = chain.head();
    tmf.writable.assign(chain.writable().begin(), chain.writable().end());
    tmf.left = 1; // until it is known what it waits for
    tmf.response = manageTarget(function, tmf);
    waitedFor(tmf);
    return true;
}

/// Carries out a function, but for waiting; its answer.
uint8_t Scsi::manageTarget(const ScsiTmf& function, Tmf& tmf)
{
    const Address address = parseLun(function.lun);
    Target* const target = address.kind == Address::Kind::Unit ? find(address.target) : nullptr;
    const auto all = [](const Request&) { return true; };
    if (target == nullptr)
        return VIRTIO_SCSI_S_BAD_TARGET;
    if (address.lun != 0 && function.subtype != VIRTIO_SCSI_T_TMF_I_T_NEXUS_RESET)
        return VIRTIO_SCSI_S_INCORRECT_LUN;
    switch (function.subtype) {
    case VIRTIO_SCSI_T_TMF_ABORT_TASK:
        cancelRequests(*target, VIRTIO_SCSI_S_ABORTED, &tmf,
                       [&](const Request& request) { return request.tag == function.id; });
        return VIRTIO_SCSI_S_FUNCTION_COMPLETE;
    case VIRTIO_SCSI_T_TMF_ABORT_TASK_SET:
    case VIRTIO_SCSI_T_TMF_CLEAR_TASK_SET:
        cancelRequests(*target, VIRTIO_SCSI_S_ABORTED, &tmf, all);
        return VIRTIO_SCSI_S_FUNCTION_COMPLETE;
    case VIRTIO_SCSI_T_TMF_I_T_NEXUS_RESET:
    case VIRTIO_SCSI_T_TMF_LOGICAL_UNIT_RESET:
        cancelRequests(*target, VIRTIO_SCSI_S_RESET, &tmf, all);
        target->unit->reset(scsi::Attention::Reset);
        return VIRTIO_SCSI_S_FUNCTION_COMPLETE;
    case VIRTIO_SCSI_T_TMF_QUERY_TASK:
    case VIRTIO_SCSI_T_TMF_QUERY_TASK_SET:
        return query(function, *target);
    default:
        return VIRTIO_SCSI_S_FUNCTION_REJECTED; // auto contingent allegiance there is none
    }
}

uint8_t Scsi::query(const ScsiTmf& function, const Target& target) const
{
    const bool any = function.subtype == VIRTIO_SCSI_T_TMF_QUERY_TASK_SET;
    for (const auto& queue : m_requests) {
        const bool found = std::any_of(queue.begin(), queue.end(), [&](const auto& request) {
            return request != nullptr && request->target == &target &&
                   (any || request->tag == function.id);
        });
        if (found)
            return VIRTIO_SCSI_S_FUNCTION_SUCCEEDED;
    }
    return VIRTIO_SCSI_S_FUNCTION_COMPLETE;
}

/// Ends what `matches` of the target's commands with `response`: at once what waits for space, the
/// rest when the backend lets go of it, which `tmf` waits for.
template <class Matches>
void Scsi::cancelRequests(Target& target, uint8_t response, Tmf* tmf, Matches matches)
{
    for (auto& queue : m_requests) {
        for (auto& slot : queue) {
            Request* const request = slot.get();
            if (request == nullptr || request->target != &target || !matches(*request))
                continue;
            if (request->backend == nullptr) {
                finish(*request, response);
                continue;
            }
            request->cancelled = response;
            request->backend->cancel();
            if (tmf != nullptr) {
                request->waiters.push_back(tmf);
                ++tmf->left;
            }
        }
    }
}

void Scsi::cancelAll(Target& target)
{
    cancelRequests(target, VIRTIO_SCSI_S_FAILURE, nullptr, [](const Request&) { return true; });
}

/// One of those it waits for is over.
void Scsi::waitedFor(Tmf& tmf)
{
    if (--tmf.left != 0)
        return;
    answer(tmf.head, tmf.writable, std::as_bytes(std::span(&tmf.response, 1)));
    m_tmfs.remove_if([&](const Tmf& other) { return &other == &tmf; });
}

void Scsi::answer(uint16_t head, std::span<const memory::GuestSlice> writable,
                  std::span<const std::byte> bytes)
{
    ChainCursor cursor(writable);
    static_cast<void>(cursor.copyIn(bytes));
    m_queues[kControl]->push(head, static_cast<uint32_t>(bytes.size()));
    m_pushed[kControl] = true;
}

/// Drives for optical media tell of media changes (MMC-5 annex A.6); the rest has nothing to tell.
bool Scsi::notification(const DescriptorChain& chain, ChainCursor cursor, bool subscribe)
{
    ScsiNotification wish{};
    ScsiNotificationAnswer reply{0, VIRTIO_SCSI_S_OK};
    if (!cursor.read(wish) || chain.writableSize() < sizeof reply)
        return false;
    const Address address = parseLun(wish.lun);
    Target* const target = address.kind == Address::Kind::Unit ? find(address.target) : nullptr;
    if (target == nullptr) {
        reply.response = VIRTIO_SCSI_S_BAD_TARGET;
    } else if (address.lun != 0) {
        reply.response = VIRTIO_SCSI_S_INCORRECT_LUN;
    } else {
        if (target->cdrom != nullptr)
            reply.actual = wish.requested & VIRTIO_SCSI_EVT_ASYNC_MEDIA_CHANGE;
        if (subscribe)
            target->subscribed = reply.actual != 0;
    }
    answer(chain.head(), chain.writable(), std::as_bytes(std::span(&reply, 1)));
    return true;
}

/// Buffers for events are here again: what was lost can be told now.
bool Scsi::handleEvents()
{
    if (m_eventsMissed)
        sendEvent(ScsiEvent{});
    else
        m_queues[kEvent]->disableNotification(); // more buffers are no news
    return false;
}

void Scsi::sendEvent(uint32_t event, uint8_t target, uint32_t reason)
{
    sendEvent(ScsiEvent{event, lunOf(target), reason});
}

/// Tells the driver now, or that something was lost as soon as it has a buffer. While no driver is
/// there, nobody is to be told.
void Scsi::sendEvent(ScsiEvent event)
{
    if (!m_taking) {
        m_eventsMissed = m_eventsMissed || m_paused || m_host != nullptr;
        return;
    }
    if (m_queues[kEvent] == nullptr)
        return;
    if (m_eventsMissed)
        event.event |= VIRTIO_SCSI_T_EVENTS_MISSED;
    const auto put = putEvent(event);
    if (!put)
        return broken(put.error());
    m_eventsMissed = !*put;
    publish();
}

/// False when there is no buffer for it.
Result<bool> Scsi::putEvent(const ScsiEvent& event)
{
    Queue& queue = *m_queues[kEvent];
    do {
        if (!TRY(queue.pop(m_controlChain)))
            continue;
        const bool fits = m_controlChain.writableSize() >= sizeof event;
        ChainCursor cursor(m_controlChain.writable());
        if (fits)
            static_cast<void>(cursor.write(event));
        queue.push(m_controlChain.head(), fits ? uint32_t{sizeof event} : 0);
        m_pushed[kEvent] = true;
        return fits; // a buffer too short for it is the driver's loss
    } while (queue.enableNotification());
    return false;
}

} // namespace vmm::virtio
