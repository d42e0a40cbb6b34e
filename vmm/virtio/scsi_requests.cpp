// SPDX-License-Identifier: GPL-3.0-or-later
// Commands for logical units. Virtio 1.2 section 5.6.6.1.
#include <algorithm>

#include "vmm/base/check.h"
#include "vmm/scsi/pages.h"
#include "vmm/virtio/scsi.h"
#include "vmm/virtio/scsi_request.h"

namespace vmm::virtio {

using namespace scsi_queue;

namespace {

constexpr uint64_t kMaxHostBytes = uint64_t{16} << 20; // buffers of all requests in flight
constexpr size_t kKeptBytes = 65536;                   // of a buffer, for the next request
constexpr std::array<uint8_t, 2> kWellKnownLun = {0xc1, 0x01};

bool zeroFrom(const ScsiLun& lun, size_t first)
{
    return std::all_of(lun.begin() + static_cast<ptrdiff_t>(first), lun.end(),
                       [](uint8_t byte) { return byte == 0; });
}

} // namespace

/// Section 5.6.6.1: 1, target, a single-level LUN (peripheral or flat, SAM-5 section 4.7), zeros.
Scsi::Address Scsi::parseLun(const ScsiLun& lun)
{
    constexpr uint8_t method = 0xc0;
    constexpr uint8_t flat = 0x40;
    if (lun[0] == kWellKnownLun[0] && lun[1] == kWellKnownLun[1] && zeroFrom(lun, 2))
        return {Address::Kind::WellKnown, 0, 0};
    if (lun[0] != 1 || !zeroFrom(lun, 4) || ((lun[2] & method) != 0 && (lun[2] & method) != flat))
        return {};
    return {Address::Kind::Unit, lun[1], static_cast<uint16_t>((lun[2] & ~method) << 8 | lun[3])};
}

ScsiLun Scsi::lunOf(uint8_t target)
{
    return {1, target, 0, 0, 0, 0, 0, 0};
}

std::unique_ptr<Scsi::Request> Scsi::freshRequest()
{
    if (!m_free.empty()) {
        auto request = std::move(m_free.back());
        m_free.pop_back();
        return request;
    }
    auto request = std::make_unique<Request>();
    request->io.done = [this, one = request.get()](const block::IoResult& result) {
        ioDone(*one, result);
    };
    return request;
}

/// At most as many requests are under way as the queue has entries.
bool Scsi::handleRequests(unsigned index)
{
    Queue& queue = *m_queues[index];
    queue.disableNotification();
    for (unsigned taken = 0; taken < queue.size(); ++taken) {
        auto fresh = freshRequest();
        const auto popped = queue.pop(fresh->chain);
        if (!popped) {
            broken(popped.error());
            return false;
        }
        if (!*popped) {
            m_free.push_back(std::move(fresh));
            break;
        }
        if (!accept(index, std::move(fresh)))
            return false;
    }
    submitBatches();
    pollBackends();
    publish();
    return queue.enableNotification();
}

/// What the page cache held is ready by now: it need not wait for the loop's next turn.
void Scsi::pollBackends()
{
    for (const auto& target : m_targets) {
        block::BlockBackend* const backend =
            target != nullptr && target->inFlight != 0 ? target->unit->backend() : nullptr;
        if (backend != nullptr)
            backend->poll();
    }
}

/// False when the driver has broken the rules.
bool Scsi::accept(unsigned index, std::unique_ptr<Request> fresh)
{
    auto& slot = m_requests[index][fresh->chain.head()];
    if (slot != nullptr) {
        broken(Error(ErrorCode::Invalid, "a request that is under way, offered again"));
        return false;
    }
    slot = std::move(fresh);
    Request& request = *slot;
    request.queue = index;
    Address address;
    if (!parse(request, address)) {
        recycle(request);
        broken(Error(ErrorCode::Invalid, "a request too short for its header"));
        return false;
    }
    begin(request, address);
    return true;
}

bool Scsi::parse(Request& request, Address& address)
{
    const uint32_t cdbSize = m_cdbSize;
    ScsiRequestHeader header{};
    std::array<uint8_t, scsi::Cdb::kSize> cdb{};
    ChainCursor cursor(request.chain.readable());
    const auto kept = std::span(cdb).first(std::min<size_t>(cdbSize, cdb.size()));
    request.requestHeader = sizeof header + cdbSize;
    request.answerHeader = sizeof(ScsiResponseHeader) + uint64_t{m_senseSize};
    if (request.chain.readableSize() < request.requestHeader ||
        request.chain.writableSize() < request.answerHeader)
        return false;
    static_cast<void>(cursor.read(header));
    static_cast<void>(cursor.copyOut(std::as_writable_bytes(kept)));
    request.cdb = scsi::Cdb(cdb);
    request.tag = header.id;
    address = parseLun(header.lun);
    return true;
}

void Scsi::begin(Request& request, const Address& address)
{
    if (request.dataIn() != 0 && request.dataOut() != 0) // VIRTIO_SCSI_F_INOUT is not offered
        return finish(request, VIRTIO_SCSI_S_FAILURE);
    if (address.kind == Address::Kind::WellKnown)
        return run(request, wellKnown(request.cdb));
    Target* const target = address.kind == Address::Kind::Unit ? find(address.target) : nullptr;
    if (target == nullptr)
        return finish(request, VIRTIO_SCSI_S_BAD_TARGET);
    request.target = target;
    if (address.lun != 0)
        return run(request, scsi::beginAbsent(request.cdb));
    if (request.cdb[0] == scsi::kReportLuns)
        return run(request, scsi::reportLuns(request.cdb));
    run(request, target->unit->begin(request.cdb));
    if (target->cdrom != nullptr && target->cdrom->takeTrayMoved())
        m_options.trayMoved(target->number);
}

/// The REPORT LUNS well-known logical unit (SPC-4 section 8.2): all units of the host.
scsi::Step Scsi::wellKnown(const scsi::Cdb& cdb) const
{
    if (cdb[0] == scsi::kTestUnitReady)
        return scsi::done();
    if (cdb[0] == scsi::kRequestSense) {
        const auto sense = scsi::fixedSense({});
        return scsi::send({sense.begin(), sense.end()}, cdb[4]);
    }
    if (cdb[0] == scsi::kInquiry && (cdb[1] & 1) == 0 && cdb[2] == 0) {
        constexpr uint8_t wellKnownUnit = 0x1e;
        std::vector<uint8_t> data = {wellKnownUnit, 0, 0x06, 0x02, 31, 0, 0, 0};
        scsi::putText(data, "VITRINE", 8);
        scsi::putText(data, "REPORT LUNS", 16);
        scsi::putText(data, "1.0", 4);
        return scsi::send(std::move(data), cdb.be16(3));
    }
    if (cdb[0] != scsi::kReportLuns)
        return scsi::fail(cdb[0] == scsi::kInquiry ? scsi::kInvalidField : scsi::kInvalidOpcode);
    std::vector<uint8_t> data(8);
    for (const auto& target : m_targets) {
        if (target == nullptr)
            continue;
        const ScsiLun lun = lunOf(target->number);
        data.insert(data.end(), lun.begin(), lun.end());
    }
    storeBe(data.data(), static_cast<uint32_t>(data.size() - 8));
    return scsi::send(std::move(data), cdb.be32(6));
}

void Scsi::run(Request& request, scsi::Step step)
{
    // Bounded: a unit asks for data once a command.
    while (step.kind == scsi::Step::Kind::NeedData && !step.sense) {
        if (step.length > request.dataOut() || step.length > scsi::Step::kMaxDataOut)
            return finish(request, VIRTIO_SCSI_S_OVERRUN);
        std::vector<std::byte> data(step.length);
        ChainCursor cursor(request.chain.readable());
        static_cast<void>(cursor.skip(request.requestHeader));
        static_cast<void>(cursor.copyOut(data));
        request.moved = data.size();
        step = request.target->unit->dataArrived(request.cdb, data);
    }
    if (step.sense)
        return finish(request, VIRTIO_SCSI_S_OK, step.sense);
    switch (step.kind) {
    case scsi::Step::Kind::SendData:
        return sendData(request, step);
    case scsi::Step::Kind::Media:
        return startMedia(request, std::move(step));
    case scsi::Step::Kind::Done:
    case scsi::Step::Kind::NeedData:
        return finish(request, VIRTIO_SCSI_S_OK);
    }
}

void Scsi::sendData(Request& request, const scsi::Step& step)
{
    if (step.data.size() > request.dataIn())
        return finish(request, VIRTIO_SCSI_S_OVERRUN);
    ChainCursor cursor(request.chain.writable());
    static_cast<void>(cursor.skip(request.answerHeader));
    static_cast<void>(cursor.copyIn(step.data));
    request.moved = step.data.size();
    finish(request, VIRTIO_SCSI_S_OK);
}

void Scsi::startMedia(Request& request, scsi::Step step)
{
    block::IoRequest& io = request.io;
    io.kind = step.io;
    io.durability = step.durability;
    io.mayUnmap = step.mayUnmap;
    io.offset = step.offset;
    io.segments.clear();
    io.extents = std::move(step.extents);
    const bool host = step.target == scsi::MediaTarget::Host;
    if (!(host ? mapHost(request, step) : mapMedia(request, step)))
        return;
    Target& target = *request.target;
    request.backend = target.unit->backend();
    ++target.inFlight;
    ++m_inFlight;
    target.batch.push_back(&io);
}

/// False when the request ended for want of room.
bool Scsi::mapMedia(Request& request, scsi::Step& step)
{
    const bool reading = step.io == block::IoKind::Read;
    if (!reading && step.io != block::IoKind::Write)
        return true; // moves no data
    if (step.length > (reading ? request.dataIn() : request.dataOut())) {
        finish(request, VIRTIO_SCSI_S_OVERRUN);
        return false;
    }
    ChainCursor cursor(reading ? request.chain.writable() : request.chain.readable());
    static_cast<void>(cursor.skip(reading ? request.answerHeader : request.requestHeader));
    m_slices.clear();
    static_cast<void>(cursor.take(step.length, m_slices));
    for (const memory::GuestSlice& slice : m_slices)
        request.io.segments.emplace_back(slice);
    request.moved = step.length;
    return true;
}

/// As above.
bool Scsi::mapHost(Request& request, scsi::Step& step)
{
    const bool reading = step.io == block::IoKind::Read;
    const uint64_t size = reading ? step.length : step.data.size();
    if (size > kMaxHostBytes - m_hostBytes) {
        finish(request, VIRTIO_SCSI_S_BUSY);
        return false;
    }
    if (reading)
        request.host.resize(size);
    else
        request.host = std::move(step.data);
    m_hostBytes += size;
    for (uint64_t left = step.length; left != 0;) {
        const auto part = static_cast<size_t>(std::min<uint64_t>(left, size));
        request.io.segments.emplace_back(std::span(request.host).first(part));
        left -= part;
    }
    return true;
}

void Scsi::submitBatches()
{
    for (const auto& target : m_targets) {
        if (target == nullptr || target->batch.empty())
            continue;
        target->unit->backend()->submit(std::span<block::IoRequest* const>(target->batch));
        target->batch.clear();
    }
}

void Scsi::ioDone(Request& request, const block::IoResult& result)
{
    Target& target = *request.target;
    const bool cancelled =
        result.status == block::IoStatus::Cancelled && request.cancelled == VIRTIO_SCSI_S_OK;
    if (cancelled && !m_stopped && request.backend == target.unit->backend()) {
        block::IoRequest* const again = &request.io; // only others were meant
        request.backend->submit(std::span(&again, 1));
        return;
    }
    request.backend = nullptr;
    --target.inFlight;
    --m_inFlight;
    if (m_stopped && m_stopReason == StopReason::Reset)
        recycle(request);
    else if (request.cancelled != VIRTIO_SCSI_S_OK)
        finish(request, request.cancelled);
    else if (result.status == block::IoStatus::NoSpace && target.whenFull == block::WhenFull::Pause)
        waitForSpace(result.sentence);
    else if (!(cancelled && m_stopped)) // else it begins anew at the next start
        run(request, target.unit->mediaDone(request.cdb, result, request.host));
    submitBatches();
    releaseIdle();
    settle();
}

/// The request stays where it is until the next start(), before which somebody makes room.
void Scsi::waitForSpace(const std::string& sentence)
{
    if (!std::exchange(m_fullTold, true))
        m_options.storage->storageFull(facts().name, sentence);
}

/// Sections 5.6.6.1 and 5.6.6.1.1: `residual` is what of the data was not moved.
void Scsi::finish(Request& request, uint8_t response, const std::optional<scsi::Sense>& sense)
{
    const bool good = response == VIRTIO_SCSI_S_OK && !sense;
    const uint64_t offered = request.dataIn() + request.dataOut();
    const uint64_t moved = good ? std::min(request.moved, offered) : 0;
    const bool in = request.dataIn() != 0;
    ScsiResponseHeader header;
    std::array<uint8_t, 18> bytes{};
    if (sense) {
        bytes = scsi::fixedSense(*sense);
        header.status = scsi::kStatusCheckCondition;
    }
    const uint64_t room = request.answerHeader - sizeof header;
    const auto length = sense ? static_cast<size_t>(std::min<uint64_t>(bytes.size(), room)) : 0;
    header.senseLength = static_cast<uint32_t>(length);
    header.residual = static_cast<uint32_t>(std::min<uint64_t>(offered - moved, 0xffff'ffff));
    header.response = response;
    ChainCursor cursor(request.chain.writable());
    static_cast<void>(cursor.write(header));
    static_cast<void>(cursor.copyIn(std::as_bytes(std::span(bytes).first(length))));
    const uint64_t written =
        in && moved != 0 ? request.answerHeader + moved : sizeof header + length;
    m_queues[request.queue]->push(request.chain.head(), static_cast<uint32_t>(written));
    m_pushed[request.queue] = true;
    recycle(request);
}

/// Frees its place; the object is used for a later one. The last of those that a task management
/// function waits for lets that end.
void Scsi::recycle(Request& request)
{
    auto& slot = m_requests[request.queue][request.chain.head()];
    CHECK(slot.get() == &request && request.backend == nullptr);
    const auto waiters = std::exchange(request.waiters, {});
    m_hostBytes -= request.host.size();
    request.host.clear();
    if (request.host.capacity() > kKeptBytes)
        request.host.shrink_to_fit();
    request.target = nullptr;
    request.cancelled = VIRTIO_SCSI_S_OK;
    request.moved = 0;
    m_free.push_back(std::move(slot));
    for (Tmf* tmf : waiters)
        waitedFor(*tmf);
}

/// Commands first: task management is answered after what it has ended (section 5.6.6.2).
void Scsi::publish()
{
    for (size_t i = m_queues.size(); i-- > 0;) {
        if (!m_pushed[i])
            continue;
        m_pushed[i] = false;
        if (m_queues[i]->publish())
            m_host->interruptQueue(static_cast<unsigned>(i));
    }
}

} // namespace vmm::virtio
