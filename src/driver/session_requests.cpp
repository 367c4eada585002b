// SPDX-License-Identifier: GPL-2.0-only
// How the backend is told what is wanted.
#include "driver/session.hpp"
#include "sndif/formats.hpp"

namespace xen_front {

Session::Told Session::wanted_trigger() const
{
    const RunState state = run_.base().state();
    if (run_.base().is_moving())
        return is_asleep_ ? Told::Pause : Told::Start;
    if (state == RunState::Paused)
        return Told::Pause;
    return Told::Stop;
}

void Session::sync()
{
    if (!is_attached(link_))
        return;
    // A backend that answers each request while it is being notified of it is not to keep us here.
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

void Session::post_due()
{
    if (post_close() && post_open() && open_ == OpenState::Open) {
        post_values();
        // What is recorded from START on may be asked for at once; what is played, before it.
        if (!run_.is_playback())
            post_trigger();
        post_transfers();
        if (run_.is_playback())
            post_trigger();
    }
    requests.publish();
}

bool Session::post_close()
{
    if (!is_close_due_)
        return true;
    wire::Request close = {};
    close.operation = wire::Operation::Close;
    auto id = requests.post(close);
    if (id.is_error())
        return false; // when there is room
    close_id_ = open_ == OpenState::Refused ? RequestId() : id.value();
    is_close_due_ = false;
    open_ = OpenState::Closed;
    told_ = Told::Nothing;
    values.close(false);
    return true;
}

bool Session::post_open()
{
    if (!is_open_due_ || buffer_ == nullptr)
        return !is_open_due_;
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
    open_id_ = id.value();
    is_open_due_ = false;
    open_ = OpenState::Opening;
    told_ = Told::Nothing;
    has_sent_ = false;
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
    if (run_.is_playback() || run.requested() < run.reported() || !run.is_on_trial() || !substream_)
        return;
    const FrameSize frame = run.geometry().frame;
    substream_.fill_silence(frame.frames(Bytes(range.offset)), frame.frames(Bytes(range.length)));
}

bool Session::post_transfers()
{
    if (open_ != OpenState::Open)
        return false;
    // STOP and CLOSE may have to wait for a READ ahead, and reports have to fit the event page
    // until then. The longer a period is, the less is a READ ahead worth.
    constexpr unsigned int ahead_per_second_min = 20;
    if (!run_.is_playback())
        run_.capture().set_recording(told_ == Told::Start &&
                                     params_.period_frames <= params_.rate / ahead_per_second_min);
    bool has_posted = false;
    TransferRange range;
    wire::Request transfer = {};
    transfer.operation = run_.is_playback() ? wire::Operation::Write : wire::Operation::Read;
    run_.visit([&](auto &run) {
        while (requests.has_room() && run.next_transfer(range)) {
            transfer.transfer = { range.offset, range.length };
            silence_if_on_trial(range);
            auto id = requests.post(transfer);
            run.on_transfer_sent(id.value());
            has_posted = true;
            if (!run.has_rest())
                break;
        }
    });
    has_sent_ |= has_posted;
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

bool Session::is_trigger_due() const
{
    const Told wanted = wanted_trigger();
    if (open_ != OpenState::Open || told_ == wanted || told_ == Told::Stop)
        return false; // what has ended is opened anew
    if (told_ != Told::Nothing)
        return true;
    // What was not started needs no end, and a device does not start with nothing to play.
    return wanted == Told::Start && (!run_.is_playback() || run_.base().transferred() > Bytes());
}

void Session::post_trigger()
{
    if (!is_trigger_due())
        return;
    const Told wanted = wanted_trigger();
    wire::Request trigger = {};
    trigger.operation = wire::Operation::Trigger;
    trigger.trigger.type = wanted == Told::Stop    ? wire::TriggerType::Stop
                           : wanted == Told::Pause ? wire::TriggerType::Pause
                           : told_ == Told::Pause  ? wire::TriggerType::Resume
                                                   : wire::TriggerType::Start;
    auto id = requests.post(trigger);
    if (id.is_error())
        return; // when there is room
    if (wanted != Told::Start || told_ == Told::Nothing)
        is_pause_refused_ = false;
    (wanted == Told::Start ? start_id_ : wanted == Told::Pause ? pause_id_ : stop_id_) = id.value();
    told_ = wanted;
    has_sent_ = true;
}

bool Session::wants_responses() const
{
    return requests.is_awaited() || link_ == Link::Stalled || open_ == OpenState::Opening ||
           is_close_due_ || is_open_due_ || requests.is_pending(start_id_) ||
           !values.are_settled() || is_trigger_due() ||
           run_.visit([](const auto &run) { return run.wants_responses(); });
}

} // namespace xen_front
