// SPDX-License-Identifier: GPL-2.0-only
#include "fake/backend_stream.hpp"

#include <algorithm>
#include <utility>

#include "fake/fault.hpp"
#include "fake/sample_layout.hpp"

namespace xen_front::fake {

namespace {

constexpr int32_t status_io = -5; // XEN_EIO
constexpr int32_t status_again = -11; // XEN_EAGAIN
constexpr int32_t status_invalid = -22; // XEN_EINVAL

// What the rows of volume and mute values may add to a buffer, with what aligns them.
constexpr uint32_t values_bytes_max = 4 * 4 * 255 + 3;

} // namespace

BackendStream::BackendStream(Kernel &kernel, uint16_t domain, const TransportNodes &nodes)
    : kernel_(kernel), domain_(domain), nodes_(nodes)
{
    PhysicalMemory &memory = kernel_.memory;
    ring_ = static_cast<wire::RingPage *>(memory.map_grant(domain_, nodes_.ring_reference));
    events_ =
        static_cast<wire::EventPage *>(memory.map_grant(domain_, nodes_.event_ring_reference));
    kshim_event_channel *requests = kernel_.event_channels.find(domain_, nodes_.event_channel);
    if (ring_ == nullptr || events_ == nullptr || requests == nullptr ||
        kernel_.event_channels.find(domain_, nodes_.event_ring_channel) == nullptr) {
        report_fault("the frontend published a transport that the backend cannot use");
        return;
    }
    requests->peer = [this] {
        on_notification();
    };
}

BackendStream::~BackendStream()
{
    close();
    kernel_.timeline.cancel(next_serve_);
    if (kshim_event_channel *channel = kernel_.event_channels.find(domain_, nodes_.event_channel))
        channel->peer = nullptr;
    if (ring_ != nullptr)
        unmap(ring_);
    if (events_ != nullptr)
        unmap(events_);
}

void BackendStream::complain(const std::string &what) const
{
    if (!is_liar)
        report_fault(what);
}

void BackendStream::unmap(void *page)
{
    if (keep_mapping)
        keep_mapping(page);
    else
        kernel_.memory.unmap_grant(page);
}

void BackendStream::on_notification()
{
    record.notifications++;
    if (!latency || is_cut_off)
        return;
    if (*latency == Duration(0)) {
        serve();
        return;
    }
    if (next_serve_ == 0)
        next_serve_ = kernel_.timeline.after(*latency, [this] {
            next_serve_ = 0;
            serve();
        });
}

void BackendStream::serve()
{
    // An answer may make the frontend send, and notify, from inside of here.
    if (is_serving_)
        return;
    is_serving_ = true;
    for (;;) {
        const uint32_t produced = __atomic_load_n(&ring_->req_prod, __ATOMIC_ACQUIRE);
        if (produced - response_produced_ > wire::ring_size)
            complain("the frontend overran the request ring");
        if (produced == request_consumed_) {
            if (!wants_notifications)
                break;
            __atomic_store_n(&ring_->req_event, request_consumed_ + 1, __ATOMIC_SEQ_CST);
            if (__atomic_load_n(&ring_->req_prod, __ATOMIC_ACQUIRE) == request_consumed_)
                break;
            continue;
        }
        const wire::Request request = ring_->slots[request_consumed_ % wire::ring_size].request;
        request_consumed_++;
        handle(request);
    }
    is_serving_ = false;
}

void BackendStream::handle(const wire::Request &request)
{
    record.requests.push_back(request);
    const bool is_end = request.operation == wire::Operation::Close ||
                        (request.operation == wire::Operation::Trigger &&
                         (request.trigger.type == wire::TriggerType::Stop ||
                          request.trigger.type == wire::TriggerType::Pause));
    if (is_end && reads_ == Reads::Held)
        serve_waiting(true);
    if ((!waiting_.empty() && reads_ == Reads::Blocking) || !is_recorded(request)) {
        if (reads_ == Reads::Refused)
            answer(request, status_again);
        else
            waiting_.push_back(request);
        return;
    }
    finish(request);
}

bool BackendStream::is_recorded(const wire::Request &request) const
{
    return request.operation != wire::Operation::Read || reads_ == Reads::AnsweredAtOnce ||
           record.written_bytes + request.transfer.length <= position_;
}

void BackendStream::set_reads(Reads reads)
{
    reads_ = reads;
    serve_waiting(true);
}

void BackendStream::serve_waiting(bool is_ending)
{
    while (!waiting_.empty() && (is_ending || is_recorded(waiting_.front()))) {
        const wire::Request request = waiting_.front();
        waiting_.pop_front();
        if (is_recorded(request))
            finish(request);
        else
            answer(request, status_again);
    }
}

void BackendStream::finish(const wire::Request &request)
{
    const auto chosen = statuses.find(request.operation);
    const bool is_refused = chosen != statuses.end();
    // Whatever it says about CLOSE, the stream is closed; and bytes are passed over, played or not.
    const bool is_done_anyway = request.operation == wire::Operation::Close ||
                                request.operation == wire::Operation::Write ||
                                request.operation == wire::Operation::Read;
    int32_t status = 0;
    if (!is_refused || is_done_anyway)
        status = carry_out(request);
    if (is_refused)
        status = chosen->second;
    if (withheld.contains(request.operation))
        unanswered_.push_back({ request, status });
    else
        answer(request, status);
}

int32_t BackendStream::carry_out(const wire::Request &request)
{
    switch (request.operation) {
    case wire::Operation::Open:
        return open(request.open);
    case wire::Operation::Close:
        close();
        return 0;
    case wire::Operation::Write:
        return write(request.transfer);
    case wire::Operation::Read:
        return read(request.transfer);
    case wire::Operation::SetVolume:
    case wire::Operation::GetVolume:
    case wire::Operation::Mute:
    case wire::Operation::Unmute:
        return set_values(request.operation, request.transfer);
    case wire::Operation::Trigger:
        if (!opened_)
            return status_io;
        trigger(request.trigger.type);
        return 0;
    case wire::Operation::HwParamQuery:
        if (opened_)
            complain("HW_PARAM_QUERY after OPEN");
        return 0;
    default:
        return status_invalid;
    }
}

void BackendStream::answer(const wire::Request &request, int32_t status)
{
    wire::Response response = {};
    response.id = request.id;
    response.operation = static_cast<uint8_t>(request.operation);
    response.status = status;
    if (request.operation == wire::Operation::HwParamQuery)
        response.hw_param = on_query ? on_query(request.hw_param) : request.hw_param;
    if (before_answer && !before_answer(request, response))
        return;
    respond(response);
    if (after_answer)
        after_answer(response);
}

void BackendStream::respond(const wire::Response &response)
{
    const uint32_t before = response_produced_;
    ring_->slots[response_produced_ % wire::ring_size].response = response;
    response_produced_++;
    __atomic_store_n(&ring_->rsp_prod, response_produced_, __ATOMIC_SEQ_CST);
    const uint32_t wanted = __atomic_load_n(&ring_->rsp_event, __ATOMIC_SEQ_CST);
    if (response_produced_ - wanted < response_produced_ - before)
        interrupt_requests();
}

bool BackendStream::answer_next()
{
    if (unanswered_.empty())
        return false;
    answer_out_of_turn(0);
    return true;
}

void BackendStream::answer_all()
{
    // What is withheld meanwhile waits for its own turn.
    for (size_t left = unanswered_.size(); left > 0; left--)
        answer_next();
}

void BackendStream::answer_out_of_turn(size_t index)
{
    const Unanswered next = unanswered_.at(index);
    unanswered_.erase(unanswered_.begin() + static_cast<ptrdiff_t>(index));
    answer(next.request, next.status);
}

void BackendStream::interrupt_requests()
{
    if (is_cut_off)
        return;
    record.response_interrupts++;
    kernel_.event_channels.raise(domain_, nodes_.event_channel);
}

void BackendStream::interrupt_events()
{
    if (is_cut_off)
        return;
    record.event_interrupts++;
    kernel_.event_channels.raise(domain_, nodes_.event_ring_channel);
}

size_t BackendStream::count(wire::Operation operation) const
{
    return static_cast<size_t>(
        std::count_if(record.requests.begin(), record.requests.end(),
                      [=](const auto &request) { return request.operation == operation; }));
}

bool BackendStream::map_buffer(const wire::OpenRequest &request)
{
    size_t missing = (size_t { request.buffer_sz } + wire::page_size - 1) / wire::page_size;
    uint32_t reference = request.gref_directory;
    while (missing > 0) {
        auto *page =
            static_cast<wire::DirectoryPage *>(kernel_.memory.map_grant(domain_, reference));
        if (page == nullptr)
            return false;
        const wire::DirectoryPage directory = *page;
        kernel_.memory.unmap_grant(page);
        for (uint32_t i = 0; i < wire::directory_entries && missing > 0; i++, missing--) {
            void *audio = kernel_.memory.map_grant(domain_, directory.gref[i]);
            if (audio == nullptr)
                return false;
            buffer_pages_.push_back(static_cast<uint8_t *>(audio));
        }
        reference = directory.gref_dir_next_page;
        if (missing == 0 && reference != 0)
            complain("the page directory goes on after its last page");
    }
    return true;
}

int32_t BackendStream::open(const wire::OpenRequest &request)
{
    if (opened_) {
        complain("OPEN of a stream that is open");
        return status_invalid;
    }
    if (request.buffer_sz == 0 || request.period_sz == 0 || request.period_sz > request.buffer_sz) {
        complain("OPEN with an impossible buffer or period size");
        return status_invalid;
    }
    if (request.buffer_sz > buffer_limit)
        return status_invalid;
    // Grants may have been ended meanwhile if the frontend did not wait for the answer.
    if (!map_buffer(request)) {
        close();
        return status_io;
    }
    opened_ = request;
    first_offset_ = 0;
    wrapped_at_ = 0;
    position_ = 0;
    record.written.clear();
    record.written_bytes = 0;
    return 0;
}

void BackendStream::close()
{
    kernel_.timeline.cancel(next_tick_);
    is_running_ = false;
    for (uint8_t *page : buffer_pages_)
        unmap(page);
    buffer_pages_.clear();
    opened_.reset();
}

uint8_t &BackendStream::buffer_byte(uint64_t offset)
{
    return buffer_pages_[offset / wire::page_size][offset % wire::page_size];
}

bool BackendStream::is_inside(const wire::TransferRequest &transfer) const
{
    if (opened_ && transfer.length != 0 &&
        uint64_t { transfer.offset } + transfer.length <= opened_->buffer_sz)
        return true;
    complain("READ or WRITE outside of the buffer");
    return false;
}

int32_t BackendStream::write(const wire::TransferRequest &transfer)
{
    if (!is_inside(transfer))
        return status_invalid;
    // A stream that goes on with what another backend has begun does so anywhere in the buffer.
    if (record.written_bytes == 0)
        first_offset_ = transfer.offset;
    if (wrapped_at_ == 0 && transfer.offset == 0 && record.written_bytes != 0) {
        wrapped_at_ = first_offset_ + record.written_bytes;
        if (wrapped_at_ + values_bytes_max < opened_->buffer_sz)
            complain("WRITE starts over before the end of the buffer");
    }
    if (transfer.offset != (first_offset_ + record.written_bytes) % audio_bytes())
        complain("WRITE does not go on where the last one ended");
    if (uint64_t { transfer.offset } + transfer.length > audio_bytes())
        complain("WRITE of what is no audio");
    record.written_bytes += transfer.length;
    if (record.written_bytes > position_ + audio_bytes())
        complain("WRITE over frames that were not played");
    for (uint32_t i = 0; i < transfer.length && !is_counting_only; i++)
        record.written.push_back(buffer_byte(uint64_t { transfer.offset } + i));
    return 0;
}

int32_t BackendStream::read(const wire::TransferRequest &transfer)
{
    if (!is_inside(transfer))
        return status_invalid;
    for (uint32_t i = 0; i < transfer.length && source; i++)
        buffer_byte(uint64_t { transfer.offset } + i) = source(record.written_bytes + i);
    record.written_bytes += transfer.length;
    return 0;
}

uint64_t BackendStream::audio_bytes() const
{
    return wrapped_at_ != 0 ? wrapped_at_ : opened_->buffer_sz;
}

int32_t BackendStream::set_values(wire::Operation operation, const wire::TransferRequest &transfer)
{
    if (!is_inside(transfer))
        return status_invalid;
    if (transfer.length != opened_->pcm_channels * sizeof(int32_t) || transfer.offset % 4 != 0 ||
        transfer.offset + values_bytes_max < opened_->buffer_sz ||
        transfer.offset < (first_offset_ + record.written_bytes) % audio_bytes())
        complain("volume or mute values of an impossible size or place");
    for (uint32_t channel = 0; channel < opened_->pcm_channels; channel++) {
        auto *word = reinterpret_cast<uint32_t *>(
            &buffer_byte(uint64_t { transfer.offset } + channel * sizeof(int32_t)));
        const uint32_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE);
        const auto volume = static_cast<int32_t>(value);
        if (operation == wire::Operation::SetVolume)
            volumes[channel] = on_volume ? on_volume(volume) : volume;
        else if (operation == wire::Operation::GetVolume)
            __atomic_store_n(word, static_cast<uint32_t>(volumes[channel]), __ATOMIC_RELEASE);
        else if ((value & 0xff) != 0)
            muted[channel] = operation == wire::Operation::Mute;
    }
    return 0;
}

