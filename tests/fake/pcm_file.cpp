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

namespace {

constexpr const char *buffer_lock_class = "PCM buffer";

// How long the core waits for progress: somewhat longer than the buffer plays.
Duration wait_limit(const kshim_pcm_params &params)
{
    const uint64_t milliseconds = uint64_t { params.buffer_frames } * 1100 / params.rate;
    return std::chrono::milliseconds(std::max<uint64_t>(milliseconds, 100));
}

} // namespace

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
        drop();
        if (state() != PcmState::Open)
            do_hw_free();
        const int status = xen_front_pcm_close(substream_.stream);
        if (status < 0)
            report_fault("close failed with " + std::to_string(status));
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

int PcmFile::refine(PcmRanges &ranges)
{
    if (is_gone())
        return -ENODEV;
    return fake::refine(substream_, ranges);
}

int PcmFile::hw_params(const PcmRanges &ranges)
{
    if (is_gone())
        return -ENODEV;
    PcmRuntime &runtime = substream_.runtime;
    const HeldLock held(Kernel::current().context, &buffer_mutex_, LockKind::Mutex,
                        buffer_lock_class);
    if (state() != PcmState::Open && state() != PcmState::Setup && state() != PcmState::Prepared)
        return -EBADFD;
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
        runtime.state = PcmState::Open;
        xen_front_pcm_hw_free(substream_.stream);
        return status;
    }
    runtime.params = params;
    runtime.has_params = true;
    runtime.min_align = 1;
    while (params.frame_bits * runtime.min_align % 8 != 0)
        runtime.min_align *= 2;
    runtime.start_threshold = 1;
    runtime.stop_threshold = params.buffer_frames;
    runtime.avail_min = params.period_frames;
    if (runtime.buffer == nullptr || runtime.buffer_bytes < bytes(params.buffer_frames))
        report_fault("hw_params succeeded without a buffer of the size that was asked for");
    else // up to the end of the page, since the driver claims MMAP
        std::memset(runtime.buffer, 0,
                    (runtime.buffer_bytes + KSHIM_PAGE_SIZE - 1) / KSHIM_PAGE_SIZE *
                        KSHIM_PAGE_SIZE);
    runtime.state = PcmState::Setup;
    return 0;
}

int PcmFile::sw_params(uint64_t start_threshold, uint64_t stop_threshold, uint64_t avail_min)
{
    if (state() == PcmState::Open)
        return -EBADFD;
    substream_.runtime.start_threshold = start_threshold;
    substream_.runtime.stop_threshold = stop_threshold;
    substream_.runtime.avail_min = avail_min;
    return 0;
}

void PcmFile::do_hw_free()
{
    substream_.sync_stop();
    xen_front_pcm_hw_free(substream_.stream);
}

int PcmFile::hw_free()
{
    if (is_gone())
        return -ENODEV;
    const HeldLock held(Kernel::current().context, &buffer_mutex_, LockKind::Mutex,
                        buffer_lock_class);
    if (state() != PcmState::Setup && state() != PcmState::Prepared)
        return -EBADFD;
    do_hw_free();
    substream_.runtime.state = PcmState::Open;
    substream_.runtime.has_params = false;
    return 0;
}

int PcmFile::prepare()
{
    if (is_gone())
        return -ENODEV;
    PcmRuntime &runtime = substream_.runtime;
    substream_.with_lock([&] {
        if (state() == PcmState::Paused) {
            if (substream_.trigger(KSHIM_TRIGGER_PAUSE_RELEASE) == 0)
                runtime.state = PcmState::Running;
        }
        if (state() == PcmState::Running || state() == PcmState::Suspended)
            substream_.stop(PcmState::Setup);
    });
    const HeldLock held(Kernel::current().context, &buffer_mutex_, LockKind::Mutex,
                        buffer_lock_class);
    if (state() == PcmState::Open || state() == PcmState::Disconnected)
        return -EBADFD;
    if (substream_.is_running())
        return -EBUSY;
    substream_.sync_stop();
    const int status = xen_front_pcm_prepare(substream_.stream);
    if (status < 0)
        return status;
    substream_.with_lock([&] {
        runtime.hw_ptr = 0;
        runtime.hw_ptr_base = 0;
        runtime.hw_ptr_interrupt = 0;
        runtime.appl_ptr = 0;
        if (state() != PcmState::Disconnected)
            runtime.state = PcmState::Prepared;
    });
    return 0;
}

