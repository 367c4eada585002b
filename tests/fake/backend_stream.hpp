// SPDX-License-Identifier: GPL-2.0-only
// One stream of a backend: the other half of io/ring.h and sndif.h, over the pages that were
// granted to it. A test decides whether it is honest; it remembers what it saw.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "fake/kernel.hpp"
#include "sndif/protocol.hpp"

namespace xen_front::fake {

// What a frontend publishes about a stream.
struct TransportNodes {
    uint32_t ring_reference;
    uint32_t event_channel;
    uint32_t event_ring_reference;
    uint32_t event_ring_channel;
};

class BackendStream {
  public:
    // Maps the rings and binds the event channels; a fault when that is not possible.
    BackendStream(Kernel &kernel, uint16_t domain, const TransportNodes &nodes);
    ~BackendStream();
    BackendStream(const BackendStream &) = delete;
    BackendStream &operator=(const BackendStream &) = delete;

    const TransportNodes &nodes() const
    {
        return nodes_;
    }

    // ---- how it behaves ----

    // How long after a notification it looks at requests. Empty: it looks only at serve().
    std::optional<Duration> latency = Duration(0);
    // Operations that it carries out without answering.
    std::set<wire::Operation> withheld;
    // What it answers instead of 0.
    std::map<wire::Operation, int32_t> statuses;
    // Narrows a HW_PARAM_QUERY; unset: it answers with the query itself.
    std::function<wire::HwParamQuery(const wire::HwParamQuery &)> on_query;
    // What it does with a READ of what it has not recorded yet.
    enum class Reads {
        AnsweredAtOnce, // with bytes that it has not reported yet
        Held, // until it is recorded; refused when the device stops
        Blocking, // held, and so are all requests behind it
        Refused,
    };
    void set_reads(Reads reads);
    // While it is false it polls, with its clock, and does not want to be notified.
    bool wants_notifications = true;
    // The largest OPEN.buffer_sz that it accepts.
    uint32_t buffer_limit = UINT32_MAX;
    // The smallest OPEN.period_sz that it accepts.
    uint32_t period_min = 0;
    // Volume and mute of each channel, kept over CLOSE, and what it makes of a volume it is given.
    std::vector<int32_t> volumes = std::vector<int32_t>(255);
    std::vector<bool> muted = std::vector<bool>(255);
    std::function<int32_t(int32_t)> on_volume;
    // Plays, or records, in virtual time from START to STOP or PAUSE, and reports its position
    // after each period.
    bool has_clock = false;
    // As has_clock, but also for a stream that runs already.
    void start_clock();

    // ---- how it misbehaves ----

    // Called before an answer goes into the ring; may change it. False: it does not go.
    std::function<bool(const wire::Request &, wire::Response &)> before_answer;
    // Called when it is there.
    std::function<void(const wire::Response &)> after_answer;
    // Called before a position goes into the event page; may change it. False: it does not go.
    std::function<bool(uint64_t &)> before_position;
    // A backend that lies to the frontend reports no faults of the frontend.
    bool is_liar = false;
    // Its event channels are closed: nothing gets through, in neither direction.
    bool is_cut_off = false;
    // Called instead of unmapping a page, unless it is empty.
    std::function<void(void *)> keep_mapping;

    // ---- requests ----

    // Handles what is in the ring.
    void serve();
    // Answers what was withheld, the oldest first; false when there is nothing.
    bool answer_next();
    void answer_all();
    // Answers request number @index of those withheld.
    void answer_out_of_turn(size_t index);
    size_t withheld_count() const
    {
        return unanswered_.size();
    }
    // Puts any response into the ring, asked for or not, and interrupts if it is wanted.
    void respond(const wire::Response &response);

    // ---- positions ----

    // Reports @bytes since OPEN.
    void report_position(uint64_t bytes);
    // Plays @bytes more, which must have been written, and reports the position. Checks that the
    // buffer still holds what the frontend wrote, unless the application writes in place: then it
    // may change as soon as WRITE is answered.
    void play(uint64_t bytes);
    bool is_written_in_place = false;
    // Puts any event into the event page.
    void send_event(const wire::Event &event);
    uint64_t position() const
    {
        return position_;
    }

    // ---- what it saw ----

    struct Record {
        std::vector<wire::Request> requests;
        std::vector<uint8_t> written; // by WRITE since OPEN, in order
        uint64_t written_bytes = 0; // how many, even if is_counting_only
        uint64_t notifications = 0;
        uint64_t response_interrupts = 0;
        uint64_t event_interrupts = 0;
    };
    Record record;
    // Does not copy what is written: for more of it than fits memory.
    bool is_counting_only = false;
    // Where READ gets its bytes from.
    std::function<uint8_t(uint64_t position)> source;

    size_t count(wire::Operation operation) const;
    // The last OPEN; empty after CLOSE.
    const std::optional<wire::OpenRequest> &opened() const
    {
        return opened_;
    }
    bool is_running() const
    {
        return is_running_;
    }

    // ---- raw access, to break the protocol ----

    wire::RingPage &ring()
    {
        return *ring_;
    }
    wire::EventPage &event_page()
    {
        return *events_;
    }
    void interrupt_requests();
    void interrupt_events();

  private:
    // A fault of the frontend, unless this backend is a liar.
    void complain(const std::string &what) const;
    void unmap(void *page);
    void on_notification();
    void handle(const wire::Request &request);
    void finish(const wire::Request &request);
    bool is_recorded(const wire::Request &request) const;
    // Carries out requests that waited. @is_ending: recording ends, so the others are refused.
    void serve_waiting(bool is_ending);
    int32_t carry_out(const wire::Request &request);
    int32_t open(const wire::OpenRequest &request);
    void close();
    int32_t write(const wire::TransferRequest &transfer);
    int32_t read(const wire::TransferRequest &transfer);
    int32_t set_values(wire::Operation operation, const wire::TransferRequest &transfer);
    // The part of the buffer that is audio, or all of it as long as nothing tells.
    uint64_t audio_bytes() const;
    void trigger(wire::TriggerType type);
    void answer(const wire::Request &request, int32_t status);
    bool map_buffer(const wire::OpenRequest &request);
    bool is_inside(const wire::TransferRequest &transfer) const;
    uint8_t &buffer_byte(uint64_t offset);
    Duration period_time() const;
    void tick();

    Kernel &kernel_;
    const uint16_t domain_;
    const TransportNodes nodes_;
    wire::RingPage *ring_ = nullptr;
    wire::EventPage *events_ = nullptr;
    uint32_t request_consumed_ = 0;
    uint32_t response_produced_ = 0;
    uint32_t event_produced_ = 0;
    bool is_serving_ = false;
    struct Unanswered {
        wire::Request request;
        int32_t status;
    };
    std::deque<Unanswered> unanswered_;
    Reads reads_ = Reads::AnsweredAtOnce;
    std::deque<wire::Request> waiting_; // for a READ at the front

    std::optional<wire::OpenRequest> opened_;
    std::vector<uint8_t *> buffer_pages_;
    uint64_t first_offset_ = 0; // where the first WRITE since OPEN began
    uint64_t wrapped_at_ = 0; // where the frontend's WRITEs went back to the start; 0: not yet
    bool is_running_ = false;
    bool is_left_running_ = false; // by the last TRIGGER that was sent, answered as it may be
    uint64_t position_ = 0;
    Timeline::Plan next_tick_ = 0;
    Timeline::Plan next_serve_ = 0;
};

} // namespace xen_front::fake
