// SPDX-License-Identifier: GPL-2.0-only
// How applications move audio and pointers: __snd_pcm_lib_xfer() and wait_for_avail() of pcm_lib.c,
// and the system calls around them.
#include <algorithm>
#include <cerrno>
#include <cstring>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"
#include "fake/pcm_file.hpp"

namespace xen_front::fake {

namespace {

// A wait that has timed out so often on a paused stream never ends: a fault.
constexpr unsigned int paused_waits_max = 100;

} // namespace

int PcmFile::accessible() const
{
    switch (state()) {
    case PcmState::Prepared:
    case PcmState::Running:
    case PcmState::Paused:
        return 0;
    case PcmState::Xrun:
        return -EPIPE;
    default:
        return -EBADFD;
    }
}

// @available is 0 when a capture stream is being drained. @wakeups is the count of when the caller
// released the stream lock, which the core holds until it waits.
int PcmFile::wait_for_frames(uint64_t &available, uint64_t wakeups)
{
    PcmRuntime &runtime = substream_.runtime;
    Duration limit = wait_limit(runtime);
    if (limit != endless && runtime.wait_limit_ms != 0)
        limit = std::chrono::milliseconds(runtime.wait_limit_ms);
    for (unsigned int paused_waits = 0;;) {
        if (is_signalled)
            return -ERESTARTSYS;
        available = avail();
        if (available >= runtime.wakeup_avail)
            return 0;
        const bool is_woken = wait(runtime.transfer_wakeups, wakeups, limit);
        wakeups = runtime.transfer_wakeups;
        switch (state()) {
        case PcmState::Xrun:
            return -EPIPE;
        case PcmState::Draining:
            available = 0;
            return substream_.is_playback() ? -EPIPE : 0;
        case PcmState::Open:
        case PcmState::Setup:
        case PcmState::Disconnected:
            return -EBADFD;
        case PcmState::Paused:
            // The core waits on, whatever the limit.
            if (is_woken || ++paused_waits < paused_waits_max)
                continue;
            report_fault("a transfer waits for a paused stream for ever");
            return -EIO;
        default:
            break;
        }
        if (is_woken)
            continue;
        if (limit == endless)
            report_fault("a transfer never ends");
        return -EIO;
    }
}

// Copies without the stream lock; moves the pointer, and starts what is due, with it.
int PcmFile::transfer_some(uint8_t *data, uint64_t frames, uint64_t &done, uint64_t &wakeups)
{
    PcmRuntime &runtime = substream_.runtime;
    if (runtime.buffer_accessing < 0)
        return -EBUSY;
    runtime.buffer_accessing++;
    char *place = runtime.buffer + bytes(runtime.appl_ptr % params().buffer_frames);
    if (substream_.is_playback())
        std::memcpy(place, data, bytes(frames));
    else
        std::memcpy(data, place, bytes(frames));
    runtime.buffer_accessing--;

    return locked([&]() -> int {
        int status = accessible();
        if (status < 0)
            return status;
        uint64_t appl_ptr = runtime.appl_ptr + frames;
        if (appl_ptr >= params().boundary)
            appl_ptr -= params().boundary;
        status = substream_.move_appl_ptr(appl_ptr);
        if (status < 0)
            return status;
        done += frames;
        const bool is_due = substream_.is_playback() && state() == PcmState::Prepared &&
                            substream_.hw_avail() >= static_cast<int64_t>(runtime.start_threshold);
        status = is_due ? substream_.start() : 0;
        wakeups = runtime.transfer_wakeups;
        return status;
    });
}

int PcmFile::begin_transfer(uint64_t frames, uint64_t &wakeups)
{
    PcmRuntime &runtime = substream_.runtime;
    return locked([&]() -> int {
        const int error = accessible();
        if (error < 0)
            return error;
        runtime.wakeup_avail = std::max<uint64_t>(runtime.avail_min, 1);
        if (state() == PcmState::Running)
            substream_.update_hw_ptr(false);
        const bool is_due = !substream_.is_playback() && state() == PcmState::Prepared &&
                            frames >= runtime.start_threshold;
        const int status = is_due ? substream_.start() : 0;
        wakeups = runtime.transfer_wakeups;
        return status;
    });
}

int PcmFile::transfer_all(uint8_t *data, uint64_t frames, uint64_t &done)
{
    PcmRuntime &runtime = substream_.runtime;
    uint64_t wakeups = 0;
    int status = begin_transfer(frames, wakeups);
    if (status < 0)
        return status;
    // The core reads it once and counts down: it finds frames that come later in the next round.
    uint64_t available = avail();
    while (done < frames) {
        if (available == 0) {
            if (!substream_.is_playback() && state() == PcmState::Draining) {
                substream_.with_lock([this] { substream_.stop(PcmState::Setup); });
                return 0;
            }
            if (is_nonblocking)
                return -EAGAIN;
            runtime.wakeup_avail =
                std::min(frames - done, std::max<uint64_t>(runtime.avail_min, 1));
            status = wait_for_frames(available, wakeups);
            if (status < 0)
                return status;
            if (available == 0)
                continue;
        }
        const uint64_t to_end = params().buffer_frames - runtime.appl_ptr % params().buffer_frames;
        const uint64_t some = std::min({ frames - done, available, to_end });
        status = transfer_some(data + bytes(done), some, done, wakeups);
        if (status < 0)
            return status;
        available -= some;
    }
    return 0;
}

int64_t PcmFile::transfer(uint8_t *data, uint64_t frames)
{
    if (const int error = refusal(); error < 0)
        return error;
    if (state() == PcmState::Open)
        return -EBADFD;
    if (has_mmap_ && params().channels > 1)
        return -EINVAL;
    if (frames == 0)
        return 0;
    uint64_t done = 0;
    const int status = transfer_all(data, frames, done);
    substream_.runtime.wakeup_avail = 0;
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

// do_pcm_hwsync()
int PcmFile::sync_position()
{
    switch (state()) {
    case PcmState::Draining:
        if (!substream_.is_playback())
            return -EBADFD;
        [[fallthrough]];
    case PcmState::Running:
        return substream_.update_hw_ptr(false);
    case PcmState::Prepared:
    case PcmState::Paused:
        return 0;
    case PcmState::Xrun:
        return -EPIPE;
    default:
        return -EBADFD;
    }
}

int PcmFile::hwsync()
{
    if (const int error = refusal(); error < 0)
        return error;
    return locked([this] { return sync_position(); });
}

int PcmFile::move_appl_ptr(uint64_t appl_ptr)
{
    if (const int error = refusal(); error < 0)
        return error;
    return locked([&] { return substream_.move_appl_ptr(appl_ptr); });
}

int PcmFile::sync_ptr(uint64_t appl_ptr)
{
    const int status = hwsync();
    return status < 0 ? status : move_appl_ptr(appl_ptr);
}

int64_t PcmFile::move_by(uint64_t frames, int64_t limit, bool is_forward)
{
    if (limit <= 0)
        return 0;
    frames = std::min(frames, static_cast<uint64_t>(limit));
    const uint64_t boundary = params().boundary;
    const uint64_t step = is_forward ? frames : boundary - frames;
    const int status = substream_.move_appl_ptr((substream_.runtime.appl_ptr + step) % boundary);
    if (status < 0)
        return is_forward ? status : 0;
    return static_cast<int64_t>(frames);
}

int64_t PcmFile::rewind(uint64_t frames)
{
    if (const int error = refusal(); error < 0)
        return error;
    int64_t moved = 0;
    const int status = locked([&] {
        const int error = sync_position();
        if (error == 0)
            moved = move_by(frames, substream_.hw_avail(), false);
        return error;
    });
    return status < 0 ? status : moved;
}

int64_t PcmFile::forward(uint64_t frames)
{
    if (const int error = refusal(); error < 0)
        return error;
    int64_t moved = 0;
    const int status = locked([&] {
        const int error = sync_position();
        if (error == 0)
            moved = move_by(frames, static_cast<int64_t>(avail()), true);
        return error;
    });
    return status < 0 ? status : moved;
}

int PcmFile::delay(int64_t &frames)
{
    if (const int error = refusal(); error < 0)
        return error;
    return locked([&] {
        const int status = sync_position();
        if (status == 0)
            frames = substream_.total_delay();
        return status;
    });
}

PcmFile::Poll PcmFile::poll()
{
    if (is_gone())
        return { false, true };
    switch (state()) {
    case PcmState::Running:
    case PcmState::Prepared:
    case PcmState::Paused:
        return { avail() >= substream_.runtime.avail_min, false };
    case PcmState::Draining:
        if (substream_.is_playback())
            return { false, false };
        return { true, avail() == 0 };
    default:
        return { true, true };
    }
}

std::span<uint8_t> PcmFile::buffer() const
{
    const PcmRuntime &runtime = substream_.runtime;
    return { reinterpret_cast<uint8_t *>(runtime.buffer), runtime.buffer_bytes };
}

} // namespace xen_front::fake
