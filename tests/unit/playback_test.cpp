// SPDX-License-Identifier: GPL-2.0-only
// Playback: what an application writes is what the backend gets, and when.
#include "driver_test.hpp"

namespace xen_front::test {

namespace {

class PlaybackTest : public DriverTest {
  protected:
    void SetUp() override
    {
        connect();
    }
};

TEST_F(PlaybackTest, EveryByteArrivesOverManyBuffers)
{
    stream().has_clock = true;
    auto file = prepared();
    const auto audio = make_audio(50 * 1024 * frame_bytes);
    EXPECT_EQ(file->write(audio), 50 * 1024);
    EXPECT_EQ(file->drain(), 0);
    EXPECT_EQ(file->state(), PcmState::Setup);
    EXPECT_EQ(stream().record.written, audio);
    EXPECT_EQ(file->substream().xruns, 0u);
    EXPECT_TRUE(complaints().empty());
}

} // namespace

} // namespace xen_front::test
