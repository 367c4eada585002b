// SPDX-License-Identifier: GPL-2.0-only
#include "fake/backend_stream.hpp"

#include <algorithm>
#include <utility>

#include "fake/fault.hpp"

namespace xen_front::fake {

namespace {

constexpr int32_t status_again = -11; // XEN_EAGAIN

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
    if (request.operation == wire::Operation::Trigger)
        is_left_running_ = request.trigger.type != wire::TriggerType::Stop;
    // There are backends whose devices go on after CLOSE.
    if (request.operation == wire::Operation::Close && exchange(is_left_running_, false))
        complain("CLOSE without STOP");
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
    // CLOSE closes and WRITE and READ move bytes even where the response is a refusal.
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

} // namespace xen_front::fake