int PcmFile::start()
{
    if (is_gone())
        return -ENODEV;
    return locked([this] { return substream_.start(); });
}

int PcmFile::pause(bool is_push)
{
    if (is_gone())
        return -ENODEV;
    return locked([&] {
        if (state() != (is_push ? PcmState::Running : PcmState::Paused))
            return -EBADFD;
        if (is_push)
            substream_.update_hw_ptr(false);
        const kshim_trigger commands[] = { KSHIM_TRIGGER_PAUSE_RELEASE, KSHIM_TRIGGER_PAUSE_PUSH };
        const int status = substream_.trigger(commands[is_push]);
        if (status < 0)
            substream_.trigger(commands[!is_push]);
        else
            substream_.runtime.state = is_push ? PcmState::Paused : PcmState::Running;
        return status;
    });
}

int PcmFile::resume()
{
    if (is_gone())
        return -ENODEV;
    return locked([this] {
        PcmRuntime &runtime = substream_.runtime;
        if (state() != PcmState::Suspended)
            return -EBADFD;
        const bool was_running =
            runtime.suspended_state == PcmState::Running ||
            (runtime.suspended_state == PcmState::Draining && substream_.is_playback());
        const int status = was_running ? substream_.trigger(KSHIM_TRIGGER_RESUME) : 0;
        if (status == 0)
            runtime.state = runtime.suspended_state;
        return status;
    });
}

int PcmFile::drop()
{
    if (state() == PcmState::Open || state() == PcmState::Disconnected)
        return -EBADFD;
    return locked([this] {
        if (state() == PcmState::Paused && substream_.trigger(KSHIM_TRIGGER_PAUSE_RELEASE) == 0)
            substream_.runtime.state = PcmState::Running;
        substream_.stop(PcmState::Setup);
        return 0;
    });
}

int PcmFile::drain()
{
    if (is_gone())
        return -ENODEV;
    PcmRuntime &runtime = substream_.runtime;
    if (state() == PcmState::Open || state() == PcmState::Disconnected ||
        state() == PcmState::Suspended)
        return -EBADFD;
    int status = locked([&]() -> int {
        if (state() == PcmState::Paused && substream_.trigger(KSHIM_TRIGGER_PAUSE_RELEASE) == 0)
            runtime.state = PcmState::Running;
        if (!substream_.is_playback()) {
            if (state() == PcmState::Running)
                substream_.stop(avail() > 0 ? PcmState::Draining : PcmState::Setup);
        } else if (state() == PcmState::Prepared) {
            if (substream_.queued() == 0) {
                runtime.state = PcmState::Setup;
            } else {
                // The core goes on as if it had started even if it has not.
                substream_.trigger(KSHIM_TRIGGER_START);
                runtime.state = PcmState::Draining;
                // Nor does it tell the driver that the stream is draining.
                return 0;
            }
        } else if (state() == PcmState::Running) {
            runtime.state = PcmState::Draining;
        } else if (state() == PcmState::Xrun) {
            runtime.state = PcmState::Setup;
        }
        if (state() == PcmState::Draining)
            return substream_.trigger(KSHIM_TRIGGER_DRAIN);
        return 0;
    });
    if (status < 0 || is_nonblocking || !substream_.is_playback())
        return status;

    Timeline &timeline = Kernel::current().timeline;
    while (state() == PcmState::Draining) {
        const uint64_t wakeups = substream_.wakeups;
        const bool is_woken = timeline.wait(
            [&] { return substream_.wakeups != wakeups || is_gone(); }, wait_limit(params()));
        if (is_gone())
            return -ENODEV;
        if (!is_woken) {
            substream_.with_lock([this] { substream_.stop(PcmState::Setup); });
            return -EIO;
        }
    }
    return 0;
}

int PcmFile::accessible() const
{
    switch (state()) {
    case PcmState::Prepared:
    case PcmState::Running:
    case PcmState::Paused:
        return 0;
    case PcmState::Xrun:
        return -EPIPE;
    case PcmState::Suspended:
        return -ESTRPIPE;
    default:
        return -EBADFD;
    }
}

