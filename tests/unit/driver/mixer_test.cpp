// SPDX-License-Identifier: GPL-2.0-only
// Volume and mute: the controls, and what becomes of the values that they are given.
#include "mixer_test.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;

// ---- the controls ----

TEST_F(MixerTest, EachStreamHasItsControls)
{
    configure({ { "0/1/type", "c" },
                { "0/2/type", "p" },
                { "0/2/channels-max", "1" },
                { "1/0/type", "p" },
                { "1/1/type", "c" } });
    connect();
    const auto *card = kernel.sound.visible_cards().at(0);
    EXPECT_EQ(card->controls.size(), 10u);
    const struct {
        const char *name;
        unsigned int index, device, substream, channels;
        kshim_control_kind kind;
    } expected[] = {
        // None is of device 0 and subdevice 0: alsactl's generic rules apply to those.
        { "PCM Playback Volume", 0, 0, 1, 2, KSHIM_CONTROL_VOLUME },
        { "PCM Playback Switch", 0, 0, 1, 2, KSHIM_CONTROL_SWITCH },
        { "Capture Volume", 0, 0, 1, 2, KSHIM_CONTROL_VOLUME },
        { "Capture Switch", 0, 0, 1, 2, KSHIM_CONTROL_SWITCH },
        { "PCM Playback Volume", 1, 0, 2, 1, KSHIM_CONTROL_VOLUME },
        { "PCM Playback Switch", 1, 0, 2, 1, KSHIM_CONTROL_SWITCH },
        { "PCM Playback Volume", 2, 1, 1, 2, KSHIM_CONTROL_VOLUME },
        { "PCM Playback Switch", 2, 1, 1, 2, KSHIM_CONTROL_SWITCH },
        { "Capture Volume", 1, 1, 1, 2, KSHIM_CONTROL_VOLUME },
        { "Capture Switch", 1, 1, 1, 2, KSHIM_CONTROL_SWITCH },
    };
    for (const auto &row : expected) {
        SCOPED_TRACE(std::string(row.name) + " " + std::to_string(row.index));
        auto *found = card->find_control(row.name, row.index);
        ASSERT_NE(found, nullptr);
        EXPECT_EQ(found->device, row.device);
        EXPECT_EQ(found->substream, row.substream);
        EXPECT_EQ(found->channels, row.channels);
        EXPECT_EQ(found->kind, row.kind);
        EXPECT_EQ(shown_by(*found),
                  Values(row.channels, row.kind == KSHIM_CONTROL_VOLUME ? full : 1));
    }
}

TEST_F(MixerTest, ChannelsBeyondWhatAControlHoldsAreAtZeroDecibels)
{
    configure({ { "channels-max", "200" }, { "sample-formats", "u8" } });
    connect();
    EXPECT_EQ(volume().channels, KSHIM_CONTROL_CHANNELS_MAX);
    EXPECT_EQ(volume().write(Values(32, half)), 0);
    EXPECT_EQ(mute().write(Values(32, 0)), 0);
    auto file = open_with({ 1, 48000, 200, 32, 64 });
    ASSERT_EQ(file->prepare(), 0);
    settle();
    EXPECT_EQ(stream().volumes[31], -6020);
    EXPECT_EQ(stream().volumes[32], 0);
    EXPECT_TRUE(stream().muted[31]);
    EXPECT_FALSE(stream().muted[199]);
    EXPECT_TRUE(has_volume() && has_mute());
}

// ---- values ----

TEST_F(ConnectedMixerTest, ValuesSetWhileClosedAreAppliedAtOpen)
{
    EXPECT_EQ(volume().write({ half, 0 }), 0);
    EXPECT_EQ(mute().write({ 1, 0 }), 0);
    EXPECT_EQ(mixer_requests(), 0u);
    auto file = prepared();
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -96000 }));
    EXPECT_EQ(muted(), (std::vector<bool> { false, true }));
    EXPECT_EQ(shown(), (Values { half, 0 }));
    EXPECT_EQ(volume().value_events, 1u);
    EXPECT_TRUE(has_volume() && has_mute());
    plays(*file);
}

