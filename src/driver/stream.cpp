// SPDX-License-Identifier: GPL-2.0-only
// A stream's connections, and its life between an application's open and close.
#include "driver/stream.hpp"

#include "sndif/formats.hpp"

namespace xen_front {

Stream::Stream(XenbusDevice device, const StreamConfig &config, Work &caretaker, Watchdog &watchdog,
               Leftovers &leftovers, uint32_t buffers_max)
    : device_(device),
      config_(config),
      watchdog_(watchdog),
      leftovers_(leftovers),
      buffers_max_(buffers_max),
      request_mutex_(KSHIM_LOCK_REQUEST),
      mixer_(*this, config),
      state_(KSHIM_LOCK_RING)
{
    const kshim_trace_stream name = {
        .card = device.number(),
        .device = config.device,
        .number = config.number,
        .direction = is_playback() ? KSHIM_PLAYBACK : KSHIM_CAPTURE,
    };
    state_.with([&](State &state) {
        state.caretaker = &caretaker;
        state.journal.begin(name);
    });
}

void Stream::describe(TextBuilder &text) const
{
    text << "stream " << config_.device << "/" << config_.number << ": ";
}

Result<void> Stream::connect()
{
    // A file name, for /proc/irq/N has a directory of it.
    Text<48> name;
    name << "xen-front-" << device_.index() << "-" << config_.device << "-" << config_.number;
    Mutex::Guard guard(request_mutex_);
    channel_ = TRY(Channel::create(device_, name.view(), interrupt, this));
    state_.with([channel = channel_.get()](State &state) {
        state.ring.attach(channel->ring_page());
        state.events.attach(channel->event_page());
        state.channel = channel;
        state.is_live = false;
        state.is_stalled = false;
        state.is_broken = false;
        state.transfers_in_flight = 0;
        state.starts_in_flight = 0;
        state.refused_status = 0;
        state.is_stop_in_flight = false;
        for (LateValues &late : state.late_values)
            late.is_unanswered = false;
        forget_stale_values(state);
        note_state(state);
    });
    may_be_open_ = false;
    refused_open_ = RefusedOpen();
    query_cache_.clear();
    renew_mixer();
    if (buffer_)
        TRY(buffer_->show_values());
    return {};
}

void Stream::go_live()
{
    state_.with([](State &state) {
        state.is_live = true;
        note_state(state);
    });
}

Result<void> Stream::publish(XenStoreTransaction &transaction, const char *card_directory)
{
    Text<96> directory;
    directory << card_directory << "/" << config_.device << "/" << config_.number;
    Mutex::Guard guard(request_mutex_);
    return channel_->publish(transaction, directory.c_string());
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
    };
    TRY(substream.constrain(hardware));

    Mutex::Guard guard(request_mutex_);
    query_cache_.clear();
    return state_.with([&](State &state) -> Result<void> {
        if (!is_usable(state))
            return Error::NoDevice;
        state.substream = substream;
        note_state(state);
        return {};
    });
}

void Stream::close()
{
    release();
    Mutex::Guard guard(request_mutex_);
    state_.with([](State &state) {
        state.substream = Substream();
        note_state(state);
        // A card without a backend stays only for those that have it open.
        if (is_waiting_for_backend(state))
            state.caretaker->schedule(0);
    });
    // An interrupt may have taken the substream just before, and be about to use it.
    if (channel_)
        channel_->synchronize();
}

Result<void> Stream::allocate(size_t buffer_bytes)
{
    // Never the old pages again: the backend may still map them.
    release();
    Mutex::Guard guard(request_mutex_);
    if (leftovers_.count_buffers(device_.number()) >= buffers_max_) {
        Text<96> text;
        describe(text);
        text << "the backend keeps the pages of earlier buffers; it gets no more";
        device_.log(KSHIM_LOG_ERROR, text);
        return Error::Busy;
    }
    buffer_ =
        TRY(SharedBuffer::create(device_.backend_domain(), static_cast<uint32_t>(buffer_bytes),
                                 config_.settings.channels_max));
    state_.with([buffer = buffer_.get()](State &state) {
        state.substream.set_buffer(buffer->address(), buffer->bytes());
    });
    return {};
}

void Stream::release()
{
    Mutex::Guard guard(request_mutex_);
    close_backend();
    state_.with([](State &state) { state.substream.set_buffer(nullptr, 0); });
    // The pages go when the backend lets go of them; they are never used again.
    if (buffer_)
        leftovers_.keep(move(buffer_), device_.number());
    has_void_grants_ = false;
    was_prepared_ = false;
}

} // namespace xen_front
