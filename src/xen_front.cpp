// SPDX-License-Identifier: GPL-2.0-only
// Every C++ file of the module, as one translation unit: Kbuild says why. Host tests compile
// each of them by itself.
// NOLINTBEGIN(bugprone-suspicious-include): to be one translation unit is the point.
#include "base/text.cpp"
#include "driver/card.cpp"
#include "driver/channel.cpp"
#include "driver/entry.cpp"
#include "driver/frontend.cpp"
#include "driver/shared_buffer.cpp"
#include "driver/stream.cpp"
#include "driver/stream_events.cpp"
#include "driver/stream_pcm.cpp"
#include "driver/stream_requests.cpp"
#include "driver/stream_transport.cpp"
#include "driver/xenstore_config.cpp"
#include "kernel/granted_page.cpp"
#include "kernel/xenbus_device.cpp"
#include "sndif/config.cpp"
#include "sndif/config_layer.cpp"
#include "sndif/config_reader.cpp"
#include "sndif/event_queue.cpp"
#include "sndif/hw_params.cpp"
#include "sndif/page_directory.cpp"
#include "sndif/position_tracker.cpp"
#include "sndif/request_ring.cpp"
#include "sndif/wire_check.cpp"
// NOLINTEND(bugprone-suspicious-include)
