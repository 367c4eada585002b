// SPDX-License-Identifier: GPL-2.0-only
#include "workload.h"

#include "echo.h"
#include "guest/ktap.h"
#include "reader.h"

#include <barrier>
#include <cstring>
#include <memory>
#include <thread>
#include <time.h>

namespace bench {

namespace {

// Reads the meter when all threads have begun, and when all have ended.
class Stretch {
  public:
    explicit Stretch(Meter &meter) : meter_(meter)
    {
    }

    void operator()() noexcept
    {
        try {
            readings_.push_back(readings_.empty() ? meter_.begin() : meter_.end());
        } catch (const selftest::Failure &failure) {
            failure_ = failure.what;
        }
    }
    Reading used() const
    {
        selftest::expect(failure_.empty(), failure_);
        selftest::expect(readings_.size() == 2, "no stream has begun");
        return readings_[1] - readings_[0];
    }

  private:
    Meter &meter_;
    std::vector<Reading> readings_;
    std::string failure_;
};

void idle(const Options &options, Meter &meter, Result &result)
{
    const auto whole = static_cast<time_t>(options.seconds);
    const timespec length = { whole, static_cast<long>(
                                         (options.seconds - static_cast<double>(whole)) * 1e9) };
    const Reading before = meter.begin();
    nanosleep(&length, nullptr);
    result.used = meter.end() - before;
}

// The least that waking up for each period can cost.
void answer_pings(const Options &options, Meter &meter, Result &result)
{
    constexpr uint32_t dom0 = 0;
    const Channel channel = Channel::connect(dom0, options.pinger);
    result.times.reserve(result.periods);
    const Reading before = meter.begin();
    channel.notify();
    while (result.moved_periods < result.periods) {
        const uint64_t begin = monotonic_ns();
        channel.wait();
        result.times.push_back({ begin, monotonic_ns() });
        result.moved_periods++;
    }
    result.used = meter.end() - before;
}

// The least that moving the samples can cost.
void copy(const Options &options, Meter &meter, Result &result)
{
    const size_t bytes = options.setup.period * options.setup.channels *
                         static_cast<size_t>(snd_pcm_format_physical_width(options.setup.format)) /
                         8;
    const std::vector<uint8_t> source = selftest::random_bytes(bytes, 1);
    std::vector<uint8_t> target(bytes);
    const Reading before = meter.begin();
    while (result.moved_periods < result.periods) {
        std::memcpy(target.data(), source.data(), bytes);
        // Without this the compiler would drop the copy, as nothing reads it.
        asm volatile("" : : "r"(target.data()) : "memory");
        result.moved_periods++;
    }
    result.used = meter.end() - before;
}

// What it costs to set a stream up, and how long it takes.
void set_up_and_close(const Options &options, Meter &meter, Result &result)
{
    result.periods = options.cycles;
    const Reading before = meter.begin();
    while (result.moved_periods < options.cycles) {
        const uint64_t begin = monotonic_ns();
        Client client(options.streams.at(0), options);
        if (options.starts) {
            client.prepare();
            client.start();
        }
        result.times.push_back({ begin, monotonic_ns() });
        result.moved_periods++;
    }
    result.used = meter.end() - before;
}

void echo(const Options &options, Meter &meter, Result &result)
{
    const Reading before = meter.begin();
    result.echoes = measure_echoes(options.echo, options);
    result.used = meter.end() - before;
    result.moved_periods = result.periods;
    selftest::expect(!result.echoes.empty(), "no click was heard");
}

void run_player(const Options &options, Meter &meter, Result &result)
{
    // Longer than a buffer: what was played is not to be taken for the next.
    constexpr time_t seconds_between = 1;
    const Reading before = meter.begin();
    for (unsigned int cycle = 0; cycle < options.cycles; cycle++) {
        result.reads.push_back(first_read(options.player, options.file));
        // Not always at the same time of a period.
        const timespec pause = { seconds_between, cycle * 7'100'000L };
        nanosleep(&pause, nullptr);
    }
    result.used = meter.end() - before;
}

void serve_all(const Options &options, Meter &meter, Result &result)
{
    std::vector<std::unique_ptr<Client>> clients;
    for (const StreamOption &stream : options.streams)
        clients.push_back(std::make_unique<Client>(stream, options));
    Stretch stretch(meter);
    std::vector<std::string> failures(clients.size());
    {
        std::barrier barrier(static_cast<std::ptrdiff_t>(clients.size()), std::ref(stretch));
        std::vector<std::jthread> threads;
        for (size_t at = 0; at < clients.size(); at++) {
            threads.emplace_back([&, at] {
                try {
                    clients[at]->prepare();
                    // Reading the meter keeps both domains busy for longer than small buffers last.
                    barrier.arrive_and_wait();
                    clients[at]->start();
                    clients[at]->serve(result.periods);
                } catch (const selftest::Failure &failure) {
                    failures[at] = failure.what;
                }
                barrier.arrive_and_drop();
            });
        }
    }
    for (size_t at = 0; at < clients.size(); at++) {
        result.moved_periods += clients[at]->moved_periods();
        result.xruns += clients[at]->xruns();
        result.calls += clients[at]->calls();
        result.switches += clients[at]->switches();
        result.times.insert(result.times.end(), clients[at]->times().begin(),
                            clients[at]->times().end());
        if (result.failure.empty())
            result.failure = failures[at];
    }
    if (result.failure.empty())
        result.used = stretch.used();
}

} // namespace

Result run_workload(const Options &options, Meter &meter)
{
    Result result;
    result.periods =
        static_cast<size_t>(options.seconds * options.setup.rate) / options.setup.period;
    result.moment = now();
    try {
        if (options.pinger != 0)
            answer_pings(options, meter, result);
        else if (!options.echo.empty())
            echo(options, meter, result);
        else if (!options.player.empty())
            run_player(options, meter, result);
        else if (options.cycles != 0)
            set_up_and_close(options, meter, result);
        else if (options.copies)
            copy(options, meter, result);
        else if (options.streams.empty())
            idle(options, meter, result);
        else
            serve_all(options, meter, result);
    } catch (const selftest::Failure &failure) {
        result.failure = failure.what;
    }
    return result;
}

} // namespace bench
