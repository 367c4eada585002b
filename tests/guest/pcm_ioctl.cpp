// SPDX-License-Identifier: GPL-2.0-only
#include "pcm_ioctl.h"
#include "support/hw_params.hpp"

#include <cerrno>
#include <climits>
#include <sound/asound.h>
#include <sys/ioctl.h>

namespace selftest {

namespace {

// The negative errno of a failed call.
int result_of(int result)
{
    return result < 0 ? -errno : result;
}

using xen_front::test::choose;
using xen_front::test::fix;

} // namespace

int pcm_request(int descriptor, PcmRequest request)
{
    switch (request) {
    case PcmRequest::prepare:
        return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_PREPARE));
    case PcmRequest::reset:
        return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_RESET));
    case PcmRequest::start:
        return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_START));
    case PcmRequest::drop:
        return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_DROP));
    case PcmRequest::drain:
        return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_DRAIN));
    case PcmRequest::pause:
        return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_PAUSE, 1));
    case PcmRequest::release:
        return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_PAUSE, 0));
    case PcmRequest::xrun:
        return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_XRUN));
    case PcmRequest::hwsync:
        return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_HWSYNC));
    case PcmRequest::resume:
        return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_RESUME));
    }
    return -EINVAL;
}

int pcm_set_up(int descriptor, unsigned int period, unsigned int buffer)
{
    snd_pcm_hw_params params = {};
    for (snd_interval &interval : params.intervals)
        interval.max = UINT_MAX;
    params.rmask = UINT_MAX;
    params.info = UINT_MAX;
    choose(params, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
    choose(params, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
    choose(params, SNDRV_PCM_HW_PARAM_SUBFORMAT, SNDRV_PCM_SUBFORMAT_STD);
    fix(params, SNDRV_PCM_HW_PARAM_CHANNELS, 2);
    fix(params, SNDRV_PCM_HW_PARAM_RATE, 48000);
    fix(params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, period);
    fix(params, SNDRV_PCM_HW_PARAM_BUFFER_SIZE, buffer);
    return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_HW_PARAMS, &params));
}

int pcm_free(int descriptor)
{
    return result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_HW_FREE));
}

long pcm_write(int descriptor, const void *samples, size_t frames)
{
    snd_xferi transfer = { .result = 0, .buf = const_cast<void *>(samples), .frames = frames };
    const int result = result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_WRITEI_FRAMES, &transfer));
    return result < 0 ? result : transfer.result;
}

long pcm_read(int descriptor, void *samples, size_t frames)
{
    snd_xferi transfer = { .result = 0, .buf = samples, .frames = frames };
    const int result = result_of(ioctl(descriptor, SNDRV_PCM_IOCTL_READI_FRAMES, &transfer));
    return result < 0 ? result : transfer.result;
}

} // namespace selftest
