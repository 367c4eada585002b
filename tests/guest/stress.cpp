// SPDX-License-Identifier: GPL-2.0-only
// Whatever several threads ask of a stream at once, in whatever order: afterwards it works.
#include "ktap.h"
#include "pcm.h"
#include "pcm_ioctl.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <poll.h>
#include <random>
#include <shared_mutex>
#include <thread>

namespace selftest {

namespace {

using Clock = std::chrono::steady_clock;

// Plays into what it captures from: the backend's loop device. See CLIENT_CARDS in
// scripts/selftests.
constexpr const char *loop_pcm = "hw:Clients,2";

constexpr auto stress_time = std::chrono::seconds(3);
// Longer where a machine has not got round to everything by then.
constexpr auto stress_time_max = std::chrono::seconds(60);
// No request of ours takes longer than this: it waits at most for a buffer to end, the longest of
// which lasts 0.17 s, for its own CLOSE and OPEN, and for those of the other threads before it.
// Far less than the time-outs of requests that the backend does not answer.
constexpr auto request_time_max = std::chrono::milliseconds(750);
// Threads that use a stream while its owner opens it, sets it up and closes it.
constexpr unsigned int users = 2;

constexpr PcmRequest requests[] = {
    PcmRequest::prepare, PcmRequest::reset, PcmRequest::start,  PcmRequest::start,
    PcmRequest::drop,    PcmRequest::drain, PcmRequest::pause,  PcmRequest::release,
    PcmRequest::release, PcmRequest::xrun,  PcmRequest::hwsync, PcmRequest::resume,
};

// The two ends of a loop have to agree about everything else.
constexpr Setup setups[] = {
    {},
    { .period = 64, .buffer = 256 },
    { .period = 333, .buffer = 1111 },
    { .period = 1024, .buffer = 8192 },
};

// Sets up an open PCM anew. Returns whether it was granted.
bool set_up_again(snd_pcm_t *pcm, const Setup &setup)
{
    snd_pcm_hw_params_t *hw;
    snd_pcm_hw_params_alloca(&hw);
    return snd_pcm_hw_params_any(pcm, hw) >= 0 &&
           snd_pcm_hw_params_set_access(pcm, hw, setup.access) >= 0 &&
           snd_pcm_hw_params_set_format(pcm, hw, setup.format) >= 0 &&
           snd_pcm_hw_params_set_channels(pcm, hw, setup.channels) >= 0 &&
           snd_pcm_hw_params_set_rate(pcm, hw, setup.rate, 0) >= 0 &&
           snd_pcm_hw_params_set_buffer_size(pcm, hw, setup.buffer) >= 0 &&
           snd_pcm_hw_params_set_period_size(pcm, hw, setup.period, 0) >= 0 &&
           snd_pcm_hw_params(pcm, hw) >= 0;
}

// One substream under stress: an owner that opens, sets up and closes it, and users.
class Victim {
  public:
    Victim(const char *name, snd_pcm_stream_t direction, uint32_t seed)
        : name_(name), direction_(direction), seed_(seed)
    {
    }

    // Starts the threads, which go on until @end.
    void start(Clock::time_point end)
    {
        end_ = end;
        threads_.emplace_back([this] { own(); });
        for (unsigned int user = 0; user < users; user++)
            threads_.emplace_back([this, user] { use(seed_ + 1 + user); });
    }

    void join()
    {
        for (std::thread &thread : threads_)
            thread.join();
        expect(failure_.empty(), failure_);
    }

    std::string report() const
    {
        return std::string(name_) + " " + snd_pcm_stream_name(direction_) + ": " +
               std::to_string(opens_) + " opens, " + std::to_string(setups_) + " set-ups, " +
               std::to_string(requests_) + " requests (" + std::to_string(granted_) +
               " granted, the longest took " + std::to_string(longest_ms_) + " ms), " +
               std::to_string(frames_) + " frames";
    }

    bool was_in_time() const
    {
        return longest_ms_ <= request_time_max.count();
    }

