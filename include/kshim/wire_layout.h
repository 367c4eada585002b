/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The numbers that the C++ in src/sndif and src/base/error.hpp must share with the kernel.
 *
 * Each row gives an expression over the kernel's headers, one over ours, and the value of both.
 * src/shim/wire_check.c asserts the first, src/sndif/wire_check.cpp the second, so the module
 * needs no Xen header but the kernel's and the C++ needs none at all.
 */
#ifndef KSHIM_WIRE_LAYOUT_H
#define KSHIM_WIRE_LAYOUT_H

#define KSHIM_WIRE_FACTS(X)                                                                    \
	X(sizeof(struct xensnd_req), sizeof(wire::Request), 64)                                \
	X(sizeof(struct xensnd_resp), sizeof(wire::Response), 64)                              \
	X(sizeof(struct xensnd_evt), sizeof(wire::Event), 64)                                  \
	X(offsetof(struct xensnd_req, id), offsetof(wire::Request, id), 0)                     \
	X(offsetof(struct xensnd_req, operation), offsetof(wire::Request, operation), 2)       \
	X(offsetof(struct xensnd_req, op.open.pcm_rate),                                       \
	  offsetof(wire::Request, open.pcm_rate), 8)                                           \
	X(offsetof(struct xensnd_req, op.open.pcm_format),                                     \
	  offsetof(wire::Request, open.pcm_format), 12)                                        \
	X(offsetof(struct xensnd_req, op.open.pcm_channels),                                   \
	  offsetof(wire::Request, open.pcm_channels), 13)                                      \
	X(offsetof(struct xensnd_req, op.open.buffer_sz),                                      \
	  offsetof(wire::Request, open.buffer_sz), 16)                                         \
	X(offsetof(struct xensnd_req, op.open.gref_directory),                                 \
	  offsetof(wire::Request, open.gref_directory), 20)                                    \
	X(offsetof(struct xensnd_req, op.open.period_sz),                                      \
	  offsetof(wire::Request, open.period_sz), 24)                                         \
	X(offsetof(struct xensnd_req, op.rw.offset),                                           \
	  offsetof(wire::Request, transfer.offset), 8)                                         \
	X(offsetof(struct xensnd_req, op.rw.length),                                           \
	  offsetof(wire::Request, transfer.length), 12)                                        \
	X(offsetof(struct xensnd_req, op.trigger.type),                                        \
	  offsetof(wire::Request, trigger.type), 8)                                            \
	X(offsetof(struct xensnd_req, op.hw_param.formats),                                    \
	  offsetof(wire::Request, hw_param.formats), 8)                                        \
	X(offsetof(struct xensnd_req, op.hw_param.rates.min),                                  \
	  offsetof(wire::Request, hw_param.rates.min), 16)                                     \
	X(offsetof(struct xensnd_req, op.hw_param.period.max),                                 \
	  offsetof(wire::Request, hw_param.period.max), 44)                                    \
	X(offsetof(struct xensnd_resp, id), offsetof(wire::Response, id), 0)                   \
	X(offsetof(struct xensnd_resp, operation), offsetof(wire::Response, operation), 2)     \
	X(offsetof(struct xensnd_resp, status), offsetof(wire::Response, status), 4)           \
	X(offsetof(struct xensnd_resp, resp.hw_param.channels.max),                            \
	  offsetof(wire::Response, hw_param.channels.max), 28)                                 \
	X(offsetof(struct xensnd_resp, resp.hw_param.buffer.min),                              \
	  offsetof(wire::Response, hw_param.buffer.min), 32)                                   \
	X(offsetof(struct xensnd_evt, type), offsetof(wire::Event, type), 2)                   \
	X(offsetof(struct xensnd_evt, op.cur_pos.position),                                    \
	  offsetof(wire::Event, position), 8)                                                  \
	X(offsetof(struct xensnd_event_page, in_cons), offsetof(wire::EventPage, in_cons), 0)  \
	X(offsetof(struct xensnd_event_page, in_prod), offsetof(wire::EventPage, in_prod), 4)  \
	X(XENSND_IN_RING_OFFS, offsetof(wire::EventPage, events), 64)                          \
	X(XENSND_IN_RING_LEN, wire::event_ring_size, 63)                                       \
	X(offsetof(struct xen_sndif_sring, req_prod), offsetof(wire::RingPage, req_prod), 0)   \
	X(offsetof(struct xen_sndif_sring, req_event), offsetof(wire::RingPage, req_event), 4) \
	X(offsetof(struct xen_sndif_sring, rsp_prod), offsetof(wire::RingPage, rsp_prod), 8)   \
	X(offsetof(struct xen_sndif_sring, rsp_event), offsetof(wire::RingPage, rsp_event), 12)\
	X(offsetof(struct xen_sndif_sring, ring), offsetof(wire::RingPage, slots), 64)         \
	X(__CONST_RING_SIZE(xen_sndif, XEN_PAGE_SIZE), wire::ring_size, 32)                    \
	X(offsetof(struct xensnd_page_directory, gref), offsetof(wire::DirectoryPage, gref), 4)\
	X(XENSND_PROTOCOL_VERSION, wire::protocol_version, 2)                                  \
	X(XENSND_OP_OPEN, (int)wire::Operation::Open, 0)                                       \
	X(XENSND_OP_CLOSE, (int)wire::Operation::Close, 1)                                     \
	X(XENSND_OP_READ, (int)wire::Operation::Read, 2)                                       \
	X(XENSND_OP_WRITE, (int)wire::Operation::Write, 3)                                     \
	X(XENSND_OP_SET_VOLUME, (int)wire::Operation::SetVolume, 4)                            \
	X(XENSND_OP_GET_VOLUME, (int)wire::Operation::GetVolume, 5)                            \
	X(XENSND_OP_MUTE, (int)wire::Operation::Mute, 6)                                       \
	X(XENSND_OP_UNMUTE, (int)wire::Operation::Unmute, 7)                                   \
	X(XENSND_OP_TRIGGER, (int)wire::Operation::Trigger, 8)                                 \
	X(XENSND_OP_HW_PARAM_QUERY, (int)wire::Operation::HwParamQuery, 9)                     \
	X(XENSND_OP_TRIGGER_START, (int)wire::TriggerType::Start, 0)                           \
	X(XENSND_OP_TRIGGER_PAUSE, (int)wire::TriggerType::Pause, 1)                           \
	X(XENSND_OP_TRIGGER_STOP, (int)wire::TriggerType::Stop, 2)                             \
	X(XENSND_OP_TRIGGER_RESUME, (int)wire::TriggerType::Resume, 3)                         \
	X(XENSND_EVT_CUR_POS, wire::event_current_position, 0)                                 \
	X(XenbusStateUnknown, (int)wire::XenbusState::Unknown, 0)                              \
	X(XenbusStateInitialising, (int)wire::XenbusState::Initialising, 1)                    \
	X(XenbusStateInitWait, (int)wire::XenbusState::InitWait, 2)                            \
	X(XenbusStateInitialised, (int)wire::XenbusState::Initialised, 3)                      \
	X(XenbusStateConnected, (int)wire::XenbusState::Connected, 4)                          \
	X(XenbusStateClosing, (int)wire::XenbusState::Closing, 5)                              \
	X(XenbusStateClosed, (int)wire::XenbusState::Closed, 6)                                \
	X(XenbusStateReconfiguring, (int)wire::XenbusState::Reconfiguring, 7)                  \
	X(XenbusStateReconfigured, (int)wire::XenbusState::Reconfigured, 8)                    \
	X(EPERM, (int)Error::NotPermitted, 1)                                                  \
	X(ENOENT, (int)Error::NoEntry, 2)                                                      \
	X(EIO, (int)Error::Io, 5)                                                              \
	X(E2BIG, (int)Error::TooBig, 7)                                                        \
	X(EAGAIN, (int)Error::TryAgain, 11)                                                    \
	X(ENOMEM, (int)Error::NoMemory, 12)                                                    \
	X(EBUSY, (int)Error::Busy, 16)                                                         \
	X(ENODEV, (int)Error::NoDevice, 19)                                                    \
	X(EINVAL, (int)Error::Invalid, 22)                                                     \
	X(ENOSPC, (int)Error::NoSpace, 28)                                                     \
	X(EPIPE, (int)Error::BrokenPipe, 32)                                                   \
	X(ERANGE, (int)Error::Range, 34)                                                       \
	X(EPROTO, (int)Error::Protocol, 71)

