// SPDX-License-Identifier: GPL-2.0-only
#include "stress/application.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <functional>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

#include "stress/system_calls.hpp"

namespace xen_front::stress {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// ALSA's own limits are 10 s, and a call may have to wait for those of other threads before it.
constexpr auto call_limit = 60s;
// Threads that use a stream while its owner opens it, sets it up and closes it.
constexpr unsigned int users_per_stream = 2;

class Application {
  public:
    Application(unsigned int seed, unsigned int steps) : seed_(seed), steps_(steps)
    {
    }
    int run();

  private:
    // Has a thread take steps; one that finds nothing to use returns false.
    void start(std::function<bool(Random &)> step);
    bool own(bool is_capture, Random &random);
    bool use(bool is_capture, Random &random);
    void bounded(const char *what, const std::function<void()> &call);
    void drop_all();

    const unsigned int seed_;
    const unsigned int steps_;
    // By direction: the stream's descriptor, or a negative errno.
    std::atomic<int> streams_[2] = { -1, -1 };
    std::atomic<unsigned int> slow_calls_ = 0;
    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable thread_ended_;
    unsigned int working_ = 0;
};

void Application::bounded(const char *what, const std::function<void()> &call)
{
    const auto start = Clock::now();
    call();
    if (Clock::now() - start < call_limit)
        return;
    slow_calls_++;
    std::printf("# %s took longer than any call should\n", what);
}

bool Application::own(bool is_capture, Random &random)
{
    std::atomic<int> &stream = streams_[is_capture];
    const bool is_open = stream >= 0;
    if (is_open && pick(random, 12) != 0)
        return use(is_capture, random);
    bounded("close or open", [&] {
        if (is_open)
            close(stream.exchange(-1));
        else
            stream = open_stream(is_capture, pick(random, 3) == 0);
    });
    if (stream < 0)
        return false;
    bounded("setting up", [&] { set_up(stream, random); });
    return true;
}

bool Application::use(bool is_capture, Random &random)
{
    const int stream = streams_[is_capture];
    if (stream < 0)
        return false;
    bounded("a call", [&] { use_stream(stream, streams_[!is_capture], is_capture, random); });
    return true;
}

void Application::start(std::function<bool(Random &)> step)
{
    working_++;
    const auto seed = seed_ * 100 + static_cast<unsigned int>(threads_.size()) + 1;
    threads_.emplace_back([this, seed, step] {
        Random random(seed);
        for (unsigned int taken = 0; taken < steps_;) {
            if (step(random))
                taken++;
            else
                std::this_thread::sleep_for(1ms); // the card is not there, or taken
        }
        const std::lock_guard guard(mutex_);
        working_--;
        thread_ended_.notify_all();
    });
}

void Application::drop_all()
{
    for (const int stream : streams_) {
        if (stream >= 0)
            drop(stream);
    }
}

int Application::run()
{
    std::unique_lock held(mutex_);
    for (const bool is_capture : { false, true }) {
        start([this, is_capture](Random &random) { return own(is_capture, random); });
        for (unsigned int i = 0; i < users_per_stream; i++)
            start([this, is_capture](Random &random) { return use(is_capture, random); });
    }
    start([this](Random &random) {
        bool is_there = false;
        bounded("a control", [&] { is_there = use_controls(random); });
        return is_there;
    });
    // A transfer waits for a paused stream until a thread goes on with it, and in the end none
    // does.
    while (!thread_ended_.wait_for(held, 200ms, [this] { return working_ == 0; })) {
        held.unlock();
        bounded("drop", [this] { drop_all(); });
        held.lock();
    }
    held.unlock();
    for (std::thread &thread : threads_)
        thread.join();
    for (const int stream : streams_) {
        if (stream >= 0)
            bounded("close", [stream] { close(stream); });
    }
    return slow_calls_ != 0;
}

} // namespace

int run_application(unsigned int seed, unsigned int steps)
{
    return Application(seed, steps).run();
}

} // namespace xen_front::stress
