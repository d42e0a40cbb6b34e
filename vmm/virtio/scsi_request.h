// SPDX-License-Identifier: GPL-3.0-or-later
// What the SCSI host keeps of commands, task management and targets. Only for vmm/virtio/scsi*.
#pragma once

#include <utility>

#include "vmm/virtio/scsi.h"

namespace vmm::virtio {

/// A command from when it was taken until it is given back; then used again.
struct Scsi::Request {
    unsigned queue = 0;
    Target* target = nullptr; ///< null: none, or the well-known logical unit
    uint64_t tag = 0;
    scsi::Cdb cdb;
    DescriptorChain chain;
    uint64_t requestHeader = 0; ///< bytes before the data, of the driver's
    uint64_t answerHeader = 0;  ///< and of ours
    uint64_t moved = 0;         ///< bytes of data
    block::IoRequest io;
    std::vector<std::byte> host;            ///< buffer of a media step that has one
    block::BlockBackend* backend = nullptr; ///< where `io` is in flight
    uint8_t cancelled = VIRTIO_SCSI_S_OK;   ///< else what a cancelled command is answered with
    std::vector<Tmf*> waiters;              ///< to be answered after it

    uint64_t dataOut() const { return chain.readableSize() - requestHeader; }
    uint64_t dataIn() const { return chain.writableSize() - answerHeader; }
};

/// A task management function that waits for commands it has cancelled.
struct Scsi::Tmf {
    uint16_t head = 0;
    std::vector<memory::GuestSlice> writable;
    uint8_t response = VIRTIO_SCSI_S_FUNCTION_COMPLETE;
    unsigned left = 0; ///< commands
};

/// What is at a target: a logical unit and the requests for it.
class Scsi::Target final : public block::BlockListener {
public:
    Target(Scsi& host, uint8_t targetNumber, std::unique_ptr<scsi::LogicalUnit> logicalUnit,
           scsi::Cdrom* drive)
        : number(targetNumber), unit(std::move(logicalUnit)), cdrom(drive), m_scsi(host)
    {}
    void completed() override { m_scsi.publish(); }
    void capacityChanged() override
    {
        unit->raise(scsi::Attention::CapacityChanged);
        if ((m_scsi.m_features & VIRTIO_SCSI_F_CHANGE) != 0)
            m_scsi.sendEvent(VIRTIO_SCSI_T_PARAM_CHANGE, number, kScsiCapacityChanged);
    }

    const uint8_t number;
    std::unique_ptr<scsi::LogicalUnit> unit;
    scsi::Cdrom* const cdrom; ///< `unit`, when it is one
    block::WhenFull whenFull = block::WhenFull::Report;
    bool subscribed = false;
    unsigned inFlight = 0;
    std::vector<block::IoRequest*> batch; ///< to be submitted together
    std::function<void()> gone;           ///< of a detached one

private:
    Scsi& m_scsi;
};

} // namespace vmm::virtio
