// SPDX-License-Identifier: GPL-2.0-only
//
// The functions of alsa-lib that streams call stand here: they fail, or show a card, when they are
// told to.
#include <alsa/asoundlib.h>
#include <dlfcn.h>

#include <algorithm>

#include "unit/audio/alsa_failures.h"
#include "unit/support.h"

namespace sndback {

unsigned failing_place = none;
std::deque<unsigned> failing_next;
int failure = 0;
bool shows_card = false;
const char *shown_plugins = nullptr;
std::optional<snd_pcm_sframes_t> shown_room;
std::optional<std::uint64_t> captured_octets;
snd_pcm_uframes_t most_read = ~snd_pcm_uframes_t { 0 };
std::optional<snd_pcm_state_t> shown_state;
std::uint64_t frames_given = 0;
std::uint64_t frames_taken_back = 0;
unsigned drops = 0;
std::optional<snd_pcm_uframes_t> most_room;
snd_pcm_uframes_t stuck_frames = 0;
snd_pcm_uframes_t least_period = 0;
snd_pcm_uframes_t most_buffer = 0;
snd_pcm_uframes_t awaited_frames = 0;

} // namespace sndback

namespace {

using namespace sndback;

// Whether the call is to fail: once.
bool fails(Place place)
{
    if (failing_place != place)
        return false;
    failing_place = none;
    if (!failing_next.empty()) {
        failing_place = failing_next.front();
        failing_next.pop_front();
    }
    return true;
}

template <typename Function> Function *real(Function *, const char *name)
{
    return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

int snd_pcm_info_get_card(const snd_pcm_info_t *info)
{
    return shows_card ? 0 : real(&snd_pcm_info_get_card, "snd_pcm_info_get_card")(info);
}

int snd_pcm_dump(snd_pcm_t *pcm, snd_output_t *output)
{
    return shown_plugins != nullptr ? snd_output_puts(output, shown_plugins)
                                    : real(&snd_pcm_dump, "snd_pcm_dump")(pcm, output);
}

snd_pcm_sframes_t snd_pcm_avail(snd_pcm_t *pcm)
{
    if (fails(avail))
        return failure;
    return shown_room ? *shown_room : real(&snd_pcm_avail, "snd_pcm_avail")(pcm);
}

snd_pcm_sframes_t snd_pcm_avail_update(snd_pcm_t *pcm)
{
    if (most_room)
        return static_cast<snd_pcm_sframes_t>(*most_room);
    return fails(avail_update) ? failure : real(&snd_pcm_avail_update, "snd_pcm_avail_update")(pcm);
}

snd_pcm_sframes_t snd_pcm_writei(snd_pcm_t *pcm, const void *data, snd_pcm_uframes_t frames)
{
    if (fails(writei))
        return failure;
    frames = std::min(frames, most_room.value_or(frames));
    const snd_pcm_sframes_t given = real(&snd_pcm_writei, "snd_pcm_writei")(pcm, data, frames);
    frames_given += static_cast<std::uint64_t>(std::max<snd_pcm_sframes_t>(given, 0));
    return given;
}

snd_pcm_sframes_t snd_pcm_rewind(snd_pcm_t *pcm, snd_pcm_uframes_t frames)
{
    const snd_pcm_sframes_t taken =
        real(&snd_pcm_rewind, "snd_pcm_rewind")(pcm, frames - std::min(frames, stuck_frames));
    frames_taken_back += static_cast<std::uint64_t>(std::max<snd_pcm_sframes_t>(taken, 0));
    return taken;
}

int snd_pcm_pause(snd_pcm_t *pcm, int enable)
{
    return shows_card ? -EIO : real(&snd_pcm_pause, "snd_pcm_pause")(pcm, enable);
}

int snd_pcm_drop(snd_pcm_t *pcm)
{
    ++drops;
    return real(&snd_pcm_drop, "snd_pcm_drop")(pcm);
}

int snd_pcm_hw_params_set_period_size_near(snd_pcm_t *pcm, snd_pcm_hw_params_t *parameters,
                                           snd_pcm_uframes_t *frames, int *direction)
{
    *frames = std::max(*frames, least_period);
    if (most_buffer != 0)
        *frames = std::min(*frames, most_buffer / 4);
    return real(&snd_pcm_hw_params_set_period_size_near,
                "snd_pcm_hw_params_set_period_size_near")(pcm, parameters, frames, direction);
}

snd_pcm_sframes_t snd_pcm_readi(snd_pcm_t *pcm, void *data, snd_pcm_uframes_t frames)
{
    if (fails(readi))
        return failure;
    if (!captured_octets)
        return real(&snd_pcm_readi, "snd_pcm_readi")(pcm, data, frames);
    const auto count = static_cast<snd_pcm_sframes_t>(
        std::min({ frames, most_read, static_cast<snd_pcm_uframes_t>(*shown_room) }));
    const auto octets = static_cast<std::size_t>(snd_pcm_frames_to_bytes(pcm, count));
    const std::vector<std::byte> captured = numbered(octets, *captured_octets);
    std::copy(captured.begin(), captured.end(), static_cast<std::byte *>(data));
    *captured_octets += octets;
    *shown_room -= count;
    return count;
}

int snd_pcm_prepare(snd_pcm_t *pcm)
{
    if (fails(prepare))
        return failure;
    shown_state.reset();
    return real(&snd_pcm_prepare, "snd_pcm_prepare")(pcm);
}

snd_pcm_state_t snd_pcm_state(snd_pcm_t *pcm)
{
    return shown_state ? *shown_state : real(&snd_pcm_state, "snd_pcm_state")(pcm);
}

int snd_pcm_start(snd_pcm_t *pcm)
{
    return fails(start) ? failure : real(&snd_pcm_start, "snd_pcm_start")(pcm);
}

int snd_pcm_poll_descriptors_revents(snd_pcm_t *pcm, pollfd *descriptors, unsigned count,
                                     unsigned short *events)
{
    if (!fails(revents))
        return real(&snd_pcm_poll_descriptors_revents,
                    "snd_pcm_poll_descriptors_revents")(pcm, descriptors, count, events);
    failing_place = avail;
    *events = 0;
    return 0;
}

int snd_pcm_hw_params_set_buffer_size_near(snd_pcm_t *pcm, snd_pcm_hw_params_t *parameters,
                                           snd_pcm_uframes_t *frames)
{
    if (most_buffer != 0)
        *frames = std::min(*frames, most_buffer);
    return real(&snd_pcm_hw_params_set_buffer_size_near,
                "snd_pcm_hw_params_set_buffer_size_near")(pcm, parameters, frames);
}

int snd_pcm_sw_params_set_avail_min(snd_pcm_t *pcm, snd_pcm_sw_params_t *parameters,
                                    snd_pcm_uframes_t frames)
{
    if (fails(wakeup))
        return failure;
    awaited_frames = frames;
    return real(&snd_pcm_sw_params_set_avail_min,
                "snd_pcm_sw_params_set_avail_min")(pcm, parameters, frames);
}

} // extern "C"
