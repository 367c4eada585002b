// SPDX-License-Identifier: GPL-2.0-only
#include "fake/pcm_file.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <poll.h>
#include <sound/asound.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake/sample_layout.hpp"
#include "support/hw_params.hpp"

namespace xen_front::fake {

namespace {

using test::choose;
using test::fix;

// Runs a system call without the world's lock, and lets driver and backend react to it.
template <typename Body> auto in_kernel(Body body)
{
    World &world = Kernel::current().world;
    const auto result = world.unlocked(body);
    world.settle();
    return result;
}

} // namespace

std::unique_ptr<PcmFile> PcmFile::open(kshim_card &card, unsigned int device,
                                       kshim_direction direction, int &status)
{
    const std::string path = "/dev/snd/pcmC" + std::to_string(card.number) + "D" +
                             std::to_string(device) + (direction == KSHIM_PLAYBACK ? "p" : "c");
    // Otherwise it would wait for a substream that is not free.
    const int descriptor = in_kernel([&] {
        const int opened = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
        return opened < 0 ? -errno : opened;
    });
    status = std::min(descriptor, 0);
    return std::unique_ptr<PcmFile>(descriptor < 0 ? nullptr : new PcmFile(descriptor, direction));
}

PcmFile::~PcmFile()
{
    in_kernel([this] {
        if (mapped_ != nullptr)
            munmap(mapped_, buffer_bytes_);
        return close(descriptor_);
    });
}

int PcmFile::call(unsigned long command, void *argument) const
{
    set_blocking();
    return in_kernel([&] { return ioctl(descriptor_, command, argument) < 0 ? -errno : 0; });
}

int PcmFile::call_with_number(unsigned long command, long number) const
{
    return call(command, reinterpret_cast<void *>(number));
}

void PcmFile::set_blocking() const
{
    fcntl(descriptor_, F_SETFL, is_nonblocking ? O_NONBLOCK : 0);
}

int PcmFile::hw_params(const PcmParams &wanted)
{
    snd_pcm_hw_params params = {};
    for (snd_interval &interval : params.intervals)
        interval.max = UINT_MAX;
    params.rmask = UINT_MAX;
    params.info = UINT_MAX;
    params.flags = wants_no_period_wakeup ? SNDRV_PCM_HW_PARAMS_NO_PERIOD_WAKEUP : 0;
    choose(params, SNDRV_PCM_HW_PARAM_ACCESS,
           wants_mmap ? SNDRV_PCM_ACCESS_MMAP_INTERLEAVED : SNDRV_PCM_ACCESS_RW_INTERLEAVED);
    choose(params, SNDRV_PCM_HW_PARAM_FORMAT, wanted.format);
    choose(params, SNDRV_PCM_HW_PARAM_SUBFORMAT, SNDRV_PCM_SUBFORMAT_STD);
    fix(params, SNDRV_PCM_HW_PARAM_CHANNELS, wanted.channels);
    fix(params, SNDRV_PCM_HW_PARAM_RATE, wanted.rate);
    fix(params, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, wanted.period_frames);
    fix(params, SNDRV_PCM_HW_PARAM_BUFFER_SIZE, wanted.buffer_frames);
    const int status = call(SNDRV_PCM_IOCTL_HW_PARAMS, &params);
    if (status == 0) {
        frame_bits_ = sample_layouts[wanted.format].bits * wanted.channels;
        buffer_bytes_ = bytes(wanted.buffer_frames);
    }
    return status;
}

std::span<uint8_t> PcmFile::buffer()
{
    if (mapped_ == nullptr) {
        void *mapped = in_kernel([this] {
            return mmap(nullptr, buffer_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_,
                        SNDRV_PCM_MMAP_OFFSET_DATA);
        });
        if (mapped == MAP_FAILED)
            return {};
        mapped_ = static_cast<uint8_t *>(mapped);
    }
    return { mapped_, buffer_bytes_ };
}

int PcmFile::sw_params(uint64_t start_threshold, uint64_t stop_threshold, uint64_t avail_min,
                       uint64_t silence_threshold, uint64_t silence_size)
{
    snd_pcm_sw_params params = {};
    params.period_step = 1;
    params.start_threshold = start_threshold;
    params.stop_threshold = stop_threshold;
    params.avail_min = avail_min;
    params.silence_threshold = silence_threshold;
    params.silence_size = silence_size;
    return call(SNDRV_PCM_IOCTL_SW_PARAMS, &params);
}

int PcmFile::hw_free()
{
    return call(SNDRV_PCM_IOCTL_HW_FREE);
}

int PcmFile::prepare()
{
    return call(SNDRV_PCM_IOCTL_PREPARE);
}

int PcmFile::start()
{
    return call(SNDRV_PCM_IOCTL_START);
}

int PcmFile::pause(bool is_push)
{
    return call_with_number(SNDRV_PCM_IOCTL_PAUSE, is_push);
}

int PcmFile::drain()
{
    return call(SNDRV_PCM_IOCTL_DRAIN);
}

int PcmFile::drop()
{
    return call(SNDRV_PCM_IOCTL_DROP);
}

int PcmFile::reset()
{
    return call(SNDRV_PCM_IOCTL_RESET);
}

int PcmFile::link(PcmFile &other)
{
    return call_with_number(SNDRV_PCM_IOCTL_LINK, other.descriptor_);
}

int PcmFile::unlink()
{
    return call(SNDRV_PCM_IOCTL_UNLINK);
}

int64_t PcmFile::write(std::span<const uint8_t> data)
{
    snd_xferi transfer = { 0, const_cast<uint8_t *>(data.data()), frames(data.size()) };
    const int status = call(SNDRV_PCM_IOCTL_WRITEI_FRAMES, &transfer);
    return status < 0 ? status : transfer.result;
}

int64_t PcmFile::read(std::span<uint8_t> data)
{
    snd_xferi transfer = { 0, data.data(), frames(data.size()) };
    const int status = call(SNDRV_PCM_IOCTL_READI_FRAMES, &transfer);
    return status < 0 ? status : transfer.result;
}

int PcmFile::hwsync()
{
    return call(SNDRV_PCM_IOCTL_HWSYNC);
}

int PcmFile::move_appl_ptr(uint64_t appl_ptr)
{
    snd_pcm_sync_ptr sync = {};
    sync.flags = SNDRV_PCM_SYNC_PTR_AVAIL_MIN;
    sync.c.control.appl_ptr = appl_ptr;
    return call(SNDRV_PCM_IOCTL_SYNC_PTR, &sync);
}

int64_t PcmFile::move_by(unsigned long command, uint64_t frames) const
{
    snd_pcm_uframes_t moved = frames;
    const int status = call(command, &moved);
    return status < 0 ? status : static_cast<int64_t>(moved);
}

int64_t PcmFile::rewind(uint64_t frames)
{
    return move_by(SNDRV_PCM_IOCTL_REWIND, frames);
}

int64_t PcmFile::forward(uint64_t frames)
{
    return move_by(SNDRV_PCM_IOCTL_FORWARD, frames);
}

int PcmFile::delay(int64_t &frames)
{
    snd_pcm_sframes_t delay = 0;
    const int status = call(SNDRV_PCM_IOCTL_DELAY, &delay);
    frames = delay;
    return status;
}

PcmFile::Poll PcmFile::poll() const
{
    pollfd looked = { descriptor_, POLLIN | POLLOUT, 0 };
    ::poll(&looked, 1, 0);
    return { (looked.revents & (POLLIN | POLLOUT)) != 0, (looked.revents & POLLERR) != 0 };
}

const PcmPointers &PcmFile::runtime() const
{
    snd_pcm_sync_ptr sync = {};
    sync.flags = SNDRV_PCM_SYNC_PTR_APPL | SNDRV_PCM_SYNC_PTR_AVAIL_MIN;
    // No other thread has to act for this call.
    if (ioctl(descriptor_, SNDRV_PCM_IOCTL_SYNC_PTR, &sync) < 0)
        pointers_.state = PcmState::Disconnected;
    else
        pointers_ = { static_cast<PcmState>(sync.s.status.state), sync.s.status.hw_ptr,
                      sync.c.control.appl_ptr };
    return pointers_;
}

} // namespace xen_front::fake
