// SPDX-License-Identifier: GPL-2.0-only
#include "server/stream.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace sndback {

namespace {

bool ends_transfers(const xensnd_req &request)
{
    return request.operation == XENSND_OP_CLOSE ||
           (request.operation == XENSND_OP_TRIGGER &&
            request.op.trigger.type != XENSND_OP_TRIGGER_RESUME &&
            request.op.trigger.type != XENSND_OP_TRIGGER_START);
}

} // namespace

Stream::Stream(StreamConfig config, StreamName name, const StreamEnvironment &environment,
               std::function<void()> on_broken)
    : config_(std::move(config)),
      devices_(environment.devices),
      granted_(devices_.describe(name)),
      respond_delay_(environment.respond_delay),
      on_broken_(std::move(on_broken)),
      journal_(environment.trace, environment.statistics.add(std::move(name))),
      budget_(environment.budget),
      real_time_(environment.real_time),
      realtime_priority_(environment.realtime_priority),
      channels_(environment.channels),
      ring_page_(environment.memory.map(std::span(&config_.transport.ring_ref, 1))),
      event_page_(environment.memory.map(std::span(&config_.transport.event_ring_ref, 1))),
      ring_(ring_page_->bytes().data()),
      events_(event_page_->bytes().data()),
      request_port_(channels_.bind(config_.transport.event_channel)),
      event_port_(channels_.bind(config_.transport.event_event_channel)),
      session_(config_, environment.memory, environment.devices, journal_, environment.settings),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd_create"),
      stop_event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")
{
    journal_.on_note(fmt::format("{} stream connected to {}",
                                 config_.playback ? "playback" : "capture", granted_));
    if (environment.sabotage != nullptr)
        sabotage_ =
            environment.sabotage->on_stream(ring_page_->bytes().data(), event_page_->bytes().data(),
                                            { [this] { channels_->notify(request_port_); },
                                              [this] { channels_->notify(event_port_); },
                                              [this] {
                                                  channels_->unbind(request_port_);
                                                  channels_->unbind(event_port_);
                                              } });
    thread_ = std::thread([this] { run(); });
}

Stream::~Stream()
{
    stopping_ = true;
    const std::uint64_t one = 1;
    (void)!write(stop_event_.get(), &one, sizeof(one));
    thread_.join();
    journal_.flush();
}

bool Stream::is_revoked()
{
    const std::string before = std::exchange(granted_, devices_.describe(journal_.name()));
    return before != DeviceFactory::nothing && before != granted_ &&
           (!config_.playback || granted_ == DeviceFactory::nothing);
}

void Stream::run() noexcept
{
    try {
        choose_scheduling();
        serve();
    } catch (const ProtocolBroken &error) {
        journal_.violation(error.what());
        broken_ = true;
    } catch (const std::exception &error) {
        journal_.on_device_error(
            fmt::format("the stream cannot be served any longer: {}", error.what()));
        broken_ = true;
    }
    journal_.flush();
    if (broken_)
        on_broken_();
}

// A stream's thread has less than a period to answer, whatever else this domain does, and runs in
// real time, unless its guest has taken more than its share of that. Should a thread never come
// here again, the kernel leaves a twentieth of the time to others, and the supervisor's limit on
// such time without a wait ends the worker. SCHED_RR would not divide it better: its turns last
// 100 ms, and long work on frames yields (pieces.hpp). A thread that other programs preempt keeps
// no thread of another guest waiting for a lock of this program: each guest has its own process.
void Stream::choose_scheduling()
{
    if (realtime_priority_ == 0)
        return;
    const Time taken = thread_processor_time();
    ordinary_until_ =
        real_time_.charge(monotonic_now(), taken - std::exchange(charged_time_, taken));
    if (is_in_real_time_ != ordinary_until_.has_value())
        return;
    is_in_real_time_ = !is_in_real_time_;
    const sched_param parameters { .sched_priority = is_in_real_time_
                                                         ? static_cast<int>(realtime_priority_)
                                                         : 0 };
    // pthread_setschedparam() passes the thread's id, which the filter of system calls refuses.
    if (sched_setscheduler(0, is_in_real_time_ ? SCHED_FIFO : SCHED_OTHER, &parameters) != 0) {
        journal_.on_note("cannot be scheduled in real time; small periods may run dry when this "
                         "domain is busy");
        realtime_priority_ = 0;
        ordinary_until_.reset();
    } else if (!is_in_real_time_) {
        journal_.real_time_exceeded();
    }
}

