// SPDX-License-Identifier: GPL-2.0-only
// Applications that leave their pointer alone, and write, or read, in place: dmix, dsnoop, and mmap
// of OSS.
#pragma once

#include "driver_test.hpp"

namespace xen_front::test {

class FreeWheelingTest : public DriverTest {
  protected:
    // The backend plays @periods, one after the other.
    void play(int periods)
    {
        for (int i = 0; i < periods; i++) {
            report(played_ += 256);
            kernel.timeline.pass(std::chrono::milliseconds(5));
        }
    }
    // ALSA never stops the stream, and silences what was played.
    static std::unique_ptr<PcmFile> started(std::unique_ptr<PcmFile> file)
    {
        const uint64_t boundary = file->params().boundary;
        EXPECT_EQ(file->sw_params(boundary, boundary, 256, 0, boundary), 0);
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_EQ(file->start(), 0);
        return file;
    }
    std::unique_ptr<PcmFile> free_wheeling(kshim_direction direction = KSHIM_PLAYBACK)
    {
        return started(open_with(small_params, direction));
    }
    // It was stopped, and the backend has played what ALSA had been shown.
    std::unique_ptr<PcmFile> started_again()
    {
        auto file = free_wheeling();
        kernel.timeline.pass(std::chrono::milliseconds(1));
        report(256);
        EXPECT_EQ(file->drop(), 0);
        report(768);
        EXPECT_EQ(file->prepare(), 0);
        EXPECT_EQ(file->start(), 0);
        kernel.timeline.pass(std::chrono::milliseconds(1));
        return file;
    }
    std::unique_ptr<PcmFile> free_wheeling_without_wakeups(const PcmParams &params)
    {
        auto file = open();
        file->wants_no_period_wakeup = true;
        EXPECT_EQ(file->hw_params(params), 0);
        return started(std::move(file));
    }
    // Writes @sound from where ALSA is by its own account. How many bytes lie before that.
    static uint64_t mix(const PcmFile &file, const std::vector<uint8_t> &sound)
    {
        const uint64_t at = file.runtime().hw_ptr * frame_bytes;
        const auto buffer = file.buffer();
        for (size_t i = 0; i < sound.size(); i++)
            buffer[(at + i) % buffer.size()] = sound[i];
        return at;
    }
    // The backend was given @sound from byte @at on.
    void expect_heard(const std::vector<uint8_t> &sound, uint64_t at)
    {
        const std::vector<uint8_t> &written = stream().record.written;
        ASSERT_GE(written.size(), at + sound.size());
        for (size_t i = 0; i < sound.size(); i++)
            ASSERT_EQ(written[at + i], sound[i]) << "byte " << i << " of a sound at " << at;
    }
    void lose_backend()
    {
        backend.publish(XenbusState::Closed);
        backend.detach();
        backend.wait_for_frontend();
    }
    uint64_t event_interrupts()
    {
        return kernel.event_channels
            .find(device.backend_domain, backend.transport("0/0").event_ring_channel)
            ->interrupts;
    }
    uint64_t response_interrupts()
    {
        return kernel.event_channels.interrupts(device.backend_domain,
                                                backend.transport("0/0").event_channel);
    }

    uint64_t played_ = 0; // by play()
};

} // namespace xen_front::test
