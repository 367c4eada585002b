// SPDX-License-Identifier: GPL-2.0-only
// The kernel's PCM interface without alsa-lib, whose locks would put concurrent calls in a row.
// Apart from pcm.h because the kernel's header and alsa-lib's declare the same names differently.
#pragma once

#include <cstddef>

namespace selftest {

// What a thread may ask of an open PCM at any moment, whatever the others do with it.
enum class PcmRequest {
    prepare,
    reset,
    start,
    drop,
    drain,
    pause,
    release,
    xrun,
    hwsync,
    resume
};

// The ioctl's result: 0, or a negative errno.
int pcm_request(int descriptor, PcmRequest request);

// Sets up 16 bit stereo at 48 kHz, read/write: 0, or a negative errno.
int pcm_set_up(int descriptor, unsigned int period, unsigned int buffer);
int pcm_free(int descriptor);

// Reads or writes up to @frames frames at @samples; the number moved, or a negative errno.
long pcm_write(int descriptor, const void *samples, size_t frames);
long pcm_read(int descriptor, void *samples, size_t frames);

} // namespace selftest
