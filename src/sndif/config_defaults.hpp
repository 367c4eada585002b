// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "sndif/config.hpp"

namespace xen_front {

// Sets the PCM settings that hold where no layer states any: see parse_config(). Any context.
void set_defaults(PcmSettings &settings);

} // namespace xen_front
