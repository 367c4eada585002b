// SPDX-License-Identifier: GPL-2.0-only
// What config.hpp promises of every card that parse_config() accepts, and of every refusal.
#pragma once

#include <string>

#include "sndif/config.hpp"

namespace xen_front::test {

// Which promise @card breaks; "" when it keeps them all.
std::string find_broken_promise(CardConfig &card);

// What is wrong with @why as a message about something in @path: "" when it is one printable line
// that begins with the path.
std::string find_message_fault(const Diagnostic &why, StringView path);

} // namespace xen_front::test