/* The names of XenStore nodes. */
#define KSHIM_WIRE_FIELDS(X)                                                                   \
	X(XENSND_FIELD_BE_VERSIONS, field::backend_versions, "versions")                       \
	X(XENSND_FIELD_FE_VERSION, field::frontend_version, "version")                         \
	X(XENSND_FIELD_VCARD_SHORT_NAME, field::short_name, "short-name")                      \
	X(XENSND_FIELD_VCARD_LONG_NAME, field::long_name, "long-name")                         \
	X(XENSND_FIELD_RING_REF, field::ring_reference, "ring-ref")                            \
	X(XENSND_FIELD_EVT_CHNL, field::event_channel, "event-channel")                        \
	X(XENSND_FIELD_EVT_RING_REF, field::event_ring_reference, "evt-ring-ref")              \
	X(XENSND_FIELD_EVT_EVT_CHNL, field::event_ring_channel, "evt-event-channel")           \
	X(XENSND_FIELD_DEVICE_NAME, field::device_name, "name")                                \
	X(XENSND_FIELD_TYPE, field::stream_type, "type")                                       \
	X(XENSND_FIELD_STREAM_UNIQUE_ID, field::unique_id, "unique-id")                        \
	X(XENSND_FIELD_CHANNELS_MIN, field::channels_min, "channels-min")                      \
	X(XENSND_FIELD_CHANNELS_MAX, field::channels_max, "channels-max")                      \
	X(XENSND_FIELD_SAMPLE_RATES, field::sample_rates, "sample-rates")                      \
	X(XENSND_FIELD_SAMPLE_FORMATS, field::sample_formats, "sample-formats")                \
	X(XENSND_FIELD_BUFFER_SIZE, field::buffer_size, "buffer-size")

