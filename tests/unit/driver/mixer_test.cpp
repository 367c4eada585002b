// SPDX-License-Identifier: GPL-2.0-only
// Volume and mute: what the controls show is what the backend does, whoever comes first.
#include "driver_test.hpp"

#include <optional>

#include "fake/thread.hpp"

namespace xen_front::test {

namespace {

using wire::Operation;
using namespace std::chrono_literals;
using Values = std::vector<uint32_t>;

constexpr uint32_t full = KSHIM_CONTROL_LEVEL_MAX; // 0 dB
constexpr uint32_t half = KSHIM_CONTROL_LEVEL_MAX - 602; // -6.02 dB

class MixerTest : public DriverTest {
  protected:
    MixerTest()
    {
        configure({ { "channels-max", "2" } });
    }
    // The maintenance tells ALSA what the backend has responded.
    void settle()
    {
        kernel.timeline.pass(0ms);
    }
    kshim_control &control(const char *name)
    {
        settle();
        kshim_control *found = kernel.sound.visible_cards().at(0)->find_control(name);
        EXPECT_NE(found, nullptr) << name;
        return *found;
    }
    kshim_control &volume()
    {
        return control("PCM Playback Volume");
    }
    kshim_control &mute()
    {
        return control("PCM Playback Switch");
    }
    Values shown_by(kshim_control &control)
    {
        settle();
        Values values;
        EXPECT_EQ(control.read(values), 0);
        return values;
    }
    Values shown()
    {
        return shown_by(volume());
    }
    // What the backend does with the first two channels.
    std::vector<int32_t> volumes()
    {
        settle();
        return { stream().volumes[0], stream().volumes[1] };
    }
    std::vector<bool> muted()
    {
        settle();
        return { stream().muted[0], stream().muted[1] };
    }
    size_t mixer_requests()
    {
        settle();
        return stream().count(Operation::SetVolume) + stream().count(Operation::GetVolume) +
               stream().count(Operation::Mute) + stream().count(Operation::Unmute);
    }
    fake::Duration duration_of(const std::function<void()> &body)
    {
        const auto start = kernel.timeline.now();
        body();
        return kernel.timeline.now() - start;
    }
    // The backend is away for so long that the card goes, and comes back.
    void replace_card()
    {
        backend.publish(XenbusState::Closing);
        backend.detach();
        backend.publish(XenbusState::Closed);
        kernel.timeline.pass(11s);
        EXPECT_TRUE(kernel.sound.visible_cards().empty());
        backend.wait_for_frontend();
        backend.connect();
    }
    // Plays @frames frames, which have to arrive as they are.
    void plays(PcmFile &file, size_t frames = 3000)
    {
        stream().has_clock = true;
        const size_t before = stream().record.written.size();
        const auto audio = make_audio(frames * frame_bytes, 7);
        EXPECT_EQ(file.write(audio), static_cast<int64_t>(frames));
        const auto &written = stream().record.written;
        EXPECT_EQ(std::vector(written.begin() + static_cast<ptrdiff_t>(before), written.end()),
                  audio);
        EXPECT_EQ(file.substream().xruns, 0u);
    }
};

class ConnectedMixerTest : public MixerTest {
  protected:
    void SetUp() override
    {
        connect();
    }
};

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
        // No element of device 0 and subdevice 0, which alsactl's generic rules are for.
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
        EXPECT_TRUE(found->is_active);
        EXPECT_EQ(shown_by(*found),
                  Values(row.channels, row.kind == KSHIM_CONTROL_VOLUME ? full : 1));
    }
}

