// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "server/configuration.hpp"
#include "server/log.hpp"
#include "server/sabotage.hpp"

namespace sndback {

// What the command line says. Supervisor and workers read the same one.
struct Settings {
    // Without --map and --default the configuration file decides.
    std::string configuration_path;
    bool is_path_given = false; // it must exist
    bool is_tried_out = false; // --map or --default was given:
    Configuration tried_out; // what they say

    Session::Settings session;
    std::chrono::microseconds respond_delay {};
    std::shared_ptr<Sabotage> sabotage; // nullptr: honest
    std::optional<std::string> versions;
    std::string trace_path; // empty: no trace
    std::string statistics_path; // empty: no statistics
    std::string lock_path;
    LogLevel log_level = LogLevel::info;
    bool sandbox = true;
};

// The text of the configuration file. Nothing: it is not there, and `may_be_missing`. Throws
// BadConfiguration.
[[nodiscard]] std::optional<std::string> configuration_text(const Settings &settings,
                                                            bool may_be_missing);

// The same as a configuration, whose user exists. Throws BadConfiguration.
[[nodiscard]] Configuration load_configuration(const Settings &settings, bool may_be_missing);

// The configuration that holds, given that text. Throws BadConfiguration.
[[nodiscard]] Configuration effective_configuration(const Settings &settings,
                                                    const std::optional<std::string> &text);

} // namespace sndback
