// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <gtest/gtest.h>

#include "audio/alsa_device.hpp"
#include "unit/audio/alsa_failures.h"
#include "unit/audio/parameters.h"
#include "unit/support.h"

namespace sndback {

// A period plays on alsa-lib's null PCM, which passes for a card. The test says how far it is.
class ShownPlayback : public ::testing::Test {
  protected:
    ShownPlayback()
    {
        EXPECT_TRUE(device_.transfer(data_, Time {}));
        device_.start(Time {});
        card_.show_left(period_frames);
    }

    static constexpr snd_pcm_sframes_t period_frames = 1024; // 21.3 ms
    static constexpr snd_pcm_sframes_t silence = 960; // 20 ms
    ShownCard card_;
    RecordingListener listener_;
    const Gain gain_;
    std::vector<std::byte> data_ = numbered(4096);
    AlsaPlayback device_ { "null", alsa_parameters, gain_, listener_ };
};

} // namespace sndback
