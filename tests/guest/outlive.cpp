// SPDX-License-Identifier: GPL-2.0-only
// Plays without end and lives through every loss of its backend, as applications do: suspended, it
// asks whether it may go on, prepares, and plays. Measures how long the sound stays away once the
// backend is back. Ends at SIGTERM and reports.
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>

#include <algorithm>
#include <vector>

#include "ktap.h"
#include "pcm.h"

namespace selftest {

namespace {

volatile sig_atomic_t is_over = 0;

// How often it asks, as PulseAudio or a game would; aplay asks once a second.
constexpr double poll_seconds = 0.010;

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

class Player {
  public:
    Player(const std::string &pcm, std::string state_file)
        : pcm_(pcm, SND_PCM_STREAM_PLAYBACK, setup),
          state_file_(std::move(state_file)),
          silence_(pcm_.bytes(setup.period))
    {
    }

    void run()
    {
        while (!is_over) {
            const auto written = snd_pcm_writei(pcm_.get(), silence_.data(), setup.period);
            if (written == -ESTRPIPE)
                resume();
            else if (written == -EPIPE)
                recover_from_xrun();
            else if (written < 0 && written != -EINTR)
                check(static_cast<int>(written), "write");
        }
    }
    void report() const
    {
        std::vector<double> sorted = gaps_;
        std::sort(sorted.begin(), sorted.end());
        if (sorted.empty()) {
            std::printf("suspensions 0\n");
            return;
        }
        const double longest_call = longest_call_;
        std::printf("suspensions %zu\ngap_ms_p50 %.0f\ngap_ms_p99 %.0f\ngap_ms_max %.0f\n"
                    "xruns %u\nlongest_call_ms %.0f\n",
                    sorted.size(), sorted[sorted.size() / 2] * 1e3,
                    sorted[(sorted.size() * 99) / 100] * 1e3, sorted.back() * 1e3, xruns_,
                    longest_call * 1e3);
    }

  private:
    static constexpr Setup setup = {};
    static constexpr double longest_gap_seconds = 0.1; // says what it was made of

    void recover_from_xrun()
    {
        xruns_++;
        check(snd_pcm_prepare(pcm_.get()), "prepare after an underrun");
    }

    // From the moment the backend is back until it plays what was written after that.
    void resume()
    {
        // The stream is suspended before the state changes.
        bool was_away = false;
        double back = 0;
        while (!is_over) {
            if (!is_connected(state_file_))
                was_away = true;
            else if (was_away && back == 0)
                back = now();
            const int status = timed([&] { return snd_pcm_resume(pcm_.get()); });
            if (status == -ENOSYS)
                break;
            if (status == 0)
                return; // it had not started: prepared, it goes on where it was
            if (status != -EAGAIN)
                check(status, "resume");
            pause_for(poll_seconds);
        }
        if (is_over)
            return;
        if (back == 0)
            back = now();
        const double asked = now();
        check(timed([&] { return snd_pcm_prepare(pcm_.get()); }), "prepare after a suspension");
        const double prepared = now();
        for (snd_pcm_uframes_t frames = 0; frames < setup.buffer; frames += setup.period) {
            const auto written = snd_pcm_writei(pcm_.get(), silence_.data(), setup.period);
            if (written == -ESTRPIPE)
                return; // gone again: no gap to measure
            check(static_cast<int>(written), "write after a suspension");
        }
        // The first period has been played when there is room for another.
        const auto written = snd_pcm_writei(pcm_.get(), silence_.data(), setup.period);
        if (written <= 0)
            return;
        gaps_.push_back(now() - back);
        if (gaps_.back() > longest_gap_seconds)
            std::fprintf(stderr,
                         "gap of %.0f ms: resumed after %.0f, prepared after %.0f, then played\n",
                         gaps_.back() * 1e3, (asked - back) * 1e3, (prepared - back) * 1e3);
    }
    template <typename Call> int timed(Call &&call)
    {
        const double start = now();
        const int status = call();
        longest_call_ = std::max(longest_call_, now() - start);
        return status;
    }

    Pcm pcm_;
    const std::string state_file_;
    std::vector<uint8_t> silence_;
    std::vector<double> gaps_; // seconds
    double longest_call_ = 0; // of resume and prepare, in seconds
    unsigned int xruns_ = 0;
};

} // namespace

} // namespace selftest

int main(int argc, char **argv)
{
    using namespace selftest;
    if (argc != 3) {
        std::fprintf(
            stderr,
            "usage: xen-front-outlive PCM STATE_FILE\n"
            "Plays silence through PCM until SIGTERM, whatever becomes of the backend, and\n"
            "prints how often it was suspended and how long the sound stayed away after\n"
            "STATE_FILE (/sys/bus/xen/devices/vsnd-N/state) said Connected again.\n");
        return 2;
    }
    std::signal(SIGTERM, [](int) { is_over = 1; });
    try {
        Player player(argv[1], argv[2]);
        player.run();
        player.report();
    } catch (const Failure &failure) {
        std::fprintf(stderr, "xen-front-outlive: %s\n", failure.what.c_str());
        return 1;
    }
    return 0;
}
