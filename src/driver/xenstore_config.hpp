// SPDX-License-Identifier: GPL-2.0-only
// Reads a card's configuration from XenStore.
#pragma once

#include "kernel/xenbus_device.hpp"
#include "sndif/config.hpp"

namespace xen_front {

// The configuration of @device, checked, provided that its backend speaks our version of the
// protocol. On failure @why says what is wrong; it is empty if there was no memory, or no
// `versions` node of the backend to be read. Context: may sleep.
Result<Box<CardConfig>> read_config(XenbusDevice device, Diagnostic &why);

// The short name of a card to which the toolstack gives none.
inline constexpr const char *default_short_name = "Xen sound";

// The id for the card of @device, whose short name is @short_name, into @id. Leaves @id empty if
// the one that ALSA derives from the short name, its last word, is this card's alone. Cards are
// told apart by the numbers of their devices, so that an id does not depend on which backend comes
// first. Context: may sleep.
void choose_card_id(XenbusDevice device, StringView short_name, TextBuilder &id);

} // namespace xen_front
