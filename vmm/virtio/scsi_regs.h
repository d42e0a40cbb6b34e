// SPDX-License-Identifier: GPL-3.0-or-later
// Requests, answers and events of the SCSI host device. Virtio 1.2 sections 5.6.4 and 5.6.6.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace vmm::virtio {

inline constexpr uint64_t VIRTIO_SCSI_F_HOTPLUG = uint64_t{1} << 1;
inline constexpr uint64_t VIRTIO_SCSI_F_CHANGE = uint64_t{1} << 2;

namespace scsi_queue {
inline constexpr unsigned kControl = 0;
inline constexpr unsigned kEvent = 1;
inline constexpr unsigned kRequests = 2; ///< the first of them
} // namespace scsi_queue

/// Device configuration (section 5.6.4).
struct VirtioScsiConfig {
    uint32_t numQueues = 0;
    uint32_t segMax = 0;
    uint32_t maxSectors = 0;
    uint32_t cmdPerLun = 0;
    uint32_t eventInfoSize = 0;
    uint32_t senseSize = 0;
    uint32_t cdbSize = 0;
    uint16_t maxChannel = 0;
    uint16_t maxTarget = 0;
    uint32_t maxLun = 0;
};
static_assert(sizeof(VirtioScsiConfig) == 36 && offsetof(VirtioScsiConfig, senseSize) == 20 &&
              offsetof(VirtioScsiConfig, cdbSize) == 24);

using ScsiLun = std::array<uint8_t, 8>;

/// What a command request begins with; cdb_size bytes of command follow.
struct [[gnu::packed]] ScsiRequestHeader {
    ScsiLun lun;
    uint64_t id;
    uint8_t attribute;
    uint8_t priority;
    uint8_t crn;
};
static_assert(sizeof(ScsiRequestHeader) == 19);

/// What its answer begins with; sense_size bytes of sense data follow.
struct ScsiResponseHeader {
    uint32_t senseLength = 0;
    uint32_t residual = 0;
    uint16_t statusQualifier = 0;
    uint8_t status = 0;
    uint8_t response = 0;
};
static_assert(sizeof(ScsiResponseHeader) == 12);

// Answers.
inline constexpr uint8_t VIRTIO_SCSI_S_OK = 0;
inline constexpr uint8_t VIRTIO_SCSI_S_OVERRUN = 1;
inline constexpr uint8_t VIRTIO_SCSI_S_ABORTED = 2;
inline constexpr uint8_t VIRTIO_SCSI_S_BAD_TARGET = 3;
inline constexpr uint8_t VIRTIO_SCSI_S_RESET = 4;
inline constexpr uint8_t VIRTIO_SCSI_S_BUSY = 5;
inline constexpr uint8_t VIRTIO_SCSI_S_FAILURE = 9;
inline constexpr uint8_t VIRTIO_SCSI_S_FUNCTION_COMPLETE = 0;
inline constexpr uint8_t VIRTIO_SCSI_S_FUNCTION_SUCCEEDED = 10;
inline constexpr uint8_t VIRTIO_SCSI_S_FUNCTION_REJECTED = 11;
inline constexpr uint8_t VIRTIO_SCSI_S_INCORRECT_LUN = 12;

// Requests of the control queue.
inline constexpr uint32_t VIRTIO_SCSI_T_TMF = 0;
inline constexpr uint32_t VIRTIO_SCSI_T_AN_QUERY = 1;
inline constexpr uint32_t VIRTIO_SCSI_T_AN_SUBSCRIBE = 2;

// Task management functions (SAM-5 section 7).
inline constexpr uint32_t VIRTIO_SCSI_T_TMF_ABORT_TASK = 0;
inline constexpr uint32_t VIRTIO_SCSI_T_TMF_ABORT_TASK_SET = 1;
inline constexpr uint32_t VIRTIO_SCSI_T_TMF_CLEAR_ACA = 2;
inline constexpr uint32_t VIRTIO_SCSI_T_TMF_CLEAR_TASK_SET = 3;
inline constexpr uint32_t VIRTIO_SCSI_T_TMF_I_T_NEXUS_RESET = 4;
inline constexpr uint32_t VIRTIO_SCSI_T_TMF_LOGICAL_UNIT_RESET = 5;
inline constexpr uint32_t VIRTIO_SCSI_T_TMF_QUERY_TASK = 6;
inline constexpr uint32_t VIRTIO_SCSI_T_TMF_QUERY_TASK_SET = 7;

/// A task management function, behind its type.
struct [[gnu::packed]] ScsiTmf {
    uint32_t subtype;
    ScsiLun lun;
    uint64_t id;
};
static_assert(sizeof(ScsiTmf) == 20);

/// A query for or subscription to asynchronous notifications, behind its type.
struct [[gnu::packed]] ScsiNotification {
    ScsiLun lun;
    uint32_t requested;
};
static_assert(sizeof(ScsiNotification) == 12);
struct [[gnu::packed]] ScsiNotificationAnswer {
    uint32_t actual;
    uint8_t response;
};
static_assert(sizeof(ScsiNotificationAnswer) == 5);
inline constexpr uint32_t VIRTIO_SCSI_EVT_ASYNC_MEDIA_CHANGE = 16;

// Events.
inline constexpr uint32_t VIRTIO_SCSI_T_NO_EVENT = 0;
inline constexpr uint32_t VIRTIO_SCSI_T_TRANSPORT_RESET = 1;
inline constexpr uint32_t VIRTIO_SCSI_T_ASYNC_NOTIFY = 2;
inline constexpr uint32_t VIRTIO_SCSI_T_PARAM_CHANGE = 3;
inline constexpr uint32_t VIRTIO_SCSI_T_EVENTS_MISSED = 0x8000'0000;
inline constexpr uint32_t VIRTIO_SCSI_EVT_RESET_RESCAN = 1;
inline constexpr uint32_t VIRTIO_SCSI_EVT_RESET_REMOVED = 2;
inline constexpr uint32_t kScsiCapacityChanged = 0x092a; ///< sense code 2a, qualifier 09
/// A buffer of the event queue, filled.
struct ScsiEvent {
    uint32_t event = 0;
    ScsiLun lun{};
    uint32_t reason = 0;
};
static_assert(sizeof(ScsiEvent) == 16);

} // namespace vmm::virtio
