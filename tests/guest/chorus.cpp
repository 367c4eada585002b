// SPDX-License-Identifier: GPL-2.0-only
// Plays several streams of the card at once, with the periods of a desktop.
#include "clients.h"
#include "ktap.h"

#include <cstdio>
#include <cstdlib>

namespace {

using namespace selftest;

constexpr Setup sizes = { .period = 480, .buffer = 1920 };

void play(size_t count, unsigned int seconds)
{
    std::vector<Client> clients = open_all(sizes);
    std::erase_if(clients,
                  [](const Client &client) { return client.direction != SND_PCM_STREAM_PLAYBACK; });
    expect(clients.size() >= count, "there are " + std::to_string(clients.size()) + " streams");
    clients.resize(count);
    const size_t complete = serve_all(clients, sizes, seconds);
    expect(complete == count, std::to_string(count - complete) + " streams ran dry");
}

} // namespace

int main(int argc, char **argv)
{
    const unsigned long count = argc == 3 ? std::strtoul(argv[1], nullptr, 10) : 0;
    const unsigned long seconds = argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0;
    if (count == 0 || seconds == 0) {
        std::fprintf(stderr,
                     "Usage: %s STREAMS SECONDS\n\n"
                     "Plays as many streams of the cards at once, with periods of %lu frames and\n"
                     "buffers of %lu; reports in KTAP.\n",
                     argv[0], sizes.period, sizes.buffer);
        return 2;
    }
    return run_tests({ { "chorus: " + std::to_string(count) + " streams play for " +
                             std::to_string(seconds) + " s without an xrun",
                         [=] {
                             play(count, static_cast<unsigned int>(seconds));
                         } } },
                     "");
}
