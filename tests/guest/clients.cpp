// SPDX-License-Identifier: GPL-2.0-only
#include "clients.h"

#include "ktap.h"

#include <atomic>
#include <filesystem>
#include <thread>

namespace selftest {

namespace {

// The number at the end of a name like "sub1" or "pcm7p".
std::string number_in(const std::string &name)
{
    const size_t first = name.find_first_of("0123456789");
    const size_t last = name.find_first_not_of("0123456789", first);
    return name.substr(first, last == std::string::npos ? last : last - first);
}

// Plays or records; the number of frames that went through without an xrun.
size_t serve(const Client &client, const Setup &setup, unsigned int seconds)
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

} // namespace

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

size_t serve_all(const std::vector<Client> &clients, const Setup &setup, unsigned int seconds)
{
    std::atomic<size_t> complete { 0 };
    std::vector<std::thread> threads;
    for (const Client &client : clients) {
        threads.emplace_back([&client, &setup, &complete, seconds] {
            complete += serve(client, setup, seconds) >= size_t { setup.rate } * seconds;
        });
    }
    for (std::thread &thread : threads)
        thread.join();
    return complete;
}

} // namespace selftest
