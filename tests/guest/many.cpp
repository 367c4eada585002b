// SPDX-License-Identifier: GPL-2.0-only
// All streams of all cards at once, each served by a thread of its own; and what a stream costs the
// guest's processor, however many there are.
#include "clients.h"
#include "counters.h"
#include "ktap.h"

#include <algorithm>

namespace {

using namespace selftest;

constexpr unsigned int seconds = 3;
constexpr Setup sizes = { .period = 1024, .buffer = 4096 };
// Measurements differ by some percent.
constexpr double growth_max = 1.1;

void all_at_once()
{
    const std::vector<Client> clients = open_all(sizes);
    diagnose(std::to_string(clients.size()) + " streams");
    expect(clients.size() == 34, "32 streams in the first card and 2 in the second were expected");
    const size_t complete = serve_all(clients, sizes, seconds);
    expect(complete == clients.size(),
           std::to_string(clients.size() - complete) + " streams ran dry or over");
}

// Seconds of the guest's only processor for each stream, when @count play and record at once.
double cost_of_one(size_t count)
{
    std::vector<Client> clients = open_all(sizes);
    // As many of either direction as of the other, but for a single one.
    std::stable_partition(clients.begin(), clients.end(), [](const Client &client) {
        return client.direction == SND_PCM_STREAM_PLAYBACK;
    });
    for (size_t at = 1; at < clients.size() / 2; at += 2)
        std::swap(clients[at], clients[clients.size() - 1 - at]);
    clients.resize(count);
    const double before = busy_seconds();
    expect(serve_all(clients, sizes, seconds) == count, "a stream ran dry or over");
    const double used = (busy_seconds() - before) / static_cast<double>(count);
    diagnose(std::to_string(count) + " streams: " + std::to_string(used / seconds * 100) +
             " % of the processor for each");
    return used;
}

void cost_does_not_grow()
{
    // What goes on besides is in all of them; most of it, for each stream, in the first.
    const double of_two = cost_of_one(2);
    const double of_eight = cost_of_one(8);
    const double of_all = cost_of_one(32);
    expect_in_time(of_eight <= of_two * growth_max, "a stream of 8 costs more than one of 2");
    expect_in_time(of_all <= of_two * growth_max, "a stream of 32 costs more than one of 2");
}

} // namespace

int main()
{
    return run_tests(
        { { "many: 32 streams in one card and 2 in another, all at once", all_at_once },
          { "many: a stream costs no more beside 31 others", cost_does_not_grow } },
        "");
}
