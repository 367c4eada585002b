// SPDX-License-Identifier: GPL-2.0-only
//
// What is allowed to which guest: /etc/xen/xen-sndback.conf, or --map and --default in its place.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/device_rules.hpp"
#include "server/guest_identity.hpp"
#include "server/quota.hpp"

namespace sndback {

// A [guest] section.
struct GuestSection {
    std::string pattern; // a shell pattern of the name, or the UUID
    GuestRules rules;
    std::string text = {}; // as it is written, without comments

    [[nodiscard]] bool matches(const GuestIdentity &guest) const;
};

struct Configuration {
    bool is_written = false; // in a file, and not made up to try things out
    std::string user = "xen-sndback"; // of the workers
    unsigned realtime_priority = 1; // of the threads of streams; 0: none
    std::string common_text; // all that is written before or between the sections of guests
    std::vector<GuestSection> guests; // the first that matches decides

    // nullptr: the guest is not to be served.
    [[nodiscard]] const GuestRules *find(const GuestIdentity &guest) const;
    // What is written in the file for that guest, who may get to read it, and nothing of other
    // guests. Nothing: there is no file.
    [[nodiscard]] std::optional<std::string> text_for(const GuestIdentity &guest) const;

  private:
    [[nodiscard]] const GuestSection *find_section(const GuestIdentity &guest) const;
};

// A line that makes no sense. The message names file, line, what is there and what could be.
class BadConfiguration : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Throws BadConfiguration; `name` is the file's, for messages.
[[nodiscard]] Configuration parse_configuration(std::string_view text, const std::string &name);

// The text of a file. Throws BadConfiguration if it cannot be read or is too long.
[[nodiscard]] std::string read_configuration(const std::string &path);

} // namespace sndback
