// SPDX-License-Identifier: GPL-2.0-only
// All streams of all cards at once, each served by a thread of its own; and what a stream costs the
// guest's processor, however many there are.
#include "counters.h"
#include "ktap.h"
#include "pcm.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <memory>
#include <thread>

namespace {

using namespace selftest;

constexpr unsigned int seconds = 3;
constexpr Setup sizes = { .period = 1024, .buffer = 4096 };
// Measurements differ by some percent.
constexpr double growth_max = 1.1;

struct Client {
    std::string name;
    snd_pcm_stream_t direction;
    std::unique_ptr<Pcm> pcm;
};

// The number at the end of a name like "sub1" or "pcm7p".
std::string number_in(const std::string &name)
{
    const size_t first = name.find_first_of("0123456789");
    const size_t last = name.find_first_not_of("0123456789", first);
    return name.substr(first, last == std::string::npos ? last : last - first);
}

std::vector<Client> open_all(const Setup &setup)
{
    namespace fs = std::filesystem;
    std::vector<Client> clients;
    for (int card = 0; fs::exists("/proc/asound/card" + std::to_string(card)); card++) {
        for (const auto &pcm : fs::directory_iterator("/proc/asound/card" + std::to_string(card))) {
            const std::string node = pcm.path().filename();
            if (node.rfind("pcm", 0) != 0)
                continue;
            for (const auto &sub : fs::directory_iterator(pcm.path())) {
                if (!sub.is_directory())
                    continue;
                Client client;
                client.name = "hw:" + std::to_string(card) + "," + number_in(node) + "," +
                              number_in(sub.path().filename());
                client.direction =
                    node.back() == 'p' ? SND_PCM_STREAM_PLAYBACK : SND_PCM_STREAM_CAPTURE;
                client.pcm = std::make_unique<Pcm>(client.name, client.direction, setup);
                clients.push_back(std::move(client));
            }
        }
    }
    return clients;
}

// Plays or records; the number of frames that went through without an xrun.
size_t serve(const Client &client, const Setup &setup)
{
    std::vector<uint8_t> period(setup.period * client.pcm->frame_bytes());
    const size_t frames = size_t { setup.rate } * seconds;
    size_t done = 0;
    while (done < frames) {
        const snd_pcm_sframes_t count =
            client.direction == SND_PCM_STREAM_PLAYBACK
                ? snd_pcm_writei(client.pcm->get(), period.data(), setup.period)
                : snd_pcm_readi(client.pcm->get(), period.data(), setup.period);
        if (count < 0) {
            diagnose(client.name + ": " + snd_strerror(static_cast<int>(count)) + " after " +
                     std::to_string(done) + " frames");
            break;
        }
        done += static_cast<size_t>(count);
    }
    return done;
}

// Serves @clients until all are done. Returns how many were served to the end.
size_t serve_all(const std::vector<Client> &clients, const Setup &setup)
{
    std::atomic<size_t> complete { 0 };
    std::vector<std::thread> threads;
    for (const Client &client : clients) {
        threads.emplace_back([&client, &setup, &complete] {
            complete += serve(client, setup) >= size_t { setup.rate } * seconds;
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    return complete;
}

void all_at_once()
{
    const std::vector<Client> clients = open_all(sizes);
    diagnose(std::to_string(clients.size()) + " streams");
    expect(clients.size() == 34, "32 streams in the first card and 2 in the second were expected");
    const size_t complete = serve_all(clients, sizes);
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
    expect(serve_all(clients, sizes) == count, "a stream ran dry or over");
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
