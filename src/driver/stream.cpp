// SPDX-License-Identifier: GPL-2.0-only
// ALSA's operations on a stream.
#include "driver/stream.hpp"

#include "kernel/module.hpp"
#include "sndif/formats.hpp"

namespace xen_front {

namespace {

// Shorter periods would interrupt more often than they are worth.
constexpr uint32_t period_frames_min = 32;
// A backend can make every run an xrun at once, or refuse what it is made of, and applications
// start over as fast as they can.
constexpr unsigned int recovery_pause_ms = 100;

} // namespace

Stream::Stream(XenbusDevice device, const StreamConfig &config, CardServices &services)
    : device_(device),
      config_(config),
      services_(services),
      request_mutex_(KSHIM_LOCK_REQUEST),
      substream_mutex_(KSHIM_LOCK_SUBSTREAM),
      mixer_(*this, config),
      session_(KSHIM_LOCK_RING,
               kshim_trace_stream {
                   .card = device.number(),
                   .device = config.device,
                   .number = config.number,
                   .direction = is_playback() ? KSHIM_PLAYBACK : KSHIM_CAPTURE,
               },
               mixer_, changed_, services)
{
}

void Stream::describe(TextBuilder &text) const
{
    text << "stream " << config_.device << "/" << config_.number << ": ";
}

Result<void> Stream::open(Substream substream)
{
    const PcmSettings &settings = config_.settings;
    const kshim_pcm_hardware hardware = {
        .formats = to_alsa_formats(settings.formats),
        .rates = settings.rates,
        .rate_count = settings.rate_count,
        .channels_min = settings.channels_min,
        .channels_max = settings.channels_max,
        .buffer_bytes_max = settings.buffer_bytes,
        .period_frames_min = period_frames_min,
        .period_us_min = period_min_us(),
    };
    TRY(substream.constrain(hardware));
    substream.wait_without_limit();

    Mutex::Guard guard(request_mutex_);
    query_cache_.clear();
    return session_.with([&](Session &session) -> Result<void> {
        if (is_dead(session.link()))
            return Error::NoDevice;
        session.set_substream(substream);
        return {};
    });
}

void Stream::close()
{
    {
        Mutex::Guard guard(substream_mutex_);
        session_.with([](Session &session) { session.set_substream(Substream()); });
    }
    // An interrupt handler may have taken the substream just before, and be about to use it.
    Mutex::Guard guard(request_mutex_);
    if (transport_)
        transport_->synchronize();
    // If ALSA called hw_free() last while an application had the buffer mapped.
    give_up_buffer(
        session_.with([](const Session &session) { return session.backend().is_closing(); }));
}

Result<void> Stream::hw_params(size_t buffer_bytes)
{
    // Of OSS's applications, which ALSA lets have other parameters while the buffer is mapped. What
    // they write into the old one would be lost.
    const bool is_mapped =
        session_.with([](const Session &session) { return session.substream().is_mapped(); });
    if (is_mapped)
        return Error::Busy;
    // Never the old pages again: the backend may still map them.
    hw_free();
    if (session_.with([](const Session &session) { return is_dead(session.link()); }))
        return Error::NoDevice;
    if (!services_.grants.has_room(device_.number(), services_.buffers_max)) {
        Text<160> text;
        describe(text);
        text << "the backend still maps old buffers or has not answered CLOSE; there is no new "
                "buffer until it does";
        device_.log(KSHIM_LOG_ERROR, text);
        return Error::Busy;
    }
    // Without the mutex, for which xenwatch may wait: other memory may have to be made free first.
    auto buffer =
        TRY(SharedBuffer::create(device_.backend_domain(), static_cast<uint32_t>(buffer_bytes),
                                 config_.settings.channels_max));
    Mutex::Guard guard(request_mutex_);
    // An application has mapped it while hw_free() waited: older kernels do not prevent that.
    if (buffer_)
        return Error::Busy;
    buffer_ = move(buffer);
    session_.with([buffer = buffer_.get()](Session &session) {
        session.set_buffer(buffer);
        session.substream().set_buffer(buffer->address(), buffer->bytes());
    });
    return {};
}

void Stream::hw_free()
{
    Mutex::Guard guard(request_mutex_);
    session_.with([](Session &session) { session.reset(); });
    await_close();
    struct Outcome {
        bool is_closing;
        bool is_mapped;
    };
    const Outcome outcome = session_.with([](Session &session) -> Outcome {
        const bool is_mapped = session.substream().is_mapped();
        session.set_buffer(nullptr);
        if (!is_mapped)
            session.substream().set_buffer(nullptr, 0);
        return { session.backend().is_closing(), is_mapped };
    });
    if (!outcome.is_closing)
        services_.grants.release(this);
    // An application may touch it as long as it has it mapped; close() comes later.
    if (!outcome.is_mapped)
        give_up_buffer(outcome.is_closing);
}

void Stream::give_up_buffer(bool is_closing)
{
    // The pages go when the backend lets go of them; they are never used again.
    if (buffer_ && is_closing && buffer_->was_offered())
        services_.grants.keep(move(buffer_), device_.number(), this);
    else if (buffer_)
        services_.grants.add(move(buffer_), device_.number());
    has_void_grants_ = false;
}

Result<void> Stream::prepare()
{
    const bool is_hasty =
        session_.with([](Session &session) { return session.exchange_hasty_recovery(); });
    if (is_hasty)
        sleep_for(recovery_pause_ms);

    Mutex::Guard guard(request_mutex_);
    // ALSA calls hw_free and close before it unlinks a stream. An application that prepares another
    // stream of the group in between has ALSA prepare this one, too.
    kshim_pcm_params params = {};
    const bool is_open = session_.with([&](const Session &session) {
        if (session.substream())
            params = session.substream().params();
        return static_cast<bool>(session.substream());
    });
    if (!is_open || !buffer_)
        return Error::Invalid;
    const Frames step = choose_step(params);
    // What became of the last run may just be being told to ALSA: by a handler, or by maintenance.
    if (transport_)
        transport_->synchronize();
    {
        Mutex::Guard none_telling(substream_mutex_);
        session_.with([&](Session &session) {
            session.set_open_awaited(true);
            session.prepare(params, step);
        });
    }
    return await_open();
}

void Stream::sync_stop()
{
    Mutex::Guard guard(request_mutex_);
    await_stop();
    if (transport_)
        transport_->synchronize();
    // The card's maintenance may have taken notice of what has ended now.
    Mutex::Guard none_telling(substream_mutex_);
}

Result<void> Stream::trigger(kshim_trigger command)
{
    return session_.with([&](Session &session) -> Result<void> {
        switch (command) {
        case KSHIM_TRIGGER_START:
            return session.start(RunCommand::Start);
        case KSHIM_TRIGGER_UNDO_START:
            session.undo_start();
            return {};
        case KSHIM_TRIGGER_PAUSE_RELEASE:
            return session.start(RunCommand::Resume);
        case KSHIM_TRIGGER_PAUSE_PUSH:
            session.pause();
            return {};
        case KSHIM_TRIGGER_STOP:
            session.stop();
            return {};
        case KSHIM_TRIGGER_DRAIN:
            break;
        }
        return session.drain();
    });
}

Result<void> Stream::ack()
{
    return session_.with([](Session &session) { return session.commit(); });
}

uint32_t Stream::pointer()
{
    return session_.with([](Session &session) { return session.pointer(); });
}

bool Stream::get_time(kshim_pcm_time &time)
{
    return session_.with([&](const Session &session) { return session.get_time(time); });
}

bool Stream::put_control(kshim_control_kind kind, const uint32_t *values)
{
    const bool has_changed = mixer_.put(kind, values);
    session_.with([&](Session &session) { session.on_put(kind); });
    return has_changed;
}

void Stream::show(ProcText &out)
{
    StreamReport report;
    // A copy: printing may sleep.
    session_.with([&](Session &session) {
        const Run &run = session.run().base();
        report.run = run.state();
        report.link = session.link();
        report.session = session.backend().state();
        report.params = session.params();
        report.step = session.step();
        report.committed = session.run().visit([](const auto &it) { return it.committed(); });
        report.requested = run.requested();
        report.hardware = run.position();
        report.shown = run.shown();
        report.statistics = session.journal.counts;
    });
    print(out, config_, report);
}

} // namespace xen_front