int PcmFile::wait_for_frames(uint64_t frames)
{
    PcmRuntime &runtime = substream_.runtime;
    runtime.wakeup_avail = std::min(frames, std::max<uint64_t>(runtime.avail_min, 1));
    const unsigned int limit_ms = substream_.runtime.wait_limit_ms;
    const Duration limit =
        limit_ms != 0 ? std::chrono::milliseconds(limit_ms) : wait_limit(params());
    const bool is_woken = Kernel::current().timeline.wait(
        [this] { return avail() >= substream_.runtime.wakeup_avail || accessible() < 0; }, limit);
    if (state() == PcmState::Draining)
        return substream_.is_playback() ? -EPIPE : 0;
    const int status = accessible();
    if (status < 0)
        return status;
    return is_woken ? 0 : -EIO;
}

int PcmFile::transfer_some(uint8_t *data, uint64_t frames, uint64_t &moved)
{
    PcmRuntime &runtime = substream_.runtime;
    const uint64_t buffer_frames = params().buffer_frames;
    const uint64_t offset = runtime.appl_ptr % buffer_frames;
    moved = std::min({ frames, avail(), buffer_frames - offset });
    char *place = runtime.buffer + bytes(offset);
    if (substream_.is_playback())
        std::memcpy(place, data, bytes(moved));
    else
        std::memcpy(data, place, bytes(moved));

    return locked([&]() -> int {
        int status = accessible();
        if (status < 0)
            return status;
        uint64_t appl_ptr = runtime.appl_ptr + moved;
        if (appl_ptr >= params().boundary)
            appl_ptr -= params().boundary;
        status = substream_.move_appl_ptr(appl_ptr);
        if (status < 0)
            return status;
        if (substream_.is_playback() && state() == PcmState::Prepared &&
            substream_.queued() >= runtime.start_threshold)
            return substream_.start();
        return 0;
    });
}

int64_t PcmFile::transfer(uint8_t *data, uint64_t frames)
{
    if (is_gone())
        return -ENODEV;
    if (state() == PcmState::Open)
        return -EBADFD;
    PcmRuntime &runtime = substream_.runtime;
    int status = locked([&]() -> int {
        const int error = accessible();
        if (error < 0)
            return error;
        runtime.wakeup_avail = std::max<uint64_t>(runtime.avail_min, 1);
        if (state() == PcmState::Running)
            substream_.update_hw_ptr(false);
        if (!substream_.is_playback() && state() == PcmState::Prepared &&
            frames >= runtime.start_threshold)
            return substream_.start();
        return 0;
    });
    uint64_t done = 0;
    while (status >= 0 && done < frames) {
        if (avail() == 0) {
            status = is_nonblocking ? -EAGAIN : wait_for_frames(frames - done);
            if (status < 0)
                break;
            if (avail() == 0)
                continue;
        }
        uint64_t moved = 0;
        status = transfer_some(data + bytes(done), frames - done, moved);
        if (status < 0)
            break;
        done += moved;
    }
    runtime.wakeup_avail = 0;
    if (done > 0 && status >= 0)
        substream_.with_lock([this] { substream_.update_state(); });
    return done > 0 ? static_cast<int64_t>(done) : status;
}

int64_t PcmFile::write(std::span<const uint8_t> data)
{
    return transfer(const_cast<uint8_t *>(data.data()), frames(data.size()));
}

int64_t PcmFile::read(std::span<uint8_t> data)
{
    return transfer(data.data(), frames(data.size()));
}

int PcmFile::hwsync()
{
    if (is_gone())
        return -ENODEV;
    return locked([this]() -> int {
        switch (state()) {
        case PcmState::Draining:
        case PcmState::Running:
            return substream_.update_hw_ptr(false);
        case PcmState::Prepared:
        case PcmState::Paused:
            return 0;
        case PcmState::Suspended:
            return -ESTRPIPE;
        case PcmState::Xrun:
            return -EPIPE;
        default:
            return -EBADFD;
        }
    });
}

int PcmFile::move_appl_ptr(uint64_t appl_ptr)
{
    if (is_gone())
        return -ENODEV;
    return locked([&] { return substream_.move_appl_ptr(appl_ptr); });
}

std::span<uint8_t> PcmFile::buffer() const
{
    const PcmRuntime &runtime = substream_.runtime;
    return { reinterpret_cast<uint8_t *>(runtime.buffer), runtime.buffer_bytes };
}

} // namespace xen_front::fake
