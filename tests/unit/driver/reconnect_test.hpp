// SPDX-License-Identifier: GPL-2.0-only
// Applications that outlive their backend: what is common to the tests of it.
#pragma once

#include <optional>
#include <ostream>

#include "driver_test.hpp"
#include "fake/thread.hpp"

namespace xen_front::test {

class ReconnectTest : public DriverTest {
  protected:
    void SetUp() override
    {
        backend.on_attach = [](BackendStream &stream) {
            stream.has_clock = true;
        };
        connect();
    }
    // Commits the next @frames of the audio.
    void write(PcmFile &file, size_t frames)
    {
        const auto *from = audio_.data() + committed_ * frame_bytes;
        EXPECT_EQ(file.write({ from, frames * frame_bytes }), static_cast<int64_t>(frames));
        committed_ += frames;
    }
    std::unique_ptr<PcmFile> playing()
    {
        committed_ = 0;
        auto file = prepared();
        write(*file, buffer_frames);
        EXPECT_EQ(file->state(), PcmState::Running);
        return file;
    }
    // Since prepare, as ALSA was shown it.
    static uint64_t position(const PcmFile &file)
    {
        return file.runtime().hw_ptr;
    }
    // The rest of the audio plays to its end, and this backend was given all of it from @first on.
    void expect_the_rest(PcmFile &file, uint64_t first)
    {
        write(file, audio_frames - committed_);
        EXPECT_EQ(file.drain(), 0);
        EXPECT_EQ(file.substream().xruns, 0u);
        expect_heard_from(first);
    }
    void expect_heard_from(uint64_t first)
    {
        auto heard = stream().record.written;
        const std::vector<uint8_t> expected(
            audio_.begin() + static_cast<ptrdiff_t>(first * frame_bytes), audio_.end());
        ASSERT_GE(heard.size(), expected.size());
        heard.resize(expected.size());
        EXPECT_EQ(heard, expected);
    }
    // The backend's process is killed: XenStore does not change, its mappings and ports are gone.
    void kill()
    {
        backend.detach();
    }
    // It is started again, and goes through the states to Connected.
    void restart(XenbusState first = XenbusState::InitWait)
    {
        if (first != XenbusState::InitWait)
            backend.publish(first);
        backend.wait_for_frontend();
        if (state() == XenbusState::Initialised)
            backend.connect();
    }
    void restore()
    {
        fake::save_and_restore(device, [this] { backend.detach(); });
    }
    // Has @action done by another thread in @delay.
    void later(fake::Duration delay, const std::function<void()> &action)
    {
        kernel.timeline.after(delay, [this, action] {
            threads_.push_back(std::make_unique<fake::Thread>(kernel.context, action));
        });
    }
    size_t card_count() const
    {
        return kernel.sound.visible_cards().size();
    }

    static constexpr uint64_t buffer_frames = 1024;
    static constexpr size_t audio_frames = 6000;

  private:
    const std::vector<uint8_t> audio_ = make_audio(audio_frames * frame_bytes);
    size_t committed_ = 0;
    std::vector<std::unique_ptr<fake::Thread>> threads_;
};

// In every way in which a backend may go.
struct Farewell {
    const char *what;
    std::vector<XenbusState> states;
    XenbusState answer; // the frontend's while there is no backend
};

inline std::ostream &operator<<(std::ostream &out, const Farewell &farewell)
{
    return out << farewell.what;
}

class FarewellTest : public ReconnectTest, public ::testing::WithParamInterface<Farewell> {
  protected:
    void part()
    {
        for (const XenbusState next : GetParam().states) {
            backend.publish(next);
            backend.detach();
        }
    }
};

inline const auto farewells = ::testing::Values(
    Farewell { "closing", { XenbusState::Closing }, XenbusState::Closed },
    Farewell { "closing, then closed",
               { XenbusState::Closing, XenbusState::Closed },
               XenbusState::Initialising },
    Farewell { "closed", { XenbusState::Closed }, XenbusState::Initialising },
    Farewell { "state gone", { XenbusState::Unknown }, XenbusState::Reconfiguring },
    Farewell { "starts over", { XenbusState::Initialising }, XenbusState::Initialising },
    Farewell { "closed, starts over",
               { XenbusState::Closed, XenbusState::Initialising },
               XenbusState::Initialising });

} // namespace xen_front::test
