// SPDX-License-Identifier: GPL-2.0-only
// An application that does nothing for the loss of its backend: it plays, or records, and any error
// that ALSA returns ends it. Playback is a counter, which the host looks for in the backend's
// recordings; what is recorded is kept for the host. Also measures for how long the sound stays
// away once the backend is back. Ends at SIGTERM and reports.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <thread>
#include <vector>

#include "ktap.h"
#include "pcm.h"

namespace selftest {

namespace {

volatile sig_atomic_t is_over = 0;

double now()
{
    timespec time = {};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void pause_for(double seconds)
{
    const timespec time = { 0, static_cast<long>(seconds * 1e9) };
    nanosleep(&time, nullptr);
}

bool is_connected(const std::string &state_file)
{
    std::string state;
    std::ifstream(state_file) >> state;
    return state == "Connected";
}

// Notices that the stream stands still because its backend is away, and when that is back.
class Watch {
  public:
    Watch(std::string state_file, double period)
        : state_file_(std::move(state_file)), period_(period), thread_([this] { run(); })
    {
    }
    ~Watch()
    {
        is_over_ = true;
        thread_.join();
    }

    // ALSA has taken or delivered a period.
    void on_progress()
    {
        const double time = now();
        const double back = back_.exchange(0);
        const double before = last_.exchange(time);
        longest_stand_ = std::max(longest_stand_, time - before);
        // The first period after the backend is back lasts as long as any other.
        if (back != 0)
            silences_.push_back(std::max(time - back - period_, 0.0));
    }
    void report()
    {
        std::sort(silences_.begin(), silences_.end());
        std::printf("losses %zu\nlongest_stand_ms %.0f\n", silences_.size(), longest_stand_ * 1e3);
        if (!silences_.empty())
            std::printf("silence_ms_p50 %.0f\nsilence_ms_max %.0f\n",
                        silences_[silences_.size() / 2] * 1e3, silences_.back() * 1e3);
    }

  private:
    // No period is late by so much while there is a backend.
    static constexpr double still_seconds = 0.1;
    static constexpr double look_seconds = 0.002;

    void run()
    {
        bool was_away = false;
        while (!is_over_) {
            if (now() - last_ < still_seconds) {
                was_away = false;
                pause_for(still_seconds / 2);
                continue;
            }
            if (!is_connected(state_file_)) {
                was_away = true;
                back_ = 0;
            } else if (was_away && back_ == 0) {
                back_ = now();
                was_away = false;
            }
            pause_for(look_seconds);
        }
    }

    const std::string state_file_;
    const double period_; // in seconds, as all times
    std::atomic<double> last_ = now();
    std::atomic<double> back_ = 0;
    std::atomic<bool> is_over_ = false;
    double longest_stand_ = 0;
    std::vector<double> silences_;
    std::thread thread_;
};

// One application.
class Application {
  public:
    Application(const std::string &pcm, snd_pcm_stream_t direction, snd_pcm_access_t access,
                std::string state_file)
        : setup_ { .buffer = is_untimed() ? slow_buffer : buffer, .access = access },
          direction_(direction),
          pcm_(pcm, direction, setup_),
          period_(setup_.period),
          watch_(std::move(state_file), static_cast<double>(setup_.period) / setup_.rate)
    {
    }

    void run(const std::string &file)
    {
        std::ofstream out(file, std::ios::binary);
        while (!is_over) {
            move_period();
            watch_.on_progress();
            if (direction_ == SND_PCM_STREAM_CAPTURE)
                out.write(reinterpret_cast<const char *>(period_.data()),
                          static_cast<std::streamsize>(period_.size() * sizeof(period_[0])));
        }
        if (direction_ == SND_PCM_STREAM_PLAYBACK) {
            pcm_.drain();
            out << frames_ << " " << setup_.buffer << "\n";
        }
        expect(out.good(), "cannot write " + file);
    }
    void report()
    {
        watch_.report();
        std::printf("frames %u\n", frames_);
    }

  private:
    static constexpr snd_pcm_uframes_t buffer = 9600;
    // Where an emulated machine has to keep up with real time, or a kernel looks for bugs.
    static constexpr snd_pcm_uframes_t slow_buffer = 96000;

    void move_period()
    {
        const bool is_playback = direction_ == SND_PCM_STREAM_PLAYBACK;
        // Each frame is its number, the first one 1: silence has none.
        for (size_t i = 0; is_playback && i < period_.size(); i++)
            period_[i] = frames_ + 1 + static_cast<uint32_t>(i);
        for (snd_pcm_uframes_t done = 0; done < period_.size();) {
            const snd_pcm_sframes_t moved = move_frames(&period_[done], period_.size() - done);
            if (moved != -EINTR)
                check(static_cast<int>(moved), is_playback ? "write" : "read");
            if (moved > 0)
                done += static_cast<snd_pcm_uframes_t>(moved);
        }
        frames_ += static_cast<uint32_t>(period_.size());
    }
    snd_pcm_sframes_t move_frames(uint32_t *frames, snd_pcm_uframes_t count)
    {
        const bool is_mmap = setup_.access == SND_PCM_ACCESS_MMAP_INTERLEAVED;
        if (direction_ == SND_PCM_STREAM_PLAYBACK)
            return is_mmap ? snd_pcm_mmap_writei(pcm_.get(), frames, count)
                           : snd_pcm_writei(pcm_.get(), frames, count);
        return is_mmap ? snd_pcm_mmap_readi(pcm_.get(), frames, count)
                       : snd_pcm_readi(pcm_.get(), frames, count);
    }

    const Setup setup_;
    const snd_pcm_stream_t direction_;
    Pcm pcm_;
    std::vector<uint32_t> period_; // frames of two samples of 16 bits
    uint32_t frames_ = 0;
    Watch watch_;
};

} // namespace

} // namespace selftest

int main(int argc, char **argv)
{
    using namespace selftest;
    const std::string direction = argc == 6 ? argv[2] : "";
    const std::string access = argc == 6 ? argv[3] : "";
    if ((direction != "play" && direction != "record") || (access != "rw" && access != "mmap")) {
        std::fprintf(
            stderr,
            "usage: xen-front-outlive PCM play|record rw|mmap STATE_FILE FILE\n"
            "Plays a counter through PCM, or records from it, until SIGTERM, whatever becomes of\n"
            "the backend; any error of ALSA's ends it with 1. FILE gets the number of frames that\n"
            "were played and the size of the buffer, or what was recorded. Prints how often the\n"
            "stream stood still for want of a backend, and for how long it stayed silent after\n"
            "STATE_FILE (/sys/bus/xen/devices/vsnd-N/state) said Connected again.\n");
        return 2;
    }
    // The call that waits for the backend ends at the signal.
    struct sigaction action = {};
    action.sa_handler = [](int) {
        is_over = 1;
    };
    sigaction(SIGTERM, &action, nullptr);
    try {
        Application application(
            argv[1], direction == "play" ? SND_PCM_STREAM_PLAYBACK : SND_PCM_STREAM_CAPTURE,
            access == "rw" ? SND_PCM_ACCESS_RW_INTERLEAVED : SND_PCM_ACCESS_MMAP_INTERLEAVED,
            argv[4]);
        application.run(argv[5]);
        application.report();
    } catch (const Failure &failure) {
        std::fprintf(stderr, "xen-front-outlive: %s\n", failure.what.c_str());
        return 1;
    }
    return 0;
}
