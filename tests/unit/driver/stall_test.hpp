// SPDX-License-Identifier: GPL-2.0-only
// A backend that is overdue: what the tests of it share.
#pragma once

#include "reconnect_test.hpp"

namespace xen_front::test {

using namespace std::chrono_literals;

class StallTest : public ReconnectTest {
  protected:
    // What /proc says of the first stream's connection.
    std::string link() const
    {
        const auto text = kernel.sound.visible_cards().at(0)->read_proc("xen-front").value_or("");
        const size_t at = text.find("link: ") + 6;
        return text.substr(at, text.find('\n', at) - at);
    }
    void hang(BackendStream &stream)
    {
        stream.has_clock = false;
        stream.latency.reset(); // it handles nothing
    }
    // Plays until the stream stands still; returns its position then.
    uint64_t hang_while_it_plays(const PcmFile &file)
    {
        kernel.timeline.pass(9ms);
        hang(stream());
        kernel.timeline.pass(3s);
        EXPECT_EQ(link(), "stalled");
        return position(file);
    }
    void come_back(BackendStream &stream)
    {
        stream.latency = fake::Duration(0);
        stream.serve();
        stream.start_clock();
    }
    // Plays on although it has long played all that it has.
    std::unique_ptr<PcmFile> starved()
    {
        auto file = open_with(small_params);
        EXPECT_EQ(file->sw_params(1, file->params().boundary, 256), 0);
        EXPECT_EQ(file->prepare(), 0);
        file->write(make_audio(100 * frame_bytes));
        kernel.timeline.pass(std::chrono::seconds(5));
        return file;
    }
    // A second stream, of a playback device with two.
    std::unique_ptr<PcmFile> open_another()
    {
        int status = 0;
        auto file = PcmFile::open(*kernel.sound.visible_cards().at(0), 0, KSHIM_PLAYBACK, status);
        EXPECT_EQ(status, 0);
        EXPECT_EQ(file->hw_params(small_params), 0);
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_EQ(file->write(make_audio(buffer_frames * frame_bytes)),
                  static_cast<int64_t>(buffer_frames));
        EXPECT_EQ(file->state(), PcmState::Running);
        return file;
    }
    static void play_seconds(PcmFile &file, int seconds)
    {
        for (int i = 0; i < seconds; i++)
            ASSERT_EQ(file.write(make_audio(48000 * frame_bytes)), 48000);
    }
    void have_two_streams()
    {
        configure({ { "0/1/type", "p" } });
        restart();
        kernel.timeline.pass(1ms);
    }
};

} // namespace xen_front::test
