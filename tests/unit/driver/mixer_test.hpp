// SPDX-License-Identifier: GPL-2.0-only
// Volume and mute: what the tests of the mixer share.
#pragma once

#include "driver_test.hpp"

namespace xen_front::test {

class MixerTest : public DriverTest {
  protected:
    using Values = std::vector<uint32_t>;
    static constexpr uint32_t full = KSHIM_CONTROL_LEVEL_MAX; // 0 dB
    static constexpr uint32_t half = KSHIM_CONTROL_LEVEL_MAX - 602; // -6.02 dB

    MixerTest()
    {
        configure({ { "channels-max", "2" } });
    }
    // The maintenance tells ALSA what the backend has responded.
    void settle()
    {
        kernel.timeline.pass(fake::Duration(0));
    }
    kshim_control &control(const char *name)
    {
        settle();
        kshim_control *found = kernel.sound.visible_cards().at(0)->find_control(name);
        EXPECT_NE(found, nullptr) << name;
        return *found;
    }
    bool has_control(const char *name)
    {
        settle();
        return kernel.sound.visible_cards().at(0)->find_control(name) != nullptr;
    }
    bool has_volume()
    {
        return has_control("PCM Playback Volume");
    }
    bool has_mute()
    {
        return has_control("PCM Playback Switch");
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
        return stream().count(wire::Operation::SetVolume) +
               stream().count(wire::Operation::GetVolume) + stream().count(wire::Operation::Mute) +
               stream().count(wire::Operation::Unmute);
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
        kernel.timeline.pass(std::chrono::seconds(11));
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

} // namespace xen_front::test