    bool did_everything() const
    {
        return opens_ > 1 && setups_ > 1 && granted_ > 100 && frames_ > 0;
    }

  private:
    bool is_over() const
    {
        const Clock::time_point now = Clock::now();
        return now >= end_ && (did_everything() || now >= end_ + (stress_time_max - stress_time));
    }

    void own()
    {
        std::mt19937 random(seed_);
        try {
            do {
                open_and_close(random);
            } while (!is_over());
        } catch (const Failure &failure) {
            failure_ = failure.what;
        }
        is_closing_ = false;
        is_closing_.notify_all();
    }

    void open_and_close(std::mt19937 &random)
    {
        Pcm pcm(name_, direction_, setups[random() % std::size(setups)]);
        opens_++;
        pollfd descriptor = {};
        check(snd_pcm_poll_descriptors(pcm.get(), &descriptor, 1), "poll_descriptors");
        {
            const std::lock_guard lock(in_use_);
            descriptor_ = descriptor.fd;
        }
        is_closing_ = false;
        is_closing_.notify_all();

        for (unsigned int count = random() % 8; count-- > 0 && !is_over();) {
            poll(&descriptor, 1, static_cast<int>(random() % 50));
            // In the middle of whatever the users do: it is refused while the stream runs.
            pcm_request(descriptor.fd, PcmRequest::drop);
            setups_ += set_up_again(pcm.get(), setups[random() % std::size(setups)]);
        }

        // A user may be waiting for room, for frames or for the end of a drain.
        is_closing_ = true;
        while (!in_use_.try_lock()) {
            pcm_request(descriptor.fd, PcmRequest::drop);
            std::this_thread::yield();
        }
        descriptor_ = -1;
        in_use_.unlock();
    }

    void use(uint32_t seed)
    {
        std::mt19937 random(seed);
        std::vector<uint8_t> samples = random_bytes(16384, seed);
        while (!is_over()) {
            is_closing_.wait(true);
            const std::shared_lock lock(in_use_);
            if (descriptor_ >= 0)
                use_once(random, samples);
        }
    }

    void use_once(std::mt19937 &random, std::vector<uint8_t> &samples)
    {
        const unsigned int choice = random() % (2 * std::size(requests));
        if (choice < std::size(requests)) {
            requests_++;
            const Clock::time_point start = Clock::now();
            granted_ += pcm_request(descriptor_, requests[choice]) == 0;
            note_duration(Clock::now() - start);
            return;
        }
        pollfd descriptor = { .fd = descriptor_, .events = POLLIN | POLLOUT, .revents = 0 };
        poll(&descriptor, 1, static_cast<int>(random() % 10));
        const size_t frames = random() % 1024;
        const long moved = direction_ == SND_PCM_STREAM_PLAYBACK
                               ? pcm_write(descriptor_, samples.data(), frames)
                               : pcm_read(descriptor_, samples.data(), frames);
        frames_ += static_cast<unsigned long>(std::max(moved, 0L));
    }

    void note_duration(Clock::duration duration)
    {
        const long ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
        long longest = longest_ms_;
        while (ms > longest && !longest_ms_.compare_exchange_weak(longest, ms)) {}
    }