void Stream::serve()
{
    while (!stopping_) {
        const std::span<pollfd> ready = descriptors_.size() > device_descriptors
                                            ? std::span(descriptors_).subspan(device_descriptors)
                                            : std::span<pollfd>();
        // What the guest has written in time may not have been looked at yet: a device that time
        // drives has not run dry without it. Other requests may give the stream another device.
        if (!is_signalled(ready))
            answer_requests(XENSND_OP_WRITE);
        service_device(ready);
        const bool busy = serve_requests();
        if (!busy)
            journal_.flush();
        choose_scheduling();
        sleep(busy);
        take_notifications();
    }
}

void Stream::service_device(std::span<pollfd> ready)
{
    if (PcmDevice *device = session_.device())
        if (const auto position = device->service(monotonic_now(), ready))
            unsent_position_ = position;
    if (unsent_position_)
        send_position(*unsent_position_);
}

void Stream::send_position(std::uint64_t position)
{
    if (sabotage_ && !sabotage_->lets_report(position)) {
        unsent_position_.reset();
        return;
    }
    const EventPage::Put result = events_.put_position(position);
    if (result == EventPage::Put::sent || result == EventPage::Put::overwritten)
        channels_->notify(event_port_);
    if (result == EventPage::Put::bad_index)
        journal_.violation("event page: in_cons is ahead of in_prod");
    if (result != EventPage::Put::full)
        unsent_position_.reset();
    journal_.event(position, events_.last_id(), result);
}

void Stream::answer_requests(std::optional<unsigned> operation)
{
    // At most a ring full at a time: the device has its turn in between whatever the guest does.
    while (queue_.size() < RequestRing::slots && !is_throttled()) {
        const std::optional<xensnd_req> request = ring_.take();
        if (!request)
            break;
        charge(1);
        journal_.request(*request);
        queue_.push_back({ *request, monotonic_now() + respond_delay_ });
    }
    const auto is_next = [&] {
        return !operation || queue_.front().request.operation == *operation;
    };
    while (!queue_.empty() && is_next() && !is_throttled() && answer_next())
        queue_.pop_front();
}

bool Stream::serve_requests()
{
    answer_requests(std::nullopt);
    const Time now = monotonic_now();
    const Time longest = patience(now);
    look_at_ = longest > Time {} ? std::optional(now + longest) : std::nullopt;
    return ring_.final_check(!look_at_);
}

// The guest waits while it has used up its quota: nothing of what it does is looked at, and its
// event channel stays masked.
bool Stream::is_throttled()
{
    if (throttled_until_ && monotonic_now() >= *throttled_until_)
        throttled_until_.reset();
    return throttled_until_.has_value();
}

void Stream::charge(std::uint64_t requests)
{
    if (const std::optional<Time> until = budget_.charge(monotonic_now(), requests))
        throttled_until_ = until;
}

bool Stream::answer_next()
{
    const Pending &next = queue_.front();
    const Time now = monotonic_now();
    if (now < next.answer_at)
        return false;
    const std::uint64_t work = session_.work();
    std::optional<Answer> answer = session_.handle(next.request, now, !is_end_queued());
    if (const std::uint64_t pages = (session_.work() - work) / page_size; pages != 0)
        charge(pages);
    if (!answer)
        return false;
    // The position of an earlier OPEN must not be taken for one of the next.
    if (next.request.operation == XENSND_OP_CLOSE ||
        (next.request.operation == XENSND_OP_OPEN && answer->response.status == 0))
        unsent_position_.reset();
    put_answer(next.request, *answer);
    return true;
}

void Stream::put_answer(const xensnd_req &request, Answer &answer)
{
    if (sabotage_ && !sabotage_->lets_answer(request, answer.response))
        return;
    is_guest_waiting_ = ring_.answer(answer.response);
    if (is_guest_waiting_)
        channels_->notify(request_port_);
    journal_.response(answer.response, answer.offset, is_guest_waiting_);
    if (sabotage_)
        sabotage_->answered(answer.response);
}

// Whether a request behind the first one will stop the device, so that waiting for it is of no use.
bool Stream::is_end_queued() const
{
    return std::any_of(queue_.begin() + 1, queue_.end(),
                       [](const Pending &item) { return ends_transfers(item.request); });
}

} // namespace sndback