TEST_F(ConnectedMixerTest, ValuesAreAppliedToEveryOpen)
{
    EXPECT_EQ(volume().write({ half, full }), 0);
    EXPECT_EQ(mute().write({ 0, 0 }), 0);
    {
        auto file = prepared();
        settle();
    }
    // A backend may forget with CLOSE.
    stream().volumes.assign(255, -1000);
    stream().muted.assign(255, false);
    auto file = prepared();
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, 0 }));
    EXPECT_EQ(muted(), (std::vector<bool> { true, true }));
}

TEST_F(ConnectedMixerTest, VolumeThatWasNotChosenIsTheBackends)
{
    stream().volumes = { -10000, -2504, 0 };
    auto file = prepared();
    EXPECT_EQ(shown(), (Values { full - 1000, full - 250 }));
    EXPECT_EQ(volume().value_events, 1u);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -10000, -2504 }));
    EXPECT_EQ(stream().count(Operation::SetVolume), 0u);
}

// alsactl writes at boot what it has read at shutdown.
TEST_F(ConnectedMixerTest, TheValueThatIsShownIsNoChoice)
{
    EXPECT_EQ(volume().write({ full, full }), 0);
    EXPECT_EQ(volume().value_events, 0u);
    stream().volumes.assign(255, -10000);
    auto file = prepared();
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -10000, -10000 }));
    EXPECT_EQ(shown(), (Values { full - 1000, full - 1000 }));
    EXPECT_EQ(stream().count(Operation::SetVolume), 0u);
}

TEST_F(ConnectedMixerTest, ChangesWhilePlaying)
{
    auto file = prepared();
    plays(*file);
    EXPECT_EQ(volume().write({ full, half }), 0);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { 0, -6020 }));
    plays(*file);
    EXPECT_EQ(mute().write({ 0, 1 }), 0);
    EXPECT_EQ(muted(), (std::vector<bool> { true, false }));
    plays(*file);
    EXPECT_EQ(mute().write({ 1, 0 }), 0);
    EXPECT_EQ(muted(), (std::vector<bool> { false, true }));
    EXPECT_EQ(volume().value_events, 1u);
    EXPECT_EQ(mute().value_events, 2u);
    plays(*file);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(ConnectedMixerTest, NothingIsSentBeforeOpenOrAfterClose)
{
    auto file = open_with(small_params);
    EXPECT_EQ(volume().write({ 1, 2 }), 0);
    EXPECT_EQ(mixer_requests(), 0u);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(file->hw_free(), 0);
    const size_t before = mixer_requests();
    EXPECT_EQ(volume().write({ 3, 4 }), 0);
    EXPECT_EQ(mute().write({ 0, 0 }), 0);
    EXPECT_EQ(mixer_requests(), before);
}

TEST_F(ConnectedMixerTest, FewerChannelsThanTheControlHas)
{
    EXPECT_EQ(volume().write({ half, 17 }), 0);
    auto file = prepared({ format_s16_le, 48000, 1, 256, 1024 });
    settle();
    EXPECT_EQ(stream().volumes[0], -6020);
    EXPECT_EQ(stream().volumes[1], 0);
    EXPECT_EQ(shown(), (Values { half, 17 }));
}

// A mono stream says nothing of the other channel: what is shown is no balance, which alsactl would
// store.
TEST_F(ConnectedMixerTest, VolumeOfFewerChannelsIsShownForAll)
{
    stream().volumes = { -10000, -10000 };
    auto file = open_with({ format_s16_le, 48000, 1, 256, 1024 });
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(shown(), (Values { full - 1000, full - 1000 }));
    // A balance that was chosen is.
    EXPECT_EQ(volume().write({ half, 17 }), 0);
    EXPECT_EQ(shown(), (Values { half, 17 }));
}

TEST_F(ConnectedMixerTest, ShowsWhatTheBackendMadeOfAVolume)
{
    stream().on_volume = [](int32_t volume) {
        return volume / 1500 * 1500;
    };
    auto file = prepared();
    EXPECT_EQ(volume().write({ half, full }), 0);
    EXPECT_EQ(shown(), (Values { full - 600, full }));
    EXPECT_EQ(volume().value_events, 2u); // as it was set, and as it is
}

