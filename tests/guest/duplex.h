// SPDX-License-Identifier: GPL-2.0-only
// Playing and recording at once what the backend carries from one stream to the other.
#pragma once

#include "pcm.h"

namespace selftest {

// Plays @frames frames of noise into @output with a thread of its own, while the caller's records
// them from @input, which the backend connects to it. Throws Failure on the first xrun, and when
// what was recorded is not what was played, to the last bit. The formats of the setups have to
// agree; the sizes need not.
void play_and_record(const std::string &output, const Setup &output_setup, const std::string &input,
                     const Setup &input_setup, size_t frames);

} // namespace selftest