/* The same for sample formats: name in sndif.h, and in ALSA. */
#define KSHIM_WIRE_FORMATS(X)                                                                  \
	X(S8, S8, 0)                                                                           \
	X(U8, U8, 1)                                                                           \
	X(S16_LE, S16_LE, 2)                                                                   \
	X(S16_BE, S16_BE, 3)                                                                   \
	X(U16_LE, U16_LE, 4)                                                                   \
	X(U16_BE, U16_BE, 5)                                                                   \
	X(S24_LE, S24_LE, 6)                                                                   \
	X(S24_BE, S24_BE, 7)                                                                   \
	X(U24_LE, U24_LE, 8)                                                                   \
	X(U24_BE, U24_BE, 9)                                                                   \
	X(S32_LE, S32_LE, 10)                                                                  \
	X(S32_BE, S32_BE, 11)                                                                  \
	X(U32_LE, U32_LE, 12)                                                                  \
	X(U32_BE, U32_BE, 13)                                                                  \
	X(F32_LE, FLOAT_LE, 14)                                                                \
	X(F32_BE, FLOAT_BE, 15)                                                                \
	X(F64_LE, FLOAT64_LE, 16)                                                              \
	X(F64_BE, FLOAT64_BE, 17)                                                              \
	X(IEC958_SUBFRAME_LE, IEC958_SUBFRAME_LE, 18)                                          \
	X(IEC958_SUBFRAME_BE, IEC958_SUBFRAME_BE, 19)                                          \
	X(MU_LAW, MU_LAW, 20)                                                                  \
	X(A_LAW, A_LAW, 21)                                                                    \
	X(IMA_ADPCM, IMA_ADPCM, 22)                                                            \
	X(MPEG, MPEG, 23)                                                                      \
	X(GSM, GSM, 24)

#endif