Duration BackendStream::period_time() const
{
    const uint64_t frame_bits =
        uint64_t { sample_layouts[opened_->pcm_format].bits } * opened_->pcm_channels;
    const uint64_t frames = uint64_t { opened_->period_sz } * 8 / frame_bits;
    return std::chrono::nanoseconds(frames * 1'000'000'000 / opened_->pcm_rate);
}

void BackendStream::trigger(wire::TriggerType type)
{
    is_running_ = type == wire::TriggerType::Start || type == wire::TriggerType::Resume;
    kernel_.timeline.cancel(next_tick_);
    if (has_clock)
        start_clock();
}

void BackendStream::start_clock()
{
    has_clock = true;
    kernel_.timeline.cancel(next_tick_);
    if (is_running_)
        next_tick_ = kernel_.timeline.after(period_time(), [this] { tick(); });
}

void BackendStream::tick()
{
    if (!has_clock)
        return;
    next_tick_ = kernel_.timeline.after(period_time(), [this] { tick(); });
    // A device that has nothing to play stands still.
    const uint64_t end = source ? position_ + opened_->period_sz : record.written_bytes;
    if (end > position_)
        play(std::min<uint64_t>(end - position_, opened_->period_sz));
}

void BackendStream::play(uint64_t bytes)
{
    for (uint64_t at = position_; at < position_ + bytes; at++) {
        if (source || is_counting_only || at >= record.written.size())
            break;
        if (buffer_byte((first_offset_ + at) % audio_bytes()) != record.written[at]) {
            complain("byte " + std::to_string(at) + " was changed between WRITE and its playing");
            break;
        }
    }
    report_position(position_ + bytes);
}

void BackendStream::report_position(uint64_t bytes)
{
    position_ = std::max(position_, bytes);
    if (before_position && !before_position(bytes))
        return;
    wire::Event event = {};
    event.type = wire::event_current_position;
    event.position = bytes;
    send_event(event);
    serve_waiting(false);
}

void BackendStream::send_event(const wire::Event &event)
{
    const uint32_t consumed = __atomic_load_n(&events_->in_cons, __ATOMIC_ACQUIRE);
    // Without room it drops the event, as backends do.
    if (event_produced_ - consumed < wire::event_ring_size) {
        events_->events[event_produced_ % wire::event_ring_size] = event;
        event_produced_++;
        __atomic_store_n(&events_->in_prod, event_produced_, __ATOMIC_RELEASE);
    }
    interrupt_events();
}

} // namespace xen_front::fake
