// SPDX-License-Identifier: GPL-2.0-only
#include "client.h"

#include "guest/ktap.h"
#include "meter.h"

#include <cerrno>
#include <ctime>
#include <sys/resource.h>

namespace bench {

namespace {

// Time that a stream which stutters may take, as a multiple of what it should take.
constexpr uint64_t patience = 2;
constexpr uint64_t nanoseconds_per_second = 1'000'000'000;

uint64_t voluntary_switches()
{
    rusage usage = {};
    getrusage(RUSAGE_THREAD, &usage);
    return static_cast<uint64_t>(usage.ru_nvcsw);
}

} // namespace

Client::Client(const StreamOption &stream, const Options &options)
    : name_(stream.pcm),
      is_playback_(stream.direction == SND_PCM_STREAM_PLAYBACK),
      setup_(options.setup),
      chunk_(options.chunk),
      pcm_(stream.pcm, stream.direction, options.setup),
      takes_times_(!options.times.empty()),
      is_paced_(options.is_paced),
      samples_(selftest::random_bytes(pcm_.bytes(options.chunk), 1))
{
}

snd_pcm_sframes_t Client::transfer()
{
    const bool is_mmap = setup_.access == SND_PCM_ACCESS_MMAP_INTERLEAVED;
    if (is_playback_)
        return is_mmap ? snd_pcm_mmap_writei(pcm_.get(), samples_.data(), chunk_)
                       : snd_pcm_writei(pcm_.get(), samples_.data(), chunk_);
    return is_mmap ? snd_pcm_mmap_readi(pcm_.get(), samples_.data(), chunk_)
                   : snd_pcm_readi(pcm_.get(), samples_.data(), chunk_);
}

snd_pcm_uframes_t Client::move()
{
    const snd_pcm_sframes_t count = transfer();
    calls_++;
    if (count == -EPIPE) {
        xruns_++;
        selftest::check(snd_pcm_prepare(pcm_.get()), name_ + ": prepare after an xrun");
        return 0;
    }
    selftest::check(static_cast<int>(count), name_ + (is_playback_ ? ": write" : ": read"));
    return static_cast<snd_pcm_uframes_t>(count);
}

void Client::wait()
{
    constexpr int milliseconds = 1000;
    const uint64_t begin = monotonic_ns();
    // What goes wrong, the transfer that follows will say.
    (void)snd_pcm_wait(pcm_.get(), milliseconds);
    times_.push_back({ begin, monotonic_ns() });
}

void Client::sleep_until_due(uint64_t start_ns) const
{
    const uint64_t due = start_ns + moved_ * nanoseconds_per_second / setup_.rate;
    const timespec time = { static_cast<time_t>(due / nanoseconds_per_second),
                            static_cast<long>(due % nanoseconds_per_second) };
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

void Client::prepare()
{
    // A stream starts when its buffer is full, a recording one when it is read from.
    const snd_pcm_uframes_t frames = is_playback_ ? setup_.buffer - setup_.period : 0;
    for (snd_pcm_uframes_t done = 0; done < frames;)
        done += move();
    calls_ = 0;
}

void Client::start()
{
    for (snd_pcm_uframes_t done = 0; done < setup_.period;)
        done += move();
    calls_ = 0;
}

void Client::serve(size_t periods)
{
    times_.reserve(takes_times_ ? 2 * periods * setup_.period / chunk_ : 0);
    const uint64_t switches = voluntary_switches();
    const size_t frames = periods * setup_.period;
    const uint64_t start = monotonic_ns();
    const uint64_t limit = start + nanoseconds_per_second / 2 +
                           patience * frames * nanoseconds_per_second / setup_.rate;
    while (moved_ < frames && monotonic_ns() < limit) {
        if (is_paced_)
            sleep_until_due(start);
        if (takes_times_)
            wait();
        moved_ += move();
    }
    switches_ = voluntary_switches() - switches;
}

} // namespace bench
