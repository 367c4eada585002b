// SPDX-License-Identifier: GPL-2.0-only
//
// A guest that plays at its own rate on a card whose time the test lets pass.
#include <gtest/gtest.h>

#include <algorithm>

#include "audio/alsa_device.hpp"
#include "unit/audio/simulated_card.h"
#include "unit/support.h"

namespace sndback {
namespace {

using namespace std::chrono_literals;

struct Buffers {
    std::uint32_t period; // of the guest, in its frames
    std::uint32_t periods;
    snd_pcm_uframes_t card; // period of the card, in its own frames
};

std::ostream &operator<<(std::ostream &out, const Buffers &buffers)
{
    return out << buffers.period << "x" << buffers.periods << " over " << buffers.card;
}

class AlsaClock : public ::testing::TestWithParam<Buffers> {
  protected:
    AlsaClock()
    {
        while (write())
            ;
        device_.start(now_);
    }
    bool write()
    {
        if (!device_.transfer(std::as_writable_bytes(std::span(samples_)), now_))
            return false;
        written_ += GetParam().period;
        return true;
    }
    // Lets time pass until the device wants to be looked at, but not beyond `limit`.
    std::optional<std::uint64_t> pass_time(Time limit)
    {
        Time next = limit;
        if (const std::optional<Time> deadline = device_.deadline())
            next = std::clamp(*deadline, now_, limit);
        idle_rounds_ = next == now_ ? idle_rounds_ + 1 : 0;
        EXPECT_LT(idle_rounds_, 3U) << "the deadline stays in the past";
        card_.set_time(now_ = next);
        return device_.service(now_, {});
    }
    // Frames that have come out, as the guest counts. None may be silent before the last one.
    [[nodiscard]] std::uint64_t heard() const
    {
        const std::vector<std::int16_t> &samples = card_.passed_on();
        const auto is_sound = [](std::int16_t sample) {
            return sample != 0;
        };
        const auto begin = std::find_if(samples.begin(), samples.end(), is_sound);
        const auto end = std::find_if(samples.rbegin(), samples.rend(), is_sound).base();
        EXPECT_EQ(std::count(begin, end, 0), 0) << "silence between";
        // The converter makes a period of the card out of a whole number of the guest's frames.
        const snd_pcm_uframes_t card = GetParam().card;
        return static_cast<std::uint64_t>(end - begin) * (card * guest_rate / SimulatedCard::rate) /
               card;
    }

    static constexpr std::uint32_t frame_bytes = 2 * sizeof(std::int16_t);
    static constexpr unsigned guest_rate = 44100;
    SimulatedCard card_ { GetParam().card };
    RecordingListener listener_;
    const Gain gain_;
    Time now_ {};
    std::vector<std::int16_t> samples_ =
        std::vector<std::int16_t>(std::size_t { 2 } * GetParam().period, 1000);
    AlsaPlayback device_ { "simulated",
                           { { find_format("s16_le"), guest_rate, 2 },
                             GetParam().period *GetParam().periods *frame_bytes,
                             GetParam().period *frame_bytes,
                             {} },
                           gain_,
                           listener_ };
    std::uint64_t written_ = 0; // frames
    unsigned idle_rounds_ = 0;
};

// When the guest is told of a period, the card may have no more than 1.6 ms left: the
// converter keeps the rest. It writes in the last moment.
TEST_P(AlsaClock, AGuestThatIsInTimeNeverRunsDry)
{
    constexpr Time latency = 1300us;
    std::optional<Time> write_at;
    while (now_ < 5s) {
        if (write_at && now_ >= *write_at) {
            write_at.reset();
            while (write())
                ;
        }
        const Time interrupt = now_ + 100us;
        if (pass_time(write_at ? std::min(*write_at, interrupt) : interrupt) && !write_at)
            write_at = now_ + latency;
    }
    EXPECT_EQ(card_.underruns(), 0U);
    EXPECT_TRUE(listener_.underruns.empty());
    EXPECT_TRUE(listener_.stops.empty());

    std::uint64_t played = 0;
    while (played < written_ * frame_bytes && now_ < 6s)
        played = std::max(played, pass_time(now_ + 1ms).value_or(0));
    EXPECT_EQ(played, written_ * frame_bytes);
    // The converter works to the frame at both ends.
    EXPECT_NEAR(heard(), written_, 2);
}

INSTANTIATE_TEST_SUITE_P(TightBuffers, AlsaClock,
                         ::testing::Values(Buffers { 1024, 2, 1024 }, Buffers { 1000, 2, 1024 },
                                           Buffers { 512, 3, 1024 }, Buffers { 300, 2, 256 },
                                           Buffers { 1024, 4, 1024 }));

} // namespace
} // namespace sndback
