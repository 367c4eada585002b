// SPDX-License-Identifier: GPL-2.0-only
// The wire format of sndif version 2: what stands in the shared pages and in XenStore.
// Every name and layout is that of Xen's public header io/sndif.h; src/shim/wire_check.c asserts
// that sizes, offsets and numbers are the kernel's own.
#pragma once

#include "base/types.hpp"

namespace xen_front::wire {

inline constexpr uint32_t page_size = KSHIM_PAGE_SIZE; // XEN_PAGE_SIZE
inline constexpr uint32_t protocol_version = 2;

// sndif.h, "REQUEST CODES".
enum class Operation : uint8_t {
    Open = 0,
    Close = 1,
    Read = 2,
    Write = 3,
    SetVolume = 4,
    GetVolume = 5,
    Mute = 6,
    Unmute = 7,
    Trigger = 8,
    HwParamQuery = 9,
};

inline constexpr uint32_t operation_count = static_cast<uint8_t>(Operation::HwParamQuery) + 1;

enum class TriggerType : uint8_t {
    Start = 0,
    Pause = 1,
    Stop = 2,
    Resume = 3,
};

// sndif.h, "EVENT CODES".
inline constexpr uint8_t event_current_position = 0;

struct OpenRequest {
    uint32_t pcm_rate; // Hz
    uint8_t pcm_format; // XENSND_PCM_FORMAT_*
    uint8_t pcm_channels;
    uint16_t reserved;
    uint32_t buffer_sz; // bytes
    uint32_t gref_directory; // first page of the page directory
    uint32_t period_sz; // bytes between two position events
};

// Of READ, WRITE and the volume operations, in bytes of the shared buffer.
struct TransferRequest {
    uint32_t offset;
    uint32_t length;
};

struct TriggerRequest {
    TriggerType type;
};

struct Interval {
    uint32_t min;
    uint32_t max;
};

// Asked and answered in the same shape; buffer and period in frames.
struct HwParamQuery {
    uint64_t formats; // bits (1 << XENSND_PCM_FORMAT_*)
    Interval rates;
    Interval channels;
    Interval buffer;
    Interval period;
};

struct Request {
    uint16_t id;
    Operation operation;
    uint8_t reserved[5];
    union {
        OpenRequest open;
        TransferRequest transfer;
        TriggerRequest trigger;
        HwParamQuery hw_param;
        uint8_t bytes[56];
    };
};

struct Response {
    uint16_t id;
    uint8_t operation;
    uint8_t reserved;
    int32_t status; // 0 or a negative XEN_E*
    union {
        HwParamQuery hw_param;
        uint8_t bytes[56];
    };
};

struct Event {
    uint16_t id;
    uint8_t type;
    uint8_t reserved[5];
    union {
        uint64_t position; // bytes since OPEN
        uint8_t bytes[56];
    };
};

// What of an event, and of a response to anything but HW_PARAM_QUERY, says something.
struct EventHead {
    uint16_t id;
    uint8_t type;
    uint8_t reserved[5];
    uint64_t position;
};
struct ResponseHead {
    uint16_t id;
    uint8_t operation;
    uint8_t reserved;
    int32_t status;
};

static_assert(__builtin_offsetof(EventHead, type) == __builtin_offsetof(Event, type) &&
              __builtin_offsetof(EventHead, position) == __builtin_offsetof(Event, position));
static_assert(__builtin_offsetof(ResponseHead, operation) ==
                  __builtin_offsetof(Response, operation) &&
              __builtin_offsetof(ResponseHead, status) == __builtin_offsetof(Response, status));
static_assert(sizeof(Request) == 64 && sizeof(Response) == 64 && sizeof(Event) == 64);

// Request and response share a slot.
union RingSlot {
    Request request;
    Response response;
};

// io/ring.h: indices run freely; the slot is the index modulo the ring's size.
struct RingPage {
    uint32_t req_prod;
    uint32_t req_event;
    uint32_t rsp_prod;
    uint32_t rsp_event;
    uint8_t reserved[48];
    RingSlot slots[(page_size - 64) / sizeof(RingSlot)];
};

// The largest power of two that fits the page.
inline constexpr uint32_t ring_size = 32;
static_assert(ring_size <= (page_size - 64) / sizeof(RingSlot));
static_assert(ring_size * size_t { 2 } > (page_size - 64) / sizeof(RingSlot));

inline constexpr uint32_t event_ring_size = (page_size - 64) / sizeof(Event);

// sndif.h, "Back to front events delivery".
struct EventPage {
    uint32_t in_cons;
    uint32_t in_prod;
    uint8_t reserved[56];
    Event events[event_ring_size];
};

static_assert(sizeof(RingPage) == page_size && sizeof(EventPage) == page_size);

inline constexpr uint32_t directory_entries = (page_size - sizeof(uint32_t)) / sizeof(uint32_t);

// A page of the list that names the pages of the buffer.
struct DirectoryPage {
    uint32_t gref_dir_next_page; // 0 in the last one
    uint32_t gref[directory_entries];
};

static_assert(sizeof(DirectoryPage) == page_size);

// xen/io/xenbus.h.
enum class XenbusState : uint32_t {
    Unknown = 0,
    Initialising = 1,
    InitWait = 2,
    Initialised = 3,
    Connected = 4,
    Closing = 5,
    Closed = 6,
    Reconfiguring = 7,
    Reconfigured = 8,
};
inline constexpr uint32_t xenbus_states = 9;

} // namespace xen_front::wire

namespace xen_front::field {

// sndif.h, "XENSTORE FIELD AND PATH NAME STRINGS".
inline constexpr const char *backend_versions = "versions";
inline constexpr const char *frontend_version = "version";
inline constexpr const char *short_name = "short-name";
inline constexpr const char *long_name = "long-name";
inline constexpr const char *ring_reference = "ring-ref";
inline constexpr const char *event_channel = "event-channel";
inline constexpr const char *event_ring_reference = "evt-ring-ref";
inline constexpr const char *event_ring_channel = "evt-event-channel";
inline constexpr const char *device_name = "name";
inline constexpr const char *stream_type = "type";
inline constexpr const char *unique_id = "unique-id";
inline constexpr const char *channels_min = "channels-min";
inline constexpr const char *channels_max = "channels-max";
inline constexpr const char *sample_rates = "sample-rates";
inline constexpr const char *sample_formats = "sample-formats";
inline constexpr const char *buffer_size = "buffer-size";

inline constexpr char list_separator = ',';

} // namespace xen_front::field