TEST_F(MixerTest, ChannelsBeyondWhatAControlHoldsAreAtZeroDecibels)
{
    configure({ { "channels-max", "200" }, { "sample-formats", "u8" } });
    connect();
    EXPECT_EQ(volume().channels, KSHIM_CONTROL_CHANNELS_MAX);
    EXPECT_EQ(volume().write(Values(128, half)), 0);
    EXPECT_EQ(mute().write(Values(128, 0)), 0);
    auto file = open_with({ 1, 48000, 200, 32, 64 });
    ASSERT_EQ(file->prepare(), 0);
    settle();
    EXPECT_EQ(stream().volumes[127], -6020);
    EXPECT_EQ(stream().volumes[128], 0);
    EXPECT_TRUE(stream().muted[127]);
    EXPECT_FALSE(stream().muted[199]);
    EXPECT_TRUE(volume().is_active && mute().is_active);
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
    EXPECT_EQ(volume().info_events + mute().info_events, 0u);
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

TEST_F(ConnectedMixerTest, VolumeThatNobodyHasChosenIsTheBackends)
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

TEST_F(ConnectedMixerTest, VolumeThatNobodyHasChosenIsTheNextBackends)
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

// ---- backends that can do less ----

class RefusalTest : public ConnectedMixerTest, public ::testing::WithParamInterface<Operation> {};

TEST_P(RefusalTest, AtOpenMakesTheControlInactive)
{
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_EQ(mute().write({ 0, 1 }), 0);
    stream().statuses[GetParam()] = -95;
    const bool is_volume = GetParam() == Operation::SetVolume;
    auto file = prepared();
    EXPECT_EQ(volume().is_active, !is_volume);
    EXPECT_EQ(mute().is_active, is_volume);
    EXPECT_EQ(volume().info_events, is_volume ? 1u : 0u);
    EXPECT_EQ(mute().info_events, is_volume ? 0u : 1u);
    plays(*file);
    // It may depend on the format: each OPEN tries.
    stream().statuses.clear();
    file.reset();
    file = prepared();
    EXPECT_TRUE(volume().is_active && mute().is_active);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -6020 }));
    EXPECT_EQ(muted(), (std::vector<bool> { true, false }));
    EXPECT_TRUE(complaints().empty());
}

TEST_P(RefusalTest, WhilePlayingMakesTheControlInactive)
{
    auto file = prepared();
    plays(*file);
    stream().statuses[GetParam()] = -22;
    const bool is_volume = GetParam() == Operation::SetVolume;
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_EQ(mute().write({ 0, 1 }), 0);
    EXPECT_EQ(volume().is_active, !is_volume);
    EXPECT_EQ(mute().is_active, is_volume);
    plays(*file);
    stream().statuses.clear();
    EXPECT_EQ(volume().write({ half, 0 }), 0);
    EXPECT_EQ(mute().write({ 1, 0 }), 0);
    EXPECT_TRUE(volume().is_active && mute().is_active);
    EXPECT_TRUE(complaints().empty());
}

INSTANTIATE_TEST_SUITE_P(Operations, RefusalTest,
                         ::testing::Values(Operation::SetVolume, Operation::Mute,
                                           Operation::Unmute));

TEST_F(ConnectedMixerTest, WithoutGetVolumeTheBackendDoesAsIsShown)
{
    stream().statuses[Operation::GetVolume] = -95;
    stream().volumes = { -10000, -10000 };
    auto file = prepared();
    EXPECT_TRUE(volume().is_active);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { 0, 0 }));
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_TRUE(volume().is_active);
    EXPECT_EQ(shown(), (Values { half, half }));
}

TEST_F(ConnectedMixerTest, BackendWithoutAnyOfIt)
{
    for (const auto operation :
         { Operation::SetVolume, Operation::GetVolume, Operation::Mute, Operation::Unmute })
        stream().statuses[operation] = -22;
    EXPECT_EQ(volume().write({ half, half }), 0);
    auto file = prepared();
    EXPECT_FALSE(volume().is_active || mute().is_active);
    // Kept for a backend that can.
    EXPECT_EQ(shown(), (Values { half, half }));
    EXPECT_EQ(volume().write({ half, full }), 0);
    EXPECT_EQ(shown(), (Values { half, full }));
    plays(*file);
    EXPECT_TRUE(complaints().empty());
}