TEST_F(ConnectedMixerTest, HostileVolumesAreClamped)
{
    stream().volumes = { INT32_MAX, INT32_MIN };
    auto file = prepared();
    EXPECT_EQ(shown(), (Values { full, 0 }));
}

TEST_F(ConnectedMixerTest, WrongValuesAreRefused)
{
    EXPECT_EQ(volume().write({ full + 1, 0 }), -EINVAL);
    EXPECT_EQ(shown(), (Values { full, full }));
}

TEST_F(ConnectedMixerTest, ValuesAreKeptForTheNextCard)
{
    configure({ { "0/1/type", "c" } });
    EXPECT_EQ(volume().write({ half, 17 }), 0);
    EXPECT_EQ(mute().write({ 1, 0 }), 0);
    for (int round = 0; round < 2; round++) {
        replace_card();
        EXPECT_EQ(shown(), (Values { half, 17 }));
        EXPECT_EQ(shown_by(mute()), (Values { 1, 0 }));
        EXPECT_EQ(shown_by(control("Capture Volume")), (Values { full, full }));
    }
    auto file = prepared();
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -95830 }));
    EXPECT_EQ(muted(), (std::vector<bool> { false, true }));
}

TEST_F(MixerTest, ValuesAreKeptForTheSameDevice)
{
    configure({ { "1/0/type", "p" } });
    connect();
    const auto volume_of = [this](uint32_t index) -> kshim_control & {
        return *kernel.sound.visible_cards().at(0)->find_control("PCM Playback Volume", index);
    };
    EXPECT_EQ(volume_of(0).write({ half, 17 }), 0);
    EXPECT_EQ(volume_of(1).write({ 18, half }), 0);
    replace_card();
    EXPECT_EQ(shown_by(volume_of(0)), (Values { half, 17 }));
    EXPECT_EQ(shown_by(volume_of(1)), (Values { 18, half }));
}

TEST_F(ConnectedMixerTest, WithoutMemoryForThemTheNextCardHasItsOwn)
{
    EXPECT_EQ(volume().write({ half, half }), 0);
    backend.publish(XenbusState::Closing);
    backend.detach();
    backend.publish(XenbusState::Closed);
    kernel.injector.fail_call(0);
    kernel.timeline.pass(11s);
    kernel.injector.stop();
    ASSERT_TRUE(kernel.injector.failed());
    EXPECT_EQ(kernel.injector.failed()->function, "kshim_alloc");
    backend.wait_for_frontend();
    backend.connect();
    EXPECT_EQ(shown(), (Values { full, full }));
}

TEST_F(ConnectedMixerTest, VolumeThatWasNotChosenIsTheNextBackends)
{
    stream().volumes.assign(255, -10000);
    {
        auto file = prepared();
        EXPECT_EQ(shown(), (Values { full - 1000, full - 1000 }));
    }
    replace_card();
    stream().volumes.assign(255, -20000);
    auto file = prepared();
    EXPECT_EQ(shown(), (Values { full - 2000, full - 2000 }));
}

TEST_F(MixerTest, CaptureHasVolumeAndSwitch)
{
    configure({ { "0/0/type", "c" } });
    connect();
    stream().source = [](uint64_t position) {
        return static_cast<uint8_t>(position * 7);
    };
    stream().has_clock = true;
    EXPECT_EQ(control("Capture Volume").write({ half, full }), 0);
    auto file = open_with(small_params, KSHIM_CAPTURE);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, 0 }));
    std::vector<uint8_t> audio(3000 * frame_bytes);
    EXPECT_EQ(file->start(), 0);
    EXPECT_EQ(file->read(audio), 3000);
    EXPECT_EQ(control("Capture Switch").write({ 0, 1 }), 0);
    EXPECT_EQ(muted(), (std::vector<bool> { true, false }));
    std::vector<uint8_t> more(3000 * frame_bytes);
    EXPECT_EQ(file->read(more), 3000);
    audio.insert(audio.end(), more.begin(), more.end());
    for (size_t i = 0; i < audio.size(); i++)
        ASSERT_EQ(audio[i], static_cast<uint8_t>(i * 7)) << i;
}

} // namespace

} // namespace xen_front::test
