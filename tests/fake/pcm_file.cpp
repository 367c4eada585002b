// SPDX-License-Identifier: GPL-2.0-only
#include "fake/pcm_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"
#include "fake/sample_layout.hpp"
#include "kshim/entry.h"

namespace xen_front::fake {

std::unique_ptr<PcmFile> PcmFile::open(kshim_card &card, unsigned int device,
                                       kshim_direction direction, int &status)
{
    status = -ENODEV;
    kshim_pcm *pcm = card.find_pcm(device);
    if (card.is_disconnected || !card.is_registered || pcm == nullptr)
        return nullptr;
    const auto &substreams = pcm->substreams[direction];
    const auto free = std::find_if(substreams.begin(), substreams.end(),
                                   [](const auto &entry) { return !entry->is_attached; });
    status = substreams.empty() ? -ENODEV : -EAGAIN;
    if (free == substreams.end())
        return nullptr;

    kshim_substream &substream = **free;
    substream.is_attached = true;
    substream.runtime = {};
    substream.stream = nullptr;
    substream.periods_elapsed = 0;
    substream.wakeups = 0;
    substream.xruns = 0;
    substream.triggers.clear();
    SoundCore::on_open(card);
    {
        const HeldLock held(Kernel::current().context, &pcm->open_mutex, LockKind::Mutex,
                            "PCM open");
        status = xen_front_pcm_open(pcm->context, direction, substream.number, &substream,
                                    &substream.stream);
    }
    if (status < 0) {
        substream.is_attached = false;
        SoundCore::on_close(card);
        return nullptr;
    }
    if (substream.runtime.rates.empty())
        report_fault("open succeeded without kshim_pcm_constrain()");
    return std::unique_ptr<PcmFile>(new PcmFile(substream));
}

PcmFile::~PcmFile()
{
    kshim_card &card = *substream_.pcm.card;
    {
        const HeldLock held(Kernel::current().context, &substream_.pcm.open_mutex, LockKind::Mutex,
                            "PCM open");
        do_drop();
        if (state() != PcmState::Open)
            do_hw_free();
        const int status = xen_front_pcm_close(substream_.stream);
        if (status < 0)
            report_fault("close failed with " + std::to_string(status));
        if (substream_.group)
            substream_.unlink();
        substream_.is_attached = false;
    }
    SoundCore::on_close(card);
}

int PcmFile::locked(const std::function<int()> &body)
{
    int status = 0;
    substream_.with_lock([&] { status = body(); });
    return status;
}

// After a disconnection the files have no operations but close.
bool PcmFile::is_gone() const
{
    return substream_.pcm.card->is_disconnected;
}

// snd_pcm_common_ioctl()
int PcmFile::refusal() const
{
    if (is_gone())
        return -ENODEV;
    return state() == PcmState::Disconnected ? -EBADFD : 0;
}

int PcmFile::refine(PcmRanges &ranges)
{
    if (const int error = refusal(); error < 0)
        return error;
    return fake::refine(substream_, ranges);
}

int PcmFile::hw_params(const PcmRanges &ranges)
{
    if (const int error = refusal(); error < 0)
        return error;
    if (!substream_.block_buffer_access())
        return -EBUSY;
    const bool is_possible = (state() == PcmState::Open || state() == PcmState::Setup ||
                              state() == PcmState::Prepared) &&
                             (is_oss || !substream_.is_mapped);
    const int status = is_possible ? do_hw_params(ranges) : -EBADFD;
    substream_.unblock_buffer_access();
    return status;
}

int PcmFile::do_hw_params(const PcmRanges &ranges)
{
    PcmRuntime &runtime = substream_.runtime;
    substream_.sync_stop();

    kshim_pcm_params params = {};
    int status = choose(substream_, ranges, params);
    if (status == 0) {
        runtime.is_setting_params = true;
        status = xen_front_pcm_hw_params(substream_.stream,
                                         uint64_t { params.buffer_frames } * params.frame_bits / 8);
        runtime.is_setting_params = false;
    }
    if (status < 0) {
        set_state(PcmState::Open);
        xen_front_pcm_hw_free(substream_.stream);
        return status;
    }
    runtime.params = params;
    has_mmap_ = wants_mmap;
    runtime.has_params = true;
    runtime.has_info = true;
    runtime.no_period_wakeup = wants_no_period_wakeup && substream_.is_playback() &&
                               Kernel::current().sound.info.no_period_wakeup;
    runtime.min_align = 1;
    while (params.frame_bits * runtime.min_align % 8 != 0)
        runtime.min_align *= 2;
    runtime.start_threshold = 1;
    runtime.stop_threshold = params.buffer_frames;
    runtime.avail_min = params.period_frames;
    runtime.silence_threshold = 0;
    runtime.silence_size = 0;
    if (runtime.buffer == nullptr || runtime.buffer_bytes < bytes(params.buffer_frames))
        report_fault("hw_params succeeded without a buffer of the size that was asked for");
    else // up to the end of the page, since the driver claims MMAP
        std::memset(runtime.buffer, 0,
                    (runtime.buffer_bytes + KSHIM_PAGE_SIZE - 1) / KSHIM_PAGE_SIZE *
                        KSHIM_PAGE_SIZE);
    set_state(PcmState::Setup);
    return 0;
}

// snd_pcm_set_state()
void PcmFile::set_state(PcmState state)
{
    substream_.with_lock([&] {
        if (substream_.runtime.state != PcmState::Disconnected)
            substream_.runtime.state = state;
    });
}

int PcmFile::sw_params(uint64_t start_threshold, uint64_t stop_threshold, uint64_t avail_min,
                       uint64_t silence_threshold, uint64_t silence_size)
{
    PcmRuntime &runtime = substream_.runtime;
    if (const int error = refusal(); error < 0)
        return error;
    if (state() == PcmState::Open)
        return -EBADFD;
    if (avail_min == 0)
        return -EINVAL;
    if (silence_size >= params().boundary
            ? silence_threshold != 0
            : silence_size > silence_threshold || silence_threshold > params().buffer_frames)
        return -EINVAL;
    return locked([&] {
        runtime.start_threshold = start_threshold;
        runtime.stop_threshold = stop_threshold;
        runtime.avail_min = avail_min;
        runtime.silence_threshold = silence_threshold;
        runtime.silence_size = silence_size;
        if (!substream_.is_running())
            return 0;
        if (substream_.is_playback() && silence_size > 0)
            substream_.fill_with_silence(std::nullopt);
        return substream_.update_state();
    });
}

void PcmFile::do_hw_free()
{
    substream_.sync_stop();
    xen_front_pcm_hw_free(substream_.stream);
}

int PcmFile::hw_free()
{
    if (const int error = refusal(); error < 0)
        return error;
    if (!substream_.block_buffer_access())
        return -EBUSY;
    const bool is_possible =
        (state() == PcmState::Setup || state() == PcmState::Prepared) && !substream_.is_mapped;
    if (is_possible) {
        do_hw_free();
        set_state(PcmState::Open);
        substream_.runtime.has_params = false;
    }
    substream_.unblock_buffer_access();
    return is_possible ? 0 : -EBADFD;
}

int PcmFile::prepare()
{
    const int status = refusal();
    return status < 0 ? status : substream_.prepare();
}

int PcmFile::reset()
{
    const int status = refusal();
    return status < 0 ? status : substream_.reset();
}

int PcmFile::link(PcmFile &other)
{
    const int status = refusal();
    return status < 0 ? status : substream_.link(other.substream_);
}

int PcmFile::unlink()
{
    const int status = refusal();
    return status < 0 ? status : substream_.unlink();
}

int PcmFile::start()
{
    if (const int error = refusal(); error < 0)
        return error;
    return locked([this] { return substream_.start(); });
}

int PcmFile::pause(bool is_push)
{
    if (const int error = refusal(); error < 0)
        return error;
    return locked([&] { return substream_.pause(is_push); });
}

int PcmFile::drop()
{
    const int status = refusal();
    return status < 0 ? status : do_drop();
}

int PcmFile::do_drop()
{
    if (state() == PcmState::Open || state() == PcmState::Disconnected)
        return -EBADFD;
    return locked([this] {
        if (state() == PcmState::Paused)
            substream_.pause(false);
        substream_.stop(PcmState::Setup);
        return 0;
    });
}

bool PcmFile::wait(const uint64_t &wakeups, uint64_t before, Duration limit)
{
    return Kernel::current().timeline.wait([&] { return wakeups != before || is_signalled; },
                                           limit);
}

// Somewhat longer than the buffer plays. Without period interrupts the core waits for ever.
Duration PcmFile::wait_limit(const PcmRuntime &runtime) const
{
    if (runtime.no_period_wakeup)
        return endless;
    const uint64_t milliseconds =
        uint64_t { runtime.params.buffer_frames } * 1100 / runtime.params.rate;
    return std::chrono::milliseconds(std::max<uint64_t>(milliseconds, 100));
}

const kshim_substream *PcmFile::find_draining() const
{
    const std::vector<kshim_substream *> alone = { &substream_ };
    for (const kshim_substream *member : substream_.group ? substream_.group->members : alone) {
        if (member->is_playback() && member->runtime.state == PcmState::Draining)
            return member;
    }
    return nullptr;
}

int PcmFile::drain()
{
    if (const int error = refusal(); error < 0)
        return error;
    if (state() == PcmState::Open)
        return -EBADFD;
    const int status = locked([this] {
        if (state() == PcmState::Paused)
            substream_.pause(false);
        return substream_.init_drain();
    });
    if (status < 0)
        return status;
    if (is_nonblocking)
        return -EAGAIN;
    while (const kshim_substream *draining = find_draining()) {
        if (is_signalled)
            return -ERESTARTSYS;
        const Duration limit = wait_limit(draining->runtime);
        const bool is_woken =
            wait(draining->runtime.sleep_wakeups, draining->runtime.sleep_wakeups, limit);
        if (is_gone())
            return -ENODEV;
        if (is_woken)
            continue;
        if (limit == endless)
            report_fault("a drain never ends");
        locked([this] {
            substream_.stop(PcmState::Setup);
            return 0;
        });
        return -EIO;
    }
    return 0;
}

} // namespace xen_front::fake
