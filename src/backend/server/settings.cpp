// SPDX-License-Identifier: GPL-2.0-only
#include "server/settings.hpp"

namespace sndback {

Configuration effective_configuration(const Settings &settings, const std::string &text)
{
    if (settings.is_tried_out)
        return settings.tried_out;
    if (!text.empty() || settings.is_path_given)
        return parse_configuration(text, settings.configuration_path);
    // Nothing has been said: every guest may play, and nothing is heard.
    Configuration silent;
    GuestSection everyone { "*", {} };
    everyone.rules.playback = everyone.rules.capture = DeviceSpec {};
    silent.guests.push_back(std::move(everyone));
    return silent;
}

} // namespace sndback
