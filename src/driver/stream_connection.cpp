// SPDX-License-Identifier: GPL-2.0-only
// A stream's connections, its interrupts, and what it tells ALSA.
#include "driver/stream.hpp"

#include "sndif/operation.hpp"

namespace xen_front {

Result<void> Stream::connect()
{
    Mutex::Guard guard(request_mutex_);
    if (has_void_grants_)
        TRY(buffer_->renew(device_.backend_domain()));
    else if (buffer_)
        buffer_->show_values();
    has_void_grants_ = false;
    // A file name, for /proc/irq/N has a directory of it.
    Text<48> name;
    name << "xen-front-" << device_.index() << "-" << config_.device << "-" << config_.number;
    transport_ = TRY(Transport::create(device_, name.view(), { on_response, on_event, this }));
    session_.with([transport = transport_.get()](Session &session) { session.attach(*transport); });
    refused_open_ = RefusedOpen();
    query_cache_.clear();
    return {};
}

Result<void> Stream::publish(XenStoreTransaction &transaction, const char *card_directory)
{
    Text<96> directory;
    directory << card_directory << "/" << config_.device << "/" << config_.number;
    // For Clang's thread-safety analysis: no other thread replaces the transport. A caller of
    // prepare() may wait for XenStore here.
    Mutex::Guard guard(request_mutex_);
    return transport_->publish(transaction, directory.c_string());
}

void Stream::go_live()
{
    session_.with([](Session &session) { session.go_live(); });
}

void Stream::disconnect()
{
    session_.with([](Session &session) { session.detach(); });
    end_transport();
}

void Stream::retire()
{
    session_.with([](Session &session) { session.remove(); });
    end_transport();
}

void Stream::end_transport()
{
    // A caller that was waiting has been woken; from here on none uses the transport.
    Mutex::Guard guard(request_mutex_);
    if (!transport_)
        return;
    transport_->close();
    services_.grants.add(move(transport_), device_.number());
    services_.grants.release(this);
}

void Stream::void_grants()
{
    Mutex::Guard guard(request_mutex_);
    has_void_grants_ = static_cast<bool>(buffer_);
}

void Stream::suspend()
{
    session_.with([](Session &session) { session.set_asleep(true); });
    // All that was reported so far; from now on reports of recording do not count.
    Mutex::Guard guard(request_mutex_);
    if (transport_)
        transport_->touch_events();
    if (buffer_ && !is_playback())
        buffer_->touch();
}

void Stream::give_up_if_stalled(uint64_t now_ms, unsigned int give_up_ms)
{
    const bool is_given_up = session_.with(
        [&](Session &session) { return session.give_up_if_stalled(now_ms, give_up_ms); });
    if (!is_given_up)
        return;
    Text<160> text;
    describe(text);
    text << "no progress for " << uint32_t { give_up_ms }
         << " ms (reconnect_timeout_ms), though the backend is there; the stream has failed";
    device_.log(KSHIM_LOG_ERROR, text);
}

Stream::Health Stream::look()
{
    Health health;
    // What most streams of a card are: idle.
    const bool is_wanted = session_.with([&](Session &session) {
        session.set_asleep(false);
        return session.exchange_look_wanted();
    });
    if (!is_wanted)
        return health;
    Mutex::Guard guard(substream_mutex_);
    Substream substream = session_.with([](Session &session) { return session.substream(); });
    // The START of a drain() may have asked for this look: ALSA's state changes behind it.
    if (substream)
        substream.synchronize();
    Notices notices;
    const unsigned int silence_ms = session_.with([&](Session &session) {
        const unsigned int silence_ms = session.look(now_ms(), notices);
        if (session.link() == Link::Stalled)
            health.stalled_since_ms = session.liveness.stands_since_ms();
        health.is_served = session.is_served(now_ms());
        health.is_refused = session.is_continuation_refused();
        health.next_look_ms = session.look_interval_ms();
        return silence_ms;
    });
    while (session_.with([](Session &session) { return session.pad(); })) {}
    tell(notices, substream);
    if (silence_ms != 0) {
        Text<200> text;
        describe(text);
        text << "no progress from the backend in domain "
             << uint32_t { device_.backend_domain().value() } << " for " << uint32_t { silence_ms }
             << " ms; the stream stands still until it is back";
        device_.log(KSHIM_LOG_ERROR, text);
    }
    return health;
}

bool Stream::wake_drain()
{
    Mutex::Guard guard(substream_mutex_);
    Substream substream;
    const bool is_draining = session_.with([&](const Session &session) {
        substream = session.substream();
        return session.has_waiting_drain();
    });
    if (is_draining && substream)
        substream.wake_drain();
    return is_draining;
}

kshim_event_result Stream::on_response(void *stream)
{
    return static_cast<Stream *>(stream)->on_interrupt<&Session::on_response_interrupt>();
}

kshim_event_result Stream::on_event(void *stream)
{
    return static_cast<Stream *>(stream)->on_interrupt<&Session::on_event_interrupt>();
}

template <kshim_event_result (Session::*handler)(Notices &)>
kshim_event_result Stream::on_interrupt()
{
    Notices notices;
    Substream substream;
    const kshim_event_result result = session_.with([&](Session &session) {
        substream = session.substream();
        return (session.*handler)(notices);
    });
    if (notices.is_any())
        tell(notices, substream);
    return result;
}

void Stream::tell(const Notices &notices, Substream substream)
{
    if (notices.violation != Violation::None || notices.refused_status != 0)
        log(notices);
    if (!substream)
        return;
    if (notices.is_period_elapsed)
        substream.period_elapsed();
    if (notices.needs_second_look)
        substream.period_elapsed();
    switch (notices.stop) {
    case PcmStop::None:
        break;
    case PcmStop::Xrun:
        substream.stop_xrun();
        break;
    case PcmStop::Disconnected:
        substream.stop_failed();
        break;
    }
}

unsigned int Stream::update_controls(SoundCard &card)
{
    // An application is reading a control; or there is no memory.
    constexpr unsigned int retry_ms = 50;
    // An application has made a control of the same name.
    constexpr unsigned int taken_ms = Mixer::taken_pause_ms;
    using Controls = ValueRequests::Controls;
    bool have_volumes_changed = false;
    const auto shown = session_.with([&](Session &session) -> Controls {
        have_volumes_changed = session.values.exchange_volumes_changed();
        return session.values.controls();
    });
    unsigned int next_try_ms = 0;
    for (const kshim_control_kind kind : control_kinds) {
        auto result = mixer_.show_control(card, kind, shown.is_shown[kind]);
        if (result.is_error())
            next_try_ms = sooner(next_try_ms, result.error() == Error::Busy ? taken_ms : retry_ms);
    }
    if (have_volumes_changed)
        mixer_.tell_volumes_changed();
    // No caller of prepare() waits for a control whose name is taken.
    if (next_try_ms != retry_ms) {
        session_.with([&](Session &session) { session.values.on_controls_shown(shown); });
        changed_.complete();
    }
    return next_try_ms;
}

void Stream::log(const Notices &notices) const
{
    Text<200> text;
    describe(text);
    if (notices.violation != Violation::None) {
        text << "the backend broke the protocol: " << xen_front::describe(notices.violation)
             << "; the stream is dead until the backend reconnects";
        device_.log(KSHIM_LOG_ERROR, text);
        return;
    }
    const bool is_stopped = notices.stop != PcmStop::None;
    text << "the backend answered " << name_of(notices.refused_operation) << " with status "
         << int { notices.refused_status } << (is_stopped ? "; the stream was stopped" : "");
    device_.log(is_stopped ? KSHIM_LOG_ERROR : KSHIM_LOG_WARNING, text);
}

} // namespace xen_front
