// SPDX-License-Identifier: GPL-2.0-only
// Streams of two cards are linked and unlinked by one thread while others play on both cards, and
// Dom0 takes the backend away, again and again. ALSA locks all streams of a group for each of their
// operations.
#include "ktap.h"
#include "pcm.h"
#include "store.h"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

namespace selftest {

namespace {

constexpr const char *linked_pcms[] = { "hw:0,0", "hw:1,0" };
constexpr const char *playing_pcms[] = { "hw:0,1", "hw:1,1" };
constexpr Setup setup = { .period = 2400, .buffer = 9600 };
constexpr auto look = std::chrono::seconds(1);
constexpr auto time_max = std::chrono::hours(1);
constexpr int wait_ms = 20;

// What a thread does until it is told to end; a failure of its ALSA calls is kept for main().
class Worker {
  public:
    template <typename Body> explicit Worker(Body body)
    {
        thread_ = std::thread([this, body] {
            try {
                while (!is_over_) {
                    body();
                    rounds_++;
                }
            } catch (const Failure &failure) {
                failure_ = failure.what;
                has_failed_ = true;
            }
        });
    }
    Worker(const Worker &) = delete;
    Worker &operator=(const Worker &) = delete;
    ~Worker()
    {
        end();
    }
    void end()
    {
        is_over_ = true;
        if (thread_.joinable())
            thread_.join();
    }
    bool has_failed() const
    {
        return has_failed_;
    }
    // After end().
    void report(const std::string &name) const
    {
        diagnose(name + ": " + std::to_string(rounds_) + " rounds");
        expect(failure_.empty(), name + ": " + failure_);
        expect(rounds_ >= 10, name + ": only " + std::to_string(rounds_) + " rounds");
    }

  private:
    std::atomic<bool> is_over_ = false;
    std::atomic<bool> has_failed_ = false;
    unsigned long rounds_ = 0;
    std::string failure_;
    std::thread thread_;
};

// The machine's processors are emulated in real time, so that streams run dry: no other error is
// expected.
void expect_done(long result, const std::string &what)
{
    if (result != -EPIPE)
        check(static_cast<int>(result), what);
}

void write_buffer(Pcm &pcm, const std::vector<uint8_t> &samples)
{
    expect_done(snd_pcm_writei(pcm.get(), samples.data(), setup.buffer), "write");
}

void link_and_unlink(Pcm &one, Pcm &other, const std::vector<uint8_t> &samples)
{
    check(snd_pcm_prepare(one.get()), "prepare");
    check(snd_pcm_prepare(other.get()), "prepare");
    check(snd_pcm_link(one.get(), other.get()), "link");
    // The write that fills the first stream starts both; the second has what it plays by then.
    expect_done(snd_pcm_writei(other.get(), samples.data(), setup.period), "write");
    write_buffer(one, samples);
    expect_done(snd_pcm_wait(one.get(), wait_ms), "wait");
    check(snd_pcm_unlink(other.get()), "unlink");
    check(snd_pcm_drop(one.get()), "drop");
    check(snd_pcm_drop(other.get()), "drop");
}

void play_on(Pcm &pcm, const std::vector<uint8_t> &samples)
{
    const snd_pcm_sframes_t written = snd_pcm_writei(pcm.get(), samples.data(), setup.period);
    if (written == -EPIPE)
        check(snd_pcm_prepare(pcm.get()), "prepare");
    else
        check(static_cast<int>(written), "write");
}

void links()
{
    Pcm one(linked_pcms[0], SND_PCM_STREAM_PLAYBACK, setup);
    Pcm other(linked_pcms[1], SND_PCM_STREAM_PLAYBACK, setup);
    Pcm first(playing_pcms[0], SND_PCM_STREAM_PLAYBACK, setup);
    Pcm second(playing_pcms[1], SND_PCM_STREAM_PLAYBACK, setup);
    const std::vector<uint8_t> samples = random_bytes(one.bytes(setup.buffer), 1);
    Worker linker([&] { link_and_unlink(one, other, samples); });
    Worker first_player([&] { play_on(first, samples); });
    Worker second_player([&] { play_on(second, samples); });

    Store store;
    store.write("data/selftest", "ready");
    const auto end = std::chrono::steady_clock::now() + time_max;
    while (store.read("data/selftest") != "done" && !linker.has_failed() &&
           !first_player.has_failed() && !second_player.has_failed()) {
        expect(std::chrono::steady_clock::now() < end, "Dom0 never said that it is done");
        std::this_thread::sleep_for(look);
    }
    linker.end();
    first_player.end();
    second_player.end();
    linker.report("links and unlinks");
    first_player.report("plays on the first card");
    second_player.report("plays on the second card");
}

} // namespace

} // namespace selftest

int main(int argc, char **argv)
{
    using namespace selftest;
    if (argc > 1) {
        std::printf(
            "Usage: %s\n\n"
            "Links and unlinks %s and %s, and plays on %s and %s, until Dom0 writes \"done\" to\n"
            "data/selftest; reports in KTAP. Exit status: 0 when it passed, 1 when it failed.\n",
            argv[0], linked_pcms[0], linked_pcms[1], playing_pcms[0], playing_pcms[1]);
        return argv[1] == std::string("--help") ? 0 : 2;
    }
    return run_tests(
        { { "links: streams of two cards, while their backend comes and goes", links } }, "");
}
