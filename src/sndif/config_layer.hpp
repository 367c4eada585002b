// SPDX-License-Identifier: GPL-2.0-only
// The PCM settings of one layer: read, inherited, and checked against the layers above.
// sndif.h, "PCM settings".
#pragma once

#include "sndif/config_reader.hpp"

namespace xen_front {

// Fills in @layer, which describes @directory and inherits from @upper (nullptr: the defaults).
// @directory and @upper have to outlive it. Invalid, with a message, when a setting is none or is
// no subset of the one above; NoSpace for too many rates. May sleep.
Result<void> read_layer(ConfigReader &reader, StringView directory, const PcmLayer *upper,
                        PcmLayer &layer);

} // namespace xen_front
