// SPDX-License-Identifier: GPL-2.0-only
// The wire structures against Xen's own headers.
#include "sndif/protocol.hpp"

#include <gtest/gtest.h>
#include <xen/io/sndif.h>
#include <xen/io/xenbus.h>

#include <cstddef>
#include <string>

namespace xen_front::test {
namespace {

// A member at the same place, and of the same size, as in Xen's structure.
#define SAME_MEMBER(ours, our_member, theirs, their_member)                                        \
    static_assert(offsetof(ours, our_member) == offsetof(theirs, their_member));                   \
    static_assert(sizeof(ours::our_member) == sizeof(theirs::their_member))

// Of a part of a union: @ours starts at @base in the slot.
#define SAME_PART(slot, base, ours, our_member, theirs, their_member)                              \
    static_assert(offsetof(slot, base) + offsetof(ours, our_member) ==                             \
                  offsetof(theirs, their_member));                                                 \
    static_assert(sizeof(ours::our_member) == sizeof(((theirs *)nullptr)->their_member))

static_assert(sizeof(wire::Request) == sizeof(xensnd_req));
SAME_MEMBER(wire::Request, id, xensnd_req, id);
SAME_MEMBER(wire::Request, operation, xensnd_req, operation);
SAME_PART(wire::Request, open, wire::OpenRequest, pcm_rate, xensnd_req, op.open.pcm_rate);
SAME_PART(wire::Request, open, wire::OpenRequest, pcm_format, xensnd_req, op.open.pcm_format);
SAME_PART(wire::Request, open, wire::OpenRequest, pcm_channels, xensnd_req, op.open.pcm_channels);
SAME_PART(wire::Request, open, wire::OpenRequest, buffer_sz, xensnd_req, op.open.buffer_sz);
SAME_PART(wire::Request, open, wire::OpenRequest, gref_directory, xensnd_req,
          op.open.gref_directory);
SAME_PART(wire::Request, open, wire::OpenRequest, period_sz, xensnd_req, op.open.period_sz);
SAME_PART(wire::Request, transfer, wire::TransferRequest, offset, xensnd_req, op.rw.offset);
SAME_PART(wire::Request, transfer, wire::TransferRequest, length, xensnd_req, op.rw.length);
SAME_PART(wire::Request, trigger, wire::TriggerRequest, type, xensnd_req, op.trigger.type);
SAME_PART(wire::Request, hw_param, wire::HwParamQuery, formats, xensnd_req, op.hw_param.formats);
SAME_PART(wire::Request, hw_param, wire::HwParamQuery, rates, xensnd_req, op.hw_param.rates);
SAME_PART(wire::Request, hw_param, wire::HwParamQuery, channels, xensnd_req, op.hw_param.channels);
SAME_PART(wire::Request, hw_param, wire::HwParamQuery, buffer, xensnd_req, op.hw_param.buffer);
SAME_PART(wire::Request, hw_param, wire::HwParamQuery, period, xensnd_req, op.hw_param.period);
SAME_PART(wire::HwParamQuery, rates, wire::Interval, min, xensnd_query_hw_param, rates.min);
SAME_PART(wire::HwParamQuery, rates, wire::Interval, max, xensnd_query_hw_param, rates.max);

static_assert(sizeof(wire::Response) == sizeof(xensnd_resp));
SAME_MEMBER(wire::Response, id, xensnd_resp, id);
SAME_MEMBER(wire::Response, operation, xensnd_resp, operation);
SAME_MEMBER(wire::Response, status, xensnd_resp, status);
SAME_PART(wire::Response, hw_param, wire::HwParamQuery, formats, xensnd_resp,
          resp.hw_param.formats);
SAME_PART(wire::Response, hw_param, wire::HwParamQuery, period, xensnd_resp, resp.hw_param.period);

static_assert(sizeof(wire::Event) == sizeof(xensnd_evt));
SAME_MEMBER(wire::Event, id, xensnd_evt, id);
SAME_MEMBER(wire::Event, type, xensnd_evt, type);
SAME_MEMBER(wire::Event, position, xensnd_evt, op.cur_pos.position);

SAME_MEMBER(wire::EventPage, in_cons, xensnd_event_page, in_cons);
SAME_MEMBER(wire::EventPage, in_prod, xensnd_event_page, in_prod);
static_assert(offsetof(wire::EventPage, events) == XENSND_IN_RING_OFFS);
static_assert(wire::event_ring_size == XENSND_IN_RING_LEN);

SAME_MEMBER(wire::DirectoryPage, gref_dir_next_page, xensnd_page_directory, gref_dir_next_page);
static_assert(offsetof(wire::DirectoryPage, gref) == offsetof(xensnd_page_directory, gref));

SAME_MEMBER(wire::RingPage, req_prod, xen_sndif_sring, req_prod);
SAME_MEMBER(wire::RingPage, req_event, xen_sndif_sring, req_event);
SAME_MEMBER(wire::RingPage, rsp_prod, xen_sndif_sring, rsp_prod);
SAME_MEMBER(wire::RingPage, rsp_event, xen_sndif_sring, rsp_event);
static_assert(offsetof(wire::RingPage, slots) == offsetof(xen_sndif_sring, ring));
static_assert(sizeof(wire::RingSlot) == sizeof(xen_sndif_sring_entry));

#undef SAME_MEMBER
#undef SAME_PART

TEST(Protocol, HasTheSizeOfXensRing)
{
    alignas(wire::page_size) unsigned char page[wire::page_size] = {};
    const auto *ring = reinterpret_cast<xen_sndif_sring *>(page);
    EXPECT_EQ(wire::ring_size, __CONST_RING_SIZE(xen_sndif, wire::page_size));
    EXPECT_EQ(wire::ring_size, __RING_SIZE(ring, wire::page_size));
}

TEST(Protocol, HasTheOperationsOfSndif)
{
    const auto number = [](wire::Operation operation) {
        return static_cast<int>(operation);
    };
    EXPECT_EQ(number(wire::Operation::Open), XENSND_OP_OPEN);
    EXPECT_EQ(number(wire::Operation::Close), XENSND_OP_CLOSE);
    EXPECT_EQ(number(wire::Operation::Read), XENSND_OP_READ);
    EXPECT_EQ(number(wire::Operation::Write), XENSND_OP_WRITE);
    EXPECT_EQ(number(wire::Operation::SetVolume), XENSND_OP_SET_VOLUME);
    EXPECT_EQ(number(wire::Operation::GetVolume), XENSND_OP_GET_VOLUME);
    EXPECT_EQ(number(wire::Operation::Mute), XENSND_OP_MUTE);
    EXPECT_EQ(number(wire::Operation::Unmute), XENSND_OP_UNMUTE);
    EXPECT_EQ(number(wire::Operation::Trigger), XENSND_OP_TRIGGER);
    EXPECT_EQ(number(wire::Operation::HwParamQuery), XENSND_OP_HW_PARAM_QUERY);

    const auto trigger = [](wire::TriggerType type) {
        return static_cast<int>(type);
    };
    EXPECT_EQ(trigger(wire::TriggerType::Start), XENSND_OP_TRIGGER_START);
    EXPECT_EQ(trigger(wire::TriggerType::Pause), XENSND_OP_TRIGGER_PAUSE);
    EXPECT_EQ(trigger(wire::TriggerType::Stop), XENSND_OP_TRIGGER_STOP);
    EXPECT_EQ(trigger(wire::TriggerType::Resume), XENSND_OP_TRIGGER_RESUME);

    EXPECT_EQ(wire::event_current_position, XENSND_EVT_CUR_POS);
    EXPECT_EQ(wire::protocol_version, unsigned { XENSND_PROTOCOL_VERSION });
}

TEST(Protocol, HasTheStatesOfXenbus)
{
    const auto number = [](wire::XenbusState state) {
        return static_cast<int>(state);
    };
    EXPECT_EQ(number(wire::XenbusState::Unknown), XenbusStateUnknown);
    EXPECT_EQ(number(wire::XenbusState::Initialising), XenbusStateInitialising);
    EXPECT_EQ(number(wire::XenbusState::InitWait), XenbusStateInitWait);
    EXPECT_EQ(number(wire::XenbusState::Initialised), XenbusStateInitialised);
    EXPECT_EQ(number(wire::XenbusState::Connected), XenbusStateConnected);
    EXPECT_EQ(number(wire::XenbusState::Closing), XenbusStateClosing);
    EXPECT_EQ(number(wire::XenbusState::Closed), XenbusStateClosed);
    EXPECT_EQ(number(wire::XenbusState::Reconfiguring), XenbusStateReconfiguring);
    EXPECT_EQ(number(wire::XenbusState::Reconfigured), XenbusStateReconfigured);
    EXPECT_EQ(wire::xenbus_states, static_cast<uint32_t>(XenbusStateReconfigured) + 1);
}

TEST(Protocol, HasTheFieldNamesOfSndif)
{
    EXPECT_STREQ(field::backend_versions, XENSND_FIELD_BE_VERSIONS);
    EXPECT_STREQ(field::frontend_version, XENSND_FIELD_FE_VERSION);
    EXPECT_STREQ(field::short_name, XENSND_FIELD_VCARD_SHORT_NAME);
    EXPECT_STREQ(field::long_name, XENSND_FIELD_VCARD_LONG_NAME);
    EXPECT_STREQ(field::ring_reference, XENSND_FIELD_RING_REF);
    EXPECT_STREQ(field::event_channel, XENSND_FIELD_EVT_CHNL);
    EXPECT_STREQ(field::event_ring_reference, XENSND_FIELD_EVT_RING_REF);
    EXPECT_STREQ(field::event_ring_channel, XENSND_FIELD_EVT_EVT_CHNL);
    EXPECT_STREQ(field::device_name, XENSND_FIELD_DEVICE_NAME);
    EXPECT_STREQ(field::stream_type, XENSND_FIELD_TYPE);
    EXPECT_STREQ(field::unique_id, XENSND_FIELD_STREAM_UNIQUE_ID);
    EXPECT_STREQ(field::channels_min, XENSND_FIELD_CHANNELS_MIN);
    EXPECT_STREQ(field::channels_max, XENSND_FIELD_CHANNELS_MAX);
    EXPECT_STREQ(field::sample_rates, XENSND_FIELD_SAMPLE_RATES);
    EXPECT_STREQ(field::sample_formats, XENSND_FIELD_SAMPLE_FORMATS);
    EXPECT_STREQ(field::buffer_size, XENSND_FIELD_BUFFER_SIZE);
    EXPECT_EQ(std::string(1, field::list_separator), XENSND_LIST_SEPARATOR);
}

} // namespace
} // namespace xen_front::test