TEST_F(ConnectedMixerTest, BackendThatOpensAudioAlone)
{
    stream().buffer_limit = 1024 * frame_bytes;
    auto file = open_with(small_params);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().count(Operation::Open), 2u);
    EXPECT_EQ(stream().opened()->buffer_sz, 1024 * frame_bytes);
    EXPECT_EQ(mixer_requests(), 0u);
    EXPECT_FALSE(volume().is_active || mute().is_active);
    plays(*file);
    EXPECT_EQ(volume().write({ half, half }), 0);
    EXPECT_EQ(mixer_requests(), 0u);
    // The buffer is known to be too large until there is another one.
    EXPECT_EQ(file->drop(), 0);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(stream().count(Operation::Open), 3u);
    plays(*file);
    stream().buffer_limit = UINT32_MAX;
    EXPECT_EQ(file->drop(), 0);
    ASSERT_EQ(file->hw_params(small_params), 0);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_TRUE(volume().is_active && mute().is_active);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -6020 }));
    EXPECT_TRUE(complaints().empty());
}

TEST_F(ConnectedMixerTest, BackendThatOpensNothing)
{
    stream().statuses[Operation::Open] = -16;
    auto file = open_with(small_params);
    EXPECT_EQ(file->prepare(), -EBUSY);
    ASSERT_EQ(complaints().size(), 1u);
    EXPECT_TRUE(volume().is_active && mute().is_active);
}

// ---- backends that are late ----

TEST_F(ConnectedMixerTest, SilenceAtOpenCostsNothing)
{
    EXPECT_EQ(volume().write({ half, half }), 0);
    stream().withheld = { Operation::SetVolume, Operation::GetVolume, Operation::Mute,
                          Operation::Unmute };
    auto file = open_with(small_params);
    EXPECT_EQ(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 0ms);
    plays(*file);
    EXPECT_EQ(file->drop(), 0);
    EXPECT_EQ(duration_of([&] { EXPECT_EQ(file->prepare(), 0); }), 0ms);
    EXPECT_TRUE(complaints().empty());
    // It has caught up.
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_TRUE(volume().is_active && mute().is_active);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -6020 }));
    plays(*file);
}

TEST_F(ConnectedMixerTest, BusyBackendObeysTheLastValueInTheEnd)
{
    auto file = prepared();
    plays(*file);
    stream().withheld = { Operation::SetVolume };
    EXPECT_EQ(duration_of([&] { EXPECT_EQ(volume().write({ half, full }), 0); }), 0ms);
    EXPECT_TRUE(volume().is_active);
    // It has taken that value; of the next ones it does not know yet.
    EXPECT_EQ(volume().write({ 1000, full }), 0);
    EXPECT_EQ(volume().write({ 2000, full }), 0);
    EXPECT_EQ(stream().count(Operation::SetVolume), 1u);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, 0 }));
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -76000, 0 }));
    EXPECT_EQ(stream().count(Operation::SetVolume), 2u);
    EXPECT_EQ(shown(), (Values { 2000, full }));
    plays(*file);
}

TEST_F(ConnectedMixerTest, LateAnswerAfterCloseHasNoConsequence)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    EXPECT_EQ(volume().write({ half, full }), 0);
    EXPECT_EQ(volume().write({ 1000, full }), 0);
    EXPECT_EQ(file->hw_free(), 0);
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(stream().count(Operation::SetVolume), 1u);
    ASSERT_EQ(file->hw_params(PcmParams { format_s16_le, 48000, 1, 100, 500 }), 0);
    ASSERT_EQ(file->prepare(), 0);
    settle();
    EXPECT_EQ(stream().volumes[0], -86000);
}

