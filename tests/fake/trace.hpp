// SPDX-License-Identifier: GPL-2.0-only
// Tracepoints, and a tracer that records them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kshim/trace.h"

namespace xen_front::fake {

// What was recorded, each kind in order. To call a tracepoint that is off is a fault: the driver
// has prepared its arguments for nothing.
class Trace {
  public:
    Trace() = default;
    // Off again.
    ~Trace();
    Trace(const Trace &) = delete;
    Trace &operator=(const Trace &) = delete;

    static void start();
    static void stop();

    struct Response {
        kshim_trace_stream stream;
        uint16_t id;
        uint8_t operation;
        int32_t status;
    };
    struct Event {
        kshim_trace_stream stream;
        uint64_t bytes;
        uint64_t frames;
    };
    struct State {
        uint32_t card;
        uint32_t frontend;
        uint32_t backend;
    };
    struct StreamState {
        kshim_trace_stream stream;
        std::string run;
        std::string link;
    };
    std::vector<std::pair<kshim_trace_stream, kshim_trace_request>> requests;
    std::vector<Response> responses;
    std::vector<std::pair<kshim_trace_stream, bool>> notifications;
    std::vector<Event> events;
    std::vector<std::pair<kshim_trace_stream, kshim_trace_position>> positions;
    std::vector<State> states;
    std::vector<StreamState> stream_states;
};

} // namespace xen_front::fake
