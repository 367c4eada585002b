// SPDX-License-Identifier: GPL-2.0-only
#include "server/settings.hpp"

#include <pwd.h>

#include <filesystem>

#include "server/sandbox.hpp"

namespace sndback {

std::optional<std::string> configuration_text(const Settings &settings, bool may_be_missing)
{
    if (settings.is_tried_out || (may_be_missing && !settings.is_path_given &&
                                  !std::filesystem::exists(settings.configuration_path)))
        return std::nullopt;
    return read_configuration(settings.configuration_path);
}

// Workers are not to run as root only because their user has not been created.
Configuration load_configuration(const Settings &settings, bool may_be_missing)
{
    Configuration configuration =
        effective_configuration(settings, configuration_text(settings, may_be_missing));
    if (settings.sandbox && configuration.is_written &&
        getpwnam(configuration.user.c_str()) == nullptr)
        throw BadConfiguration(no_such_user(configuration.user));
    return configuration;
}

Configuration effective_configuration(const Settings &settings,
                                      const std::optional<std::string> &text)
{
    if (settings.is_tried_out)
        return settings.tried_out;
    if (text)
        return parse_configuration(*text, settings.configuration_path);
    // Nothing has been said: every guest may play, and nothing is heard.
    Configuration silent;
    GuestSection everyone { "*", {} };
    everyone.rules.playback = everyone.rules.capture = DeviceSpec {};
    silent.guests.push_back(std::move(everyone));
    return silent;
}

} // namespace sndback
