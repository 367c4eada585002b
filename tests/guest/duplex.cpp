// SPDX-License-Identifier: GPL-2.0-only
#include "duplex.h"

#include "ktap.h"

#include <algorithm>
#include <cstring>
#include <thread>

namespace selftest {

namespace {

// Noise without end: the same frames again and again. A number of them that no period or buffer
// has anything to do with, so that what was displaced does not look right.
class Noise {
  public:
    explicit Noise(const Pcm &pcm)
        : frame_bytes_(pcm.frame_bytes()), samples_(random_bytes(cycle * frame_bytes_, 1))
    {
        // In no format part of silence.
        samples_[0] = 0x5a;
    }

    const uint8_t *at(size_t frame) const
    {
        return &samples_[frame % cycle * frame_bytes_];
    }
    // How many frames from @frame on are in one piece.
    static size_t contiguous(size_t frame)
    {
        return cycle - frame % cycle;
    }

  private:
    static constexpr size_t cycle = 50021;

    size_t frame_bytes_;
    std::vector<uint8_t> samples_;
};

std::string at_frame(const char *what, size_t frame)
{
    return std::string(what) + " at frame " + std::to_string(frame);
}

void play(const Pcm &output, snd_pcm_uframes_t period, const Noise &noise, size_t frames)
{
    for (size_t done = 0; done < frames;) {
        const size_t count = std::min({ period, frames - done, Noise::contiguous(done) });
        const snd_pcm_sframes_t written = snd_pcm_writei(output.get(), noise.at(done), count);
        check(static_cast<int>(written), at_frame("write", done));
        done += static_cast<size_t>(written);
    }
    check(snd_pcm_drain(output.get()), "drain");
}

// Compares what is recorded with what is played.
class Listener {
  public:
    Listener(const Noise &noise, size_t frame_bytes) : noise_(noise), frame_bytes_(frame_bytes)
    {
    }

    size_t heard() const
    {
        return heard_;
    }

    // Takes the next @count frames that were recorded, @frames of which will be noise in all.
    void take(const uint8_t *recorded, size_t count, size_t frames)
    {
        if (heard_ == 0) {
            const size_t silent = count_silence(recorded, count);
            recorded += silent * frame_bytes_;
            count -= silent;
        }
        count = std::min(count, frames - heard_);
        while (count > 0) {
            const size_t piece = std::min(count, Noise::contiguous(heard_));
            expect(std::memcmp(recorded, noise_.at(heard_), piece * frame_bytes_) == 0,
                   at_frame("something else than what was played was recorded", heard_));
            recorded += piece * frame_bytes_;
            heard_ += piece;
            count -= piece;
        }
    }

  private:
    // The first frame ever is silence, whatever that is in the format.
    size_t count_silence(const uint8_t *recorded, size_t count)
    {
        if (silence_.empty())
            silence_.assign(recorded, recorded + frame_bytes_);
        size_t silent = 0;
        while (silent < count &&
               std::memcmp(recorded + silent * frame_bytes_, silence_.data(), frame_bytes_) == 0)
            silent++;
        return silent;
    }

    const Noise &noise_;
    size_t frame_bytes_;
    std::vector<uint8_t> silence_;
    size_t heard_ = 0;
};

} // namespace

void play_and_record(const std::string &output_name, const Setup &output_setup,
                     const std::string &input_name, const Setup &input_setup, size_t frames)
{
    const Pcm input(input_name, SND_PCM_STREAM_CAPTURE, input_setup);
    const Pcm output(output_name, SND_PCM_STREAM_PLAYBACK, output_setup);
    const Noise noise(output);
    Listener listener(noise, input.frame_bytes());
    std::vector<uint8_t> period(input.bytes(input_setup.period));
    const auto listen = [&] {
        const snd_pcm_sframes_t count =
            snd_pcm_readi(input.get(), period.data(), input_setup.period);
        check(static_cast<int>(count), at_frame("read", listener.heard()));
        listener.take(period.data(), static_cast<size_t>(count), frames);
    };

    // A first period shows that the backend records: nothing of what is played can be missed.
    listen();
    Failure player_failure;
    std::thread player([&] {
        try {
            play(output, output_setup.period, noise, frames);
        } catch (const Failure &failure) {
            player_failure = failure;
            snd_pcm_drop(input.get());
        }
    });
    Failure listener_failure;
    try {
        while (listener.heard() < frames)
            listen();
    } catch (const Failure &failure) {
        listener_failure = failure;
        snd_pcm_drop(output.get());
    }
    player.join();
    expect(player_failure.what.empty() && listener_failure.what.empty(),
           player_failure.what + (player_failure.what.empty() ? "" : "; ") + listener_failure.what);
}

} // namespace selftest
