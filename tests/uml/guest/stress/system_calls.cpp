// SPDX-License-Identifier: GPL-2.0-only
#include "stress/system_calls.hpp"
#include "support/hw_params.hpp"

#include <cerrno>
#include <climits>
#include <cstdint>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <sound/asound.h>
#include <string>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

namespace xen_front::stress {

namespace {

constexpr unsigned int controls_max = 8;
constexpr unsigned int frames_max = 3000;
constexpr unsigned int frame_bytes = 4; // S16_LE, stereo

struct Sizes {
    unsigned int rate;
    unsigned int period;
    unsigned int buffer;
};

constexpr Sizes sizes[] = {
    { 48000, 256, 1024 }, { 48000, 64, 4096 }, { 48000, 1000, 3000 }, { 8000, 100, 1000 }
};

using test::choose;
using test::fix;

void transfer(int stream, bool is_capture, unsigned int frames)
{
    // Each thread its own: what it plays is of no interest, and what it reads neither.
    thread_local std::vector<uint8_t> audio(size_t { frames_max } * frame_bytes);
    snd_xferi moved = { 0, audio.data(), frames };
    ioctl(stream, is_capture ? SNDRV_PCM_IOCTL_READI_FRAMES : SNDRV_PCM_IOCTL_WRITEI_FRAMES,
          &moved);
}

void move_pointer(int stream, unsigned int frames)
{
    snd_pcm_sync_ptr sync = {};
    sync.flags = SNDRV_PCM_SYNC_PTR_HWSYNC | SNDRV_PCM_SYNC_PTR_APPL | SNDRV_PCM_SYNC_PTR_AVAIL_MIN;
    if (ioctl(stream, SNDRV_PCM_IOCTL_SYNC_PTR, &sync) != 0)
        return;
    sync.flags = SNDRV_PCM_SYNC_PTR_AVAIL_MIN;
    sync.c.control.appl_ptr += frames;
    ioctl(stream, SNDRV_PCM_IOCTL_SYNC_PTR, &sync);
}

void look_at(int stream, Random &random)
{
    snd_pcm_status status = {};
    snd_pcm_sframes_t delay = 0;
    pollfd ready = { stream, POLLIN | POLLOUT, 0 };
    switch (pick(random, 4)) {
    case 0:
        ioctl(stream, SNDRV_PCM_IOCTL_STATUS, &status);
        break;
    case 1:
        ioctl(stream, SNDRV_PCM_IOCTL_DELAY, &delay);
        break;
    case 2:
        ioctl(stream, SNDRV_PCM_IOCTL_HWSYNC);
        break;
    default:
        poll(&ready, 1, 2);
        break;
    }
}

void set_control(int card, snd_ctl_elem_id &id, Random &random)
{
    snd_ctl_elem_value value = {};
    value.id = id;
    if (ioctl(card, SNDRV_CTL_IOCTL_ELEM_READ, &value) != 0 || pick(random, 2) == 0)
        return;
    value.value.integer.value[0] = static_cast<long>(pick(random, 2));
    ioctl(card, SNDRV_CTL_IOCTL_ELEM_WRITE, &value);
}

} // namespace

int open_stream(bool is_capture, bool is_nonblocking)
{
    // Otherwise it would wait for whichever process has the stream.
    const int stream =
        open(is_capture ? "/dev/snd/pcmC0D0c" : "/dev/snd/pcmC0D0p", O_RDWR | O_NONBLOCK);
    if (stream < 0)
        return -errno;
    fcntl(stream, F_SETFL, is_nonblocking ? O_NONBLOCK : 0);
    return stream;
}

bool set_up(int stream, Random &random)
{
    const Sizes &chosen = sizes[pick(random, std::size(sizes))];
    snd_pcm_hw_params params = {};
    for (snd_interval &interval : params.intervals)
        interval.max = UINT_MAX;
    params.rmask = UINT_MAX;
    params.info = UINT_MAX;
    choose(params, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
    choose(params, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
    choose(params, SNDRV_PCM_HW_PARAM_SUBFORMAT, SNDRV_PCM_SUBFORMAT_STD);
    fix(params, SNDRV_PCM_HW_PARAM_CHANNELS, 2);
    fix(params, SNDRV_PCM_HW_PARAM_RATE, chosen.rate);
    fix(params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, chosen.period);
    fix(params, SNDRV_PCM_HW_PARAM_BUFFER_SIZE, chosen.buffer);
    if (ioctl(stream, SNDRV_PCM_IOCTL_HW_PARAMS, &params) != 0)
        return false;
    snd_pcm_sw_params thresholds = {};
    thresholds.period_step = 1;
    thresholds.start_threshold = pick(random, 2) == 0 ? 1 : chosen.buffer;
    thresholds.stop_threshold = chosen.buffer;
    thresholds.avail_min = chosen.period;
    ioctl(stream, SNDRV_PCM_IOCTL_SW_PARAMS, &thresholds);
    return ioctl(stream, SNDRV_PCM_IOCTL_PREPARE) == 0;
}

void use_stream(int stream, int other, bool is_capture, Random &random)
{
    switch (pick(random, 20)) {
    case 0:
        set_up(stream, random);
        break;
    case 1:
        ioctl(stream, SNDRV_PCM_IOCTL_HW_FREE);
        break;
    case 2:
    case 3:
        ioctl(stream, SNDRV_PCM_IOCTL_PREPARE);
        break;
    case 4:
        ioctl(stream, SNDRV_PCM_IOCTL_START);
        break;
    case 5:
        ioctl(stream, SNDRV_PCM_IOCTL_PAUSE, 1);
        break;
    case 6:
    case 7:
        ioctl(stream, SNDRV_PCM_IOCTL_PAUSE, 0);
        break;
    case 8:
        drop(stream);
        break;
    case 9:
        ioctl(stream, SNDRV_PCM_IOCTL_DRAIN);
        break;
    case 10:
        ioctl(stream, SNDRV_PCM_IOCTL_LINK, other);
        break;
    case 11:
        ioctl(stream, SNDRV_PCM_IOCTL_UNLINK);
        break;
    case 12:
        ioctl(stream, pick(random, 2) == 0 ? SNDRV_PCM_IOCTL_RESET : SNDRV_PCM_IOCTL_XRUN);
        break;
    case 13:
        move_pointer(stream, pick(random, 600));
        break;
    case 14:
    case 15:
        look_at(stream, random);
        break;
    default:
        transfer(stream, is_capture, 1 + pick(random, frames_max));
        break;
    }
}

void drop(int stream)
{
    ioctl(stream, SNDRV_PCM_IOCTL_DROP);
}

bool use_controls(Random &random)
{
    if (pick(random, 8) == 0) {
        std::ifstream state("/proc/asound/card0/xen-front");
        for (std::string line; std::getline(state, line);)
            continue;
        return state.eof(); // a file that is not there has no end
    }
    const int card = open("/dev/snd/controlC0", O_RDWR | O_CLOEXEC);
    if (card < 0)
        return false;
    snd_ctl_elem_id ids[controls_max] = {};
    snd_ctl_elem_list list = {};
    list.space = controls_max;
    list.pids = ids;
    if (ioctl(card, SNDRV_CTL_IOCTL_ELEM_LIST, &list) == 0 && list.used != 0)
        set_control(card, ids[pick(random, list.used)], random);
    close(card);
    return true;
}

} // namespace xen_front::stress