    const char *name_;
    snd_pcm_stream_t direction_;
    uint32_t seed_;
    Clock::time_point end_;
    std::vector<std::thread> threads_;
    std::string failure_;
    // Users hold it shared while they use the descriptor, the owner while it changes it.
    std::shared_mutex in_use_;
    int descriptor_ = -1;
    std::atomic<bool> is_closing_ = true;
    std::atomic<unsigned long> opens_ = 0;
    std::atomic<unsigned long> setups_ = 0;
    std::atomic<unsigned long> requests_ = 0;
    std::atomic<unsigned long> granted_ = 0;
    std::atomic<unsigned long> frames_ = 0;
    std::atomic<long> longest_ms_ = 0;
};

// Plays and records at once all that is asked for, and returns what was recorded.
std::vector<uint8_t> round_trip(const std::vector<uint8_t> &samples)
{
    // What is asked is whether it works, not how fast an emulated machine is.
    const Setup setup = { .period = 480, .buffer = 9600 };
    Pcm capture(loop_pcm, SND_PCM_STREAM_CAPTURE, setup);
    Pcm playback(loop_pcm, SND_PCM_STREAM_PLAYBACK, setup);
    std::vector<uint8_t> recorded(samples.size() + 9600 * capture.frame_bytes());
    // A period that was recorded shows that the backend has started: no frame can be missed.
    std::vector<uint8_t> silence(480 * capture.frame_bytes());
    check(static_cast<int>(snd_pcm_readi(capture.get(), silence.data(), 480)), "read");
    unsigned int underruns = 0;
    std::thread player([&] {
        underruns = playback.write(samples);
        playback.drain();
    });
    long result = 0;
    for (size_t done = 0; done < recorded.size();
         done += static_cast<size_t>(result) * capture.frame_bytes()) {
        const size_t left = (recorded.size() - done) / capture.frame_bytes();
        result = snd_pcm_readi(capture.get(), &recorded[done], std::min<size_t>(left, 480));
        if (result < 0)
            break;
    }
    player.join();
    check(static_cast<int>(result), "read");
    expect(underruns == 0, std::to_string(underruns) + " underruns");
    return recorded;
}

// Fails unless @samples are in @recorded in one piece; says how far they are.
void expect_holds(const std::vector<uint8_t> &recorded, const std::vector<uint8_t> &samples)
{
    constexpr ptrdiff_t start_bytes = 64;
    const auto start = std::search(recorded.begin(), recorded.end(), samples.begin(),
                                   samples.begin() + start_bytes);
    const auto common =
        std::mismatch(start, recorded.end(), samples.begin(), samples.end()).second -
        samples.begin();
    expect(start != recorded.end(), "the start of what was played was not recorded");
    // A backend that is late leaves some out.
    expect_in_time(common == std::ssize(samples),
                   "of " + std::to_string(samples.size()) + " bytes only " +
                       std::to_string(common) + " were recorded as they were played, from byte " +
                       std::to_string(start - recorded.begin()) + " of " +
                       std::to_string(recorded.size()) + " on");
}

void stress(uint32_t seed)
{
    diagnose("seed " + std::to_string(seed));
    Victim victims[] = {
        { loop_pcm, SND_PCM_STREAM_PLAYBACK, seed },
        { loop_pcm, SND_PCM_STREAM_CAPTURE, seed + 100 },
    };
    const auto end = Clock::now() + stress_time;
    for (Victim &victim : victims)
        victim.start(end);
    for (Victim &victim : victims)
        victim.join();
    for (const Victim &victim : victims) {
        diagnose(victim.report());
        expect(victim.did_everything(), "the stress left something out");
        expect_in_time(victim.was_in_time(), "a request took too long");
    }

    const std::vector<uint8_t> samples = random_bytes(size_t { 24000 } * 4, seed);
    const std::vector<uint8_t> recorded = round_trip(samples);
    expect_holds(recorded, samples);
}

} // namespace

} // namespace selftest

int main(int argc, char **argv)
{
    using namespace selftest;
    if (argc > 2 || (argc == 2 && argv[1][0] == '-')) {
        std::printf(
            "Usage: %s [SEED]\n\n"
            "Asks everything that can be asked of PCM %s, from several threads, then plays and\n"
            "records with it; reports in KTAP. SEED: to repeat a run; default: the time.\n"
            "Exit status: 0 when it passed, 1 when it failed.\n",
            argv[0], loop_pcm);
        return argc == 2 ? 0 : 2;
    }
    const auto seed = static_cast<uint32_t>(argc == 2 ? std::strtoul(argv[1], nullptr, 10)
                                                      : static_cast<unsigned long>(time(nullptr)));
    return run_tests({ { "stress: anything in any order from many threads, then bit-exact",
                         [seed] {
                             stress(seed);
                         } } },
                     "");
}