// Answered after another OPEN, with rows elsewhere and of another length.
TEST_F(ConnectedMixerTest, LateAnswerAfterAnotherOpen)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    EXPECT_EQ(volume().write({ half, full }), 0);
    ASSERT_EQ(file->hw_params(PcmParams { format_s16_le, 48000, 1, 100, 500 }), 0);
    ASSERT_EQ(file->prepare(), 0);
    EXPECT_EQ(volume().write({ 1000, full }), 0);
    stream().withheld.clear();
    stream().answer_all();
    settle();
    EXPECT_EQ(stream().volumes[0], -86000);
}

TEST_F(ConnectedMixerTest, ControlsDoNotWait)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    fake::Duration taken = 1s;
    kernel.timeline.after(20ms, [&] {
        fake::Thread mixer(kernel.context, [&] {
            taken = duration_of([&] {
                EXPECT_EQ(kernel.sound.visible_cards()[0]
                              ->find_control("PCM Playback Volume")
                              ->write({ half, half }),
                          0);
            });
        });
        EXPECT_TRUE(mixer.has_ended());
    });
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_EQ(taken, 0ms);
    EXPECT_EQ(shown(), (Values { half, half }));
}

TEST_F(ConnectedMixerTest, ReadingWhileARequestIsWaitedFor)
{
    auto file = open_with(small_params);
    stream().withheld = { Operation::Open };
    bool has_read = false;
    kernel.timeline.after(20ms, [&] {
        Values values;
        EXPECT_EQ(
            kernel.sound.visible_cards()[0]->find_control("PCM Playback Volume")->read(values), 0);
        EXPECT_EQ(values, (Values { full, full }));
        has_read = true;
    });
    EXPECT_EQ(file->prepare(), 0);
    EXPECT_TRUE(has_read);
}

// Chosen while the backend is asked what its volume is: the choice counts.
TEST_F(ConnectedMixerTest, ChoiceWhileVolumesAreReadBack)
{
    stream().volumes = { -10000, -10000 };
    stream().withheld = { Operation::GetVolume };
    auto file = prepared();
    EXPECT_EQ(volume().write({ half, 3000 }), 0);
    stream().withheld.clear();
    stream().answer_all();
    EXPECT_EQ(shown(), (Values { half, 3000 }));
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, -66000 }));
}

TEST_F(ConnectedMixerTest, DeviceThatGoesWhileAVolumeIsNotAnswered)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    kshim_control &kept = volume();
    EXPECT_EQ(kept.write({ half, half }), 0);
    fake::remove(device);
    EXPECT_EQ(kept.info_events, 0u);
    EXPECT_EQ(kept.write({ full, full }), -ENODEV);
    file.reset();
    EXPECT_TRUE(complaints().empty());
}

TEST_F(ConnectedMixerTest, ValuesReachTheNextBackend)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    EXPECT_EQ(volume().write({ half, full }), 0);
    backend.publish(XenbusState::Closed);
    backend.detach();
    EXPECT_EQ(mute().write({ 0, 1 }), 0);
    EXPECT_EQ(volume().info_events + mute().info_events, 0u);
    backend.wait_for_frontend();
    backend.connect();
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -6020, 0 }));
    EXPECT_EQ(muted(), (std::vector<bool> { true, false }));
    plays(*file);
}

TEST_F(ConnectedMixerTest, LastValueReachesABackendThatWasOverdue)
{
    auto file = prepared();
    stream().withheld = { Operation::SetVolume };
    EXPECT_EQ(volume().write({ half, full }), 0);
    EXPECT_EQ(file->write(make_audio(1024 * frame_bytes)), 1024);
    kernel.timeline.pass(1500ms);
    EXPECT_EQ(duration_of([&] { EXPECT_EQ(volume().write({ 1000, full }), 0); }), 0ms);
    stream().withheld.clear();
    stream().answer_all();
    kernel.timeline.pass(1ms);
    EXPECT_EQ(state(), XenbusState::Connected);
    EXPECT_EQ(volumes(), (std::vector<int32_t> { -86000, 0 }));
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
