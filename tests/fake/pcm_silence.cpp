// SPDX-License-Identifier: GPL-2.0-only
// The silence that an application asks for: snd_pcm_playback_silence() of pcm_lib.c.
#include <algorithm>

#include "fake/kernel.hpp"

using namespace xen_front::fake;

// The position has moved from @from to @to: silence between them is not ahead any more.
void kshim_substream::pass_silence(uint64_t from, uint64_t to)
{
    runtime.silence_filled -= std::min(distance(from, to), runtime.silence_filled);
    runtime.silence_start = to;
}

// Silence after what the application wrote, as much as silence_threshold and silence_size say.
// Returns how many frames are to be silenced, from silence_start + silence_filled on.
uint64_t kshim_substream::silence_up_to_threshold(uint64_t hw_ptr)
{
    pass_silence(runtime.silence_start, runtime.appl_ptr);
    // 6.1 counts from the position before the update, and fills nothing when silence is far ahead.
    const bool is_new = Kernel::current().sound.kernel_release >= Release::Linux6_12;
    const int64_t valid =
        is_new ? static_cast<int64_t>(distance(hw_ptr, runtime.appl_ptr)) : hw_avail();
    if (!is_new && runtime.silence_filled >= runtime.params.buffer_frames)
        return 0;
    const int64_t noise = valid + static_cast<int64_t>(runtime.silence_filled);
    const auto threshold = static_cast<int64_t>(runtime.silence_threshold);
    if (noise >= threshold)
        return 0;
    return std::min(static_cast<uint64_t>(threshold - noise), runtime.silence_size);
}

// Free-wheeling: what was played becomes silent at once.
uint64_t kshim_substream::silence_what_was_played(std::optional<uint64_t> new_hw_ptr)
{
    const uint64_t buffer_frames = runtime.params.buffer_frames;
    if (!new_hw_ptr) {
        const uint64_t valid = distance(runtime.hw_ptr, runtime.appl_ptr);
        runtime.silence_filled = valid > buffer_frames ? 0 : valid;
        runtime.silence_start = runtime.hw_ptr;
    } else {
        pass_silence(runtime.hw_ptr, *new_hw_ptr);
    }
    return buffer_frames - std::min(runtime.silence_filled, buffer_frames);
}

void kshim_substream::fill_with_silence(std::optional<uint64_t> new_hw_ptr)
{
    const uint64_t buffer_frames = runtime.params.buffer_frames;
    const bool is_free_wheeling = runtime.silence_size >= runtime.params.boundary;
    uint64_t frames = is_free_wheeling
                          ? silence_what_was_played(new_hw_ptr)
                          : silence_up_to_threshold(new_hw_ptr.value_or(runtime.hw_ptr));
    frames = std::min(frames, buffer_frames);
    // 6.1 begins where the last silence began, not where it ended.
    const bool is_behind =
        is_free_wheeling || Kernel::current().sound.kernel_release >= Release::Linux6_12;
    uint64_t offset =
        (runtime.silence_start + (is_behind ? runtime.silence_filled : 0)) % buffer_frames;
    runtime.silence_filled += frames;
    while (frames > 0) {
        const uint64_t part = std::min(frames, buffer_frames - offset);
        kshim_pcm_fill_silence(this, static_cast<unsigned int>(offset),
                               static_cast<unsigned int>(part));
        frames -= part;
        offset = 0;
    }
}
