// SPDX-License-Identifier: GPL-2.0-only
#include "unit/audio/simulated_card.h"

#include <alsa/pcm_external.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

extern "C" {
#include <alsa/pcm_plugin.h> // forgets to say so
}

namespace sndback {
namespace {

struct Simulation {
    snd_pcm_ioplug_t plug {};
    snd_pcm_uframes_t period = 0; // 0: there is no card
    Time now {};
    Time started_at {};
    bool is_running = false;
    bool has_run_dry = false;
    std::uint64_t given = 0; // since it was prepared
    unsigned underruns = 0;
    std::vector<std::int16_t> passed_on;
};

Simulation simulation;

int start_card(snd_pcm_ioplug_t *)
{
    simulation.is_running = true;
    simulation.started_at = simulation.now;
    return 0;
}

int stop_card(snd_pcm_ioplug_t *)
{
    simulation.is_running = false;
    return 0;
}

int prepare_card(snd_pcm_ioplug_t *)
{
    simulation.is_running = simulation.has_run_dry = false;
    simulation.given = 0;
    return 0;
}

snd_pcm_sframes_t position_of_card(snd_pcm_ioplug_t *)
{
    if (!simulation.is_running)
        return 0;
    const auto position =
        static_cast<std::uint64_t>((simulation.now - simulation.started_at).count()) *
        SimulatedCard::rate / std::nano::den;
    if (position < simulation.given)
        return static_cast<snd_pcm_sframes_t>(position);
    if (!std::exchange(simulation.has_run_dry, true))
        ++simulation.underruns;
    return -EPIPE;
}

snd_pcm_sframes_t give_card(snd_pcm_ioplug_t *, const snd_pcm_channel_area_t *areas,
                            snd_pcm_uframes_t offset, snd_pcm_uframes_t frames)
{
    const auto *first = static_cast<const std::int16_t *>(areas->addr) + areas->first / 16;
    for (snd_pcm_uframes_t frame = offset; frame < offset + frames; ++frame)
        simulation.passed_on.push_back(first[frame * areas->step / 16]);
    simulation.given += frames;
    return static_cast<snd_pcm_sframes_t>(frames);
}

int close_card(snd_pcm_ioplug_t *plug)
{
    return close(plug->poll_fd);
}

const snd_pcm_ioplug_callback_t callbacks = [] {
    snd_pcm_ioplug_callback_t functions {};
    functions.start = start_card;
    functions.stop = stop_card;
    functions.pointer = position_of_card;
    functions.transfer = give_card;
    functions.close = close_card;
    functions.prepare = prepare_card;
    return functions;
}();

} // namespace

int SimulatedCard::open(snd_pcm_t **pcm, const char *name, snd_pcm_stream_t direction, int mode)
{
    if (simulation.period == 0 || std::string_view(name) != "simulated")
        return -ENOENT;
    snd_pcm_ioplug_t &plug = simulation.plug = {};
    plug.version = SND_PCM_IOPLUG_VERSION;
    plug.name = "Simulated card";
    plug.flags = SND_PCM_IOPLUG_FLAG_BOUNDARY_WA;
    plug.callback = &callbacks;
    plug.poll_fd = eventfd(0, EFD_CLOEXEC);
    plug.poll_events = POLLIN;
    if (const int result = snd_pcm_ioplug_create(&plug, "card", direction, mode); result < 0)
        return result;
    constexpr std::array<unsigned, 2> accesses { SND_PCM_ACCESS_RW_INTERLEAVED,
                                                 SND_PCM_ACCESS_MMAP_INTERLEAVED };
    constexpr unsigned format = SND_PCM_FORMAT_S16_LE;
    const auto period_bytes = static_cast<unsigned>(simulation.period * 2 * sizeof(std::int16_t));
    snd_pcm_ioplug_set_param_list(&plug, SND_PCM_IOPLUG_HW_ACCESS, 2, accesses.data());
    snd_pcm_ioplug_set_param_list(&plug, SND_PCM_IOPLUG_HW_FORMAT, 1, &format);
    snd_pcm_ioplug_set_param_minmax(&plug, SND_PCM_IOPLUG_HW_CHANNELS, 2, 2);
    snd_pcm_ioplug_set_param_minmax(&plug, SND_PCM_IOPLUG_HW_RATE, SimulatedCard::rate,
                                    SimulatedCard::rate);
    snd_pcm_ioplug_set_param_minmax(&plug, SND_PCM_IOPLUG_HW_PERIOD_BYTES, period_bytes,
                                    period_bytes);
    snd_pcm_ioplug_set_param_minmax(&plug, SND_PCM_IOPLUG_HW_PERIODS, 2, 16);

    snd_config_t *converter = nullptr;
    if (const int result = snd_config_imake_string(&converter, "converter", "linear"); result < 0)
        return result;
    const int result = snd_pcm_rate_open(pcm, "simulated", SND_PCM_FORMAT_S16_LE,
                                         SimulatedCard::rate, converter, plug.pcm, 1);
    snd_config_delete(converter);
    return result;
}

SimulatedCard::SimulatedCard(snd_pcm_uframes_t period)
{
    simulation = {};
    simulation.period = period;
}

SimulatedCard::~SimulatedCard()
{
    simulation = {};
}

void SimulatedCard::set_time(Time now)
{
    simulation.now = now;
}

unsigned SimulatedCard::underruns() const
{
    return simulation.underruns;
}

const std::vector<std::int16_t> &SimulatedCard::passed_on() const
{
    return simulation.passed_on;
}

} // namespace sndback
