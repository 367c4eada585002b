// SPDX-License-Identifier: GPL-2.0-only
// What a stream's thread waits for.
#include "server/stream.hpp"

#include <sys/timerfd.h>

#include <algorithm>
#include <system_error>

namespace sndback {

namespace {

// Nothing tells when a guest has made room in its event page, so it is looked at this often while
// one is due.
constexpr std::chrono::milliseconds event_retry_interval { 10 };

} // namespace

// How long the guest's requests may be left in the ring, so that its frontend need not notify of
// them: the frontend waits for no answer, and the device has enough to play. xen-front notifies of
// what cannot wait in any case.
Time Stream::patience(Time now)
{
    const PcmDevice *device = session_.device();
    if (device == nullptr || !queue_.empty() || is_guest_waiting_ || ring_.is_answer_awaited())
        return {};
    return device->patience(now);
}

std::optional<Time> Stream::next_deadline()
{
    std::optional<Time> deadline;
    const auto consider = [&](std::optional<Time> time) {
        if (time && (!deadline || *time < *deadline))
            deadline = time;
    };
    if (const PcmDevice *device = session_.device())
        consider(device->deadline());
    if (!queue_.empty() && queue_.front().answer_at > monotonic_now())
        consider(queue_.front().answer_at);
    consider(look_at_);
    consider(throttled_until_);
    consider(ordinary_until_);
    if (unsent_position_)
        consider(monotonic_now() + event_retry_interval);
    return deadline;
}

void Stream::sleep(bool busy)
{
    descriptors_.assign({ { stop_event_.get(), POLLIN, 0 },
                          { throttled_until_ ? -1 : channels_->descriptor(), POLLIN, 0 },
                          { timer_.get(), POLLIN, 0 } });
    if (const PcmDevice *device = session_.device())
        device->add_descriptors(descriptors_);

    // All zero disarms; a time that has passed fires at once.
    itimerspec alarm {};
    if (const std::optional<Time> deadline = next_deadline()) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*deadline);
        alarm.it_value.tv_sec = seconds.count();
        alarm.it_value.tv_nsec = std::max<long>((*deadline - seconds).count(), 1);
    }
    if (timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &alarm, nullptr) < 0)
        throw std::system_error(errno, std::generic_category(), "timerfd_settime");

    const bool requests_wait = busy && queue_.size() < RequestRing::slots && !throttled_until_;
    if (poll(descriptors_.data(), descriptors_.size(), requests_wait ? 0 : -1) < 0 &&
        errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "poll");
}

void Stream::take_notifications()
{
    const short events = descriptors_[notification_descriptor].revents;
    // Nothing would ever come of it again, and poll() would not wait any more.
    if ((events & (POLLERR | POLLHUP | POLLNVAL)) != 0)
        throw std::runtime_error("its event channels have failed");
    if ((events & POLLIN) == 0)
        return;
    // Once for each port: more have come since, from a guest that sends without end.
    for (unsigned count = 0; count < 2; ++count) {
        const std::optional<unsigned> port = channels_->take();
        if (!port)
            return;
        charge(1);
        if (*port == request_port_)
            journal_.wakeup();
    }
}

} // namespace sndback
