// SPDX-License-Identifier: GPL-2.0-only
#include "driver/card.hpp"

namespace xen_front {

Card::Card(XenbusDevice device, Box<CardConfig> config, Array<Box<Stream>> streams,
           Array<PcmDevice> devices)
    : device_(device),
      held_device_(device),
      config_(move(config)),
      streams_(move(streams)),
      devices_(move(devices)),
      link_(KSHIM_LOCK_CARD)
{
    for (uint32_t i = 0; i < devices_.size(); i++)
        devices_[i] = { this, i };
}

Result<Box<Card>> Card::create(XenbusDevice device, Box<CardConfig> config, Work &caretaker,
                               Watchdog &watchdog, Leftovers &leftovers)
{
    const uint32_t buffers_max = Leftovers::generations_max * config->stream_count;
    auto streams = TRY(Array<Box<Stream>>::create(config->stream_count));
    for (uint32_t i = 0; i < streams.size(); i++)
        streams[i] = TRY(Box<Stream>::create(device, config->streams[i], caretaker, watchdog,
                                             leftovers, buffers_max));
    auto devices = TRY(Array<PcmDevice>::create(config->device_count));
    return Box<Card>::create(device, move(config), move(streams), move(devices));
}

Result<void> Card::connect()
{
    link_.with([&](LinkReport &link) {
        link.backend_domain = device_.backend_domain();
        link.backend_path.clear();
        link.backend_path << device_.backend_path();
    });
    for (Box<Stream> &stream : streams_)
        TRY(stream->connect());
    for (;;) {
        auto result = publish();
        // Another client wrote to XenStore meanwhile.
        if (!result.is_error() || result.error() != Error::TryAgain)
            return result;
    }
}

Result<void> Card::publish()
{
    auto transaction = TRY(XenStoreTransaction::start());
    TRY(transaction.write(device_.path(), field::frontend_version, wire::protocol_version));
    for (Box<Stream> &stream : streams_)
        TRY(stream->publish(transaction, device_.path()));
    return transaction.commit();
}

void Card::go_live()
{
    for (Box<Stream> &stream : streams_)
        stream->go_live();
}

void Card::disconnect()
{
    for (Box<Stream> &stream : streams_)
        stream->disconnect();
}

void Card::retire()
{
    for (Box<Stream> &stream : streams_)
        stream->retire();
}

void Card::void_grants()
{
    for (Box<Stream> &stream : streams_)
        stream->void_grants();
}

bool Card::try_settle()
{
    bool are_all_done = true;
    for (Box<Stream> &stream : streams_)
        are_all_done &= stream->try_settle();
    return are_all_done;
}

void Card::stall()
{
    for (Box<Stream> &stream : streams_)
        stream->stall();
}

void Card::revive()
{
    for (Box<Stream> &stream : streams_)
        stream->revive();
}

Card::Health Card::look_after()
{
    Health all;
    uint64_t last_sign_ms = 0;
    uint64_t silent_since_ms = 0;
    bool is_any_stalled = false;
    for (Box<Stream> &stream : streams_) {
        const Stream::Health one = stream->look_after();
        all.has_transport |= one.has_transport;
        all.is_alive |= one.is_attached && !one.is_stalled;
        last_sign_ms = max(last_sign_ms, one.last_sign_ms);
        if (one.is_stalled)
            silent_since_ms = max(silent_since_ms, one.silent_since_ms);
        is_any_stalled |= one.is_stalled;
        if (one.next_look_ms != 0) {
            all.next_look_ms =
                all.next_look_ms == 0 ? one.next_look_ms : min(all.next_look_ms, one.next_look_ms);
        }
    }
    all.is_silent = is_any_stalled && last_sign_ms <= silent_since_ms;
    return all;
}

bool Card::is_in_use()
{
    bool is_any = false;
    for (Box<Stream> &stream : streams_)
        is_any |= stream->is_in_use();
    return is_any;
}

Result<void> Card::register_with(SoundCard &sound_card)
{
    for (uint32_t i = 0; i < devices_.size(); i++) {
        const DeviceConfig &device = config_->devices[i];
        PcmHandle pcm = TRY(sound_card.add_pcm(i, device.name.c_string(), device.playback_count,
                                               device.capture_count, &devices_[i]));
        TRY(describe_streams(pcm, i, StreamType::Playback));
        TRY(describe_streams(pcm, i, StreamType::Capture));
    }
    TRY(add_controls(sound_card));
    TRY(sound_card.add_proc_file("xen-front", this));
    return sound_card.register_with_alsa();
}

Result<void> Card::add_controls(SoundCard &sound_card)
{
    uint32_t counts[] = { 0, 0 }; // by StreamType
    for (Box<Stream> &stream : streams_) {
        uint32_t &index = counts[static_cast<uint8_t>(stream->config().type)];
        TRY(stream->mixer().add_controls(sound_card, index++));
    }
    return {};
}

Result<void> Card::describe_streams(PcmHandle pcm, uint32_t device, StreamType type)
{
    const kshim_direction direction = type == StreamType::Playback ? KSHIM_PLAYBACK : KSHIM_CAPTURE;
    uint32_t channels_max = 0;
    for (const StreamConfig &stream : config_->all_streams()) {
        if (stream.device != device || stream.type != type)
            continue;
        channels_max = max(channels_max, stream.settings.channels_max);
        if (!stream.unique_id.is_empty())
            pcm.name_substream(direction, stream.substream, stream.unique_id.c_string());
    }
    if (channels_max == 0)
        return {};
    return pcm.add_channel_maps(direction, channels_max);
}

void Card::set_states(wire::XenbusState frontend, wire::XenbusState backend)
{
    link_.with([&](LinkReport &link) {
        link.frontend = frontend;
        link.backend = backend;
    });
}

void Card::show(ProcText &out)
{
    LinkReport now;
    // A copy: printing may sleep.
    link_.with([&](const LinkReport &link) {
        now.frontend = link.frontend;
        now.backend = link.backend;
        now.backend_domain = link.backend_domain;
        now.backend_path << link.backend_path.view();
    });
    print(out, device_.path(), now);
    for (const Box<Stream> &stream : streams_)
        stream->show(out);
}

Result<Array<MixerChoice>> Card::mixer_choices() const
{
    auto choices = TRY(Array<MixerChoice>::create(streams_.size()));
    for (size_t i = 0; i < choices.size(); i++)
        choices[i] = streams_[i]->mixer().choice();
    return move(choices);
}

void Card::adopt(Span<MixerChoice> choices)
{
    for (const Box<Stream> &stream : streams_) {
        for (const MixerChoice &choice : choices)
            stream->mixer().adopt(choice);
    }
}

Stream *Card::find_stream(uint32_t device, StreamType type, uint32_t substream) const
{
    for (const Box<Stream> &stream : streams_) {
        const StreamConfig &config = stream->config();
        if (config.device == device && config.type == type && config.substream == substream)
            return stream.get();
    }
    return nullptr;
}

} // namespace xen_front
