// SPDX-License-Identifier: GPL-3.0-or-later
#include "vmm/net/capture.h"

#include <utility>

#include "vmm/net/frame_copy.h"

namespace vmm::net {

Capture::Capture(EventLoop& loop, std::unique_ptr<NetBackend> inner, TrafficCounts* counts)
    : m_loop(loop), m_counts(counts), m_inner(std::move(inner)), m_again(m_inner->pairs())
{}

Capture::~Capture()
{
    m_inner.reset(); // while the card it may still talk to is known
}

std::unique_ptr<PcapWriter> Capture::exchange(std::unique_ptr<PcapWriter> writer)
{
    m_loop.runAndWait([&] { std::swap(m_writer, writer); });
    return writer;
}

Result<void> Capture::startCapture(const std::string& path, uint32_t snapLength)
{
    exchange(TRY(PcapWriter::create(path, snapLength)));
    return {};
}

std::optional<CaptureStatus> Capture::stopCapture()
{
    const std::unique_ptr<PcapWriter> writer = exchange(nullptr);
    if (!writer)
        return std::nullopt;
    return writer->finish();
}

std::optional<CaptureStatus> Capture::captureStatus() const
{
    std::optional<CaptureStatus> status;
    m_loop.runAndWait([&] {
        if (m_writer)
            status = m_writer->status();
    });
    return status;
}

Result<void> Capture::start(FrameReceiver& receiver, const Offloads& taken, unsigned pairs)
{
    m_receiver = &receiver;
    return m_inner->start(*this, taken, pairs);
}

void Capture::stop()
{
    m_inner->stop();
    m_again.assign(m_again.size(), false);
}

SendStatus Capture::send(unsigned pair, const FrameHeader& header, std::span<const iovec> pieces)
{
    // Before it is sent: an answer may come at once. Who was told to wait comes with the same
    // again.
    if (m_writer && !m_again[pair])
        m_writer->add(pieces, sizeOf(pieces));
    const SendStatus status = m_inner->send(pair, header, pieces);
    m_again[pair] = status == SendStatus::Full;
    if (m_counts != nullptr && status == SendStatus::Sent)
        m_counts->sent.fetch_add(sizeOf(pieces), std::memory_order_relaxed);
    return status;
}

std::optional<NetBackend::Received> Capture::receive(unsigned pair, std::span<const iovec> pieces)
{
    const auto received = m_inner->receive(pair, pieces);
    if (m_writer && received)
        m_writer->add(pieces, received->bytes);
    if (m_counts != nullptr && received)
        m_counts->received.fetch_add(received->bytes, std::memory_order_relaxed);
    return received;
}

bool Capture::deliver(const FrameHeader& header, std::span<const std::byte> frame)
{
    const bool taken = m_receiver->deliver(header, frame);
    if (m_writer && taken) {
        const iovec piece{const_cast<std::byte*>(frame.data()), frame.size()};
        m_writer->add(std::span(&piece, 1), frame.size());
    }
    if (m_counts != nullptr && taken)
        m_counts->received.fetch_add(frame.size(), std::memory_order_relaxed);
    return taken;
}

} // namespace vmm::net
