// SPDX-License-Identifier: GPL-2.0-only
// How the backend is told what is wanted.
#include "driver/session.hpp"
#include "sndif/formats.hpp"

namespace xen_front {

const TriggerTransition *Session::due_trigger() const
{
    const Run &run = run_.base();
    if (run.is_moving() && !is_asleep_) {
        const TriggerTransition *due = backend_.due_trigger(TriggerState::Started);
        const bool is_start = due != nullptr && due->type == wire::TriggerType::Start;
        // A device is not started with nothing to play.
        return is_start && run_.is_playback() && run.transferred() == Bytes() ? nullptr : due;
    }
    if (has_tail())
        return nullptr;
    const bool is_paused = run.is_moving() || run.state() == RunState::Paused;
    return backend_.due_trigger(is_paused ? TriggerState::Paused : TriggerState::Stopped);
}

bool Session::has_tail() const
{
    return now_ms() < tail_until_ms_ && !is_asleep_ && backend_.is_started() &&
           run_.base().has_delay();
}

void Session::sync()
{
    if (!is_attached(link_))
        return;
    // Bounded: a backend that answers at once must not keep the driver in this loop.
    for (uint32_t round = 0; round < wire::ring_size; round++) {
        take_responses();
        if (link_ == Link::Broken)
            return;
        post_due();
        if (!wants_responses()) {
            requests.hold_off_notifications();
            return;
        }
        if (!requests.request_notification())
            return;
    }
    want_maintenance(1);
}

void Session::sync_for_later()
{
    sync();
    if (notices_.is_any() || has_unseen_period())
        want_maintenance();
}

void Session::post_due()
{
    if (post_close() && post_open() && backend_.is_usable()) {
        post_values();
        // What is recorded from START on may be asked for at once; what is played, before it. A
        // backend may hold WRITEs for as long as its device is paused, and all that is behind them.
        if (!run_.is_playback() || backend_.was_started())
            post_due_trigger();
        post_transfers();
        post_due_trigger();
    }
    requests.publish();
}

bool Session::post_close()
{
    if (!backend_.is_close_due())
        return true;
    if (backend_.is_stop_due()) {
        auto stop_id = post_trigger(wire::TriggerType::Stop);
        if (stop_id.is_error())
            return false;
        backend_.on_stop_sent(stop_id.value());
    }
    wire::Request close = {};
    close.operation = wire::Operation::Close;
    auto id = requests.post(close);
    if (id.is_error())
        return false; // when there is room
    backend_.on_close_sent(id.value());
    values.close(false);
    return true;
}

bool Session::post_open()
{
    if (!backend_.is_open_due() || buffer_ == nullptr)
        return !backend_.is_open_due();
    // One of those that the substream was constrained to.
    const SampleFormat &format = *find_format_by_alsa(params_.format);
    wire::Request open = {};
    open.operation = wire::Operation::Open;
    open.open.pcm_rate = params_.rate;
    open.open.pcm_format = format.sndif;
    open.open.pcm_channels = static_cast<uint8_t>(params_.channels);
    open.open.period_sz = static_cast<uint32_t>(run_.base().geometry().frame.bytes(step_).value());
    open.open.gref_directory = buffer_->directory().value();
    open.open.buffer_sz = buffer_->has_values()
                              ? bytes_with_values(buffer_->bytes(), params_.channels)
                              : buffer_->bytes();
    auto id = requests.post(open);
    if (id.is_error())
        return false;
    backend_.on_open_sent(id.value());
    buffer_->set_offered();
    values.close(!buffer_->has_values());
    return true;
}

bool Session::ask_for_less(int32_t status)
{
    // A device that is taken is refused for no fault of the request's.
    const bool is_taken = status == to_errno(Error::Busy) || status == to_errno(Error::TryAgain);
    if (!is_taken && buffer_->has_values()) {
        buffer_->hide_values();
        return true;
    }
    buffer_->show_values();
    const Frames period(params_.period_frames);
    return !is_taken && exchange(step_, period) != period;
}

void Session::post_values()
{
    wire::Request request;
    while (requests.has_room() && values.next(request)) {
        auto id = requests.post(request);
        values.on_sent(request.operation, id.value());
    }
}

// A backend that answers a READ ahead without having recorded anything leaves in the buffer what
// was there, which may be heard.
void Session::silence_if_on_trial(const TransferRange &range)
{
    const CaptureRun &run = run_.capture();
    if (run.requested() < run.reported() || !run.is_on_trial() || !substream_)
        return;
    const FrameSize frame = run.geometry().frame;
    substream_.fill_silence(frame.frames(Bytes(range.offset)), frame.frames(Bytes(range.length)));
}

bool Session::post_transfers()
{
    // While the guest sleeps the stream is paused, and the backend may hold WRITEs: see post_due().
    if (!backend_.is_usable() || (is_asleep_ && run_.is_playback()))
        return false;
    // STOP and CLOSE may have to wait for a READ ahead, and reports have to fit the event page
    // until then. The longer a period is, the less is a READ ahead worth.
    constexpr unsigned int ahead_per_second_min = 20;
    // With interrupts disabled: see silence_if_on_trial().
    constexpr Bytes silence_max(131072);
    if (!run_.is_playback()) {
        CaptureRun &run = run_.capture();
        const RunGeometry &geometry = run.geometry();
        run.set_recording(
            backend_.is_started() && params_.period_frames <= params_.rate / ahead_per_second_min &&
            (!run.is_on_trial() || geometry.frame.bytes(geometry.period) <= silence_max));
    }
    bool has_posted = false;
    TransferRange range;
    wire::Request transfer = {};
    transfer.operation = run_.is_playback() ? wire::Operation::Write : wire::Operation::Read;
    run_.visit([&](auto &run) {
        while (run.next_transfer(range) && requests.has_room()) {
            transfer.transfer = { range.offset, range.length };
            if (!run_.is_playback())
                silence_if_on_trial(range);
            auto id = requests.post(transfer);
            run.on_transfer_sent(id.value());
            backend_.on_transfer_sent();
            has_posted = true;
            if (!run.has_rest())
                break;
        }
    });
    if (!run_.is_playback())
        choose_event_interrupts();
    return has_posted;
}

void Session::observe()
{
    if (!substream_ || !run_.base().is_moving())
        return;
    const kshim_pcm_mode mode = substream_.mode();
    run_.base().set_unstoppable(mode.is_unstoppable);
    if (mode.is_draining && run_.base().state() == RunState::Running)
        (void)drain();
}

bool Session::post(wire::Request &request)
{
    auto id = requests.post(request);
    if (!id.is_error())
        requests.keep_response(id.value());
    return !id.is_error();
}

Result<RequestId> Session::post_trigger(wire::TriggerType type)
{
    wire::Request trigger = {};
    trigger.operation = wire::Operation::Trigger;
    trigger.trigger.type = type;
    return requests.post(trigger);
}

void Session::post_due_trigger()
{
    const TriggerTransition *due = due_trigger();
    if (due == nullptr)
        return;
    auto id = post_trigger(due->type);
    if (id.is_error())
        return; // when there is room
    backend_.on_trigger_sent(*due, id.value());
    requests.wake(); // a caller that waits until it is sent
}

bool Session::has_unseen_period() const
{
    return !is_polled() && run_.base().is_elapsed() && run_.base().is_moving();
}

bool Session::wants_responses() const
{
    return requests.is_awaited() || link_ == Link::Stalled || backend_.is_close_due() ||
           backend_.is_opening() || backend_.is_starting() || !values.are_settled() ||
           due_trigger() != nullptr ||
           run_.visit([](const auto &run) { return run.wants_responses(); });
}

} // namespace xen_front
