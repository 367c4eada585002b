// SPDX-License-Identifier: GPL-2.0-only
#include "driver/card.hpp"

#include "driver/components.hpp"
#include "driver/xenstore_config.hpp"

namespace xen_front {

namespace {

// A domain that writes to the nodes as fast as the driver must not stop xenwatch, which serves all
// of the guest's Xen devices.
constexpr uint32_t publish_attempts = 10;

} // namespace

Card::Card(XenbusDevice device, Box<CardConfig> config, Work &maintenance, DeferredGrants &grants,
           LiveCards &live_cards)
    : member_(live_cards),
      device_(device),
      held_device_(device),
      config_(move(config)),
      drains_(KSHIM_WORK_CARD, on_drains, this),
      controls_(KSHIM_WORK_CARD, on_controls, this),
      services_ { .maintenance = maintenance,
                  .drains = drains_,
                  .controls = controls_,
                  .grants = grants,
                  .buffers_max = DeferredGrants::generations_max * config_->stream_count },
      link_(KSHIM_LOCK_CARD)
{
}

Result<Card *> Card::create(XenbusDevice device, Box<CardConfig> config, Work &maintenance,
                            DeferredGrants &grants, LiveCards &live_cards)
{
    auto card = TRY(Box<Card>::create(device, move(config), maintenance, grants, live_cards));
    TRY(card->create_streams());
    TRY(card->create_sound_card());
    return card.release();
}

Result<void> Card::create_streams()
{
    streams_ = TRY(Array<Box<Stream>>::create(config_->stream_count));
    for (uint32_t i = 0; i < streams_.size(); i++)
        streams_[i] = TRY(Box<Stream>::create(device_, config_->streams[i], services_));
    devices_ = TRY(Array<PcmDevice>::create(config_->device_count));
    for (uint32_t i = 0; i < devices_.size(); i++)
        devices_[i] = { this, i };
    return {};
}

Result<void> Card::create_sound_card()
{
    Text<80> long_name;
    if (config_->long_name.is_empty())
        long_name << "Xen sound at " << device_.path();
    else
        long_name << config_->long_name.view();
    const char *short_name =
        config_->short_name.is_empty() ? default_short_name : config_->short_name.c_string();
    Text<64> id;
    choose_card_id(device_, short_name, id);
    Components components;
    describe_devices(components, *config_);
    const kshim_card_names names = {
        .number = device_.number(),
        .short_name = short_name,
        .long_name = long_name.c_string(),
        .id = id.is_empty() ? nullptr : id.c_string(),
        .components = components.c_string(),
    };
    sound_card_ = TRY(SoundCard::create(device_, names, this));
    return {};
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
    for (uint32_t attempt = 0; attempt < publish_attempts; attempt++) {
        auto result = publish();
        // Another domain has written to these nodes since the transaction began.
        if (!result.is_error() || result.error() != Error::TryAgain)
            return result;
    }
    return Error::Io;
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

void Card::void_grants()
{
    for (Box<Stream> &stream : streams_)
        stream->void_grants();
}

void Card::suspend()
{
    for (Box<Stream> &stream : streams_)
        stream->suspend();
}

Result<void> Card::register_with_alsa()
{
    TRY(describe());
    TRY(sound_card_.register_with_alsa());
    is_registered_ = true;
    return {};
}

void Card::retire()
{
    // Streams first: ALSA's disconnecting stops them, which must not wait for the backend.
    for (Box<Stream> &stream : streams_)
        stream->retire();
    drains_.cancel();
    controls_.cancel();
    sound_card_.disconnect();
}

void Card::release()
{
    // The last owner may be this one.
    SoundCard sound_card = move(sound_card_);
}

Result<void> Card::describe()
{
    for (uint32_t i = 0; i < devices_.size(); i++) {
        const DeviceConfig &device = config_->devices[i];
        PcmHandle pcm = TRY(sound_card_.add_pcm(i, device.name.c_string(), device.playback_count,
                                                device.capture_count, &devices_[i]));
        TRY(describe_streams(pcm, i, StreamType::Playback));
        TRY(describe_streams(pcm, i, StreamType::Capture));
    }
    TRY(add_controls());
    return sound_card_.add_proc_file("xen-front", this);
}

Result<void> Card::add_controls()
{
    uint32_t counts[] = { 0, 0 }; // by StreamType
    for (Box<Stream> &stream : streams_) {
        uint32_t &index = counts[static_cast<uint8_t>(stream->config().type)];
        TRY(stream->mixer().add_controls(sound_card_, index++));
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
