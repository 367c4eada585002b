// SPDX-License-Identifier: GPL-2.0-only
#include "server/configuration.hpp"

#include <fnmatch.h>
#include <strings.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <fmt/core.h>

namespace sndback {

namespace {

constexpr std::size_t most_octets = 1024 * 1024;

} // namespace

bool GuestSection::matches(const GuestIdentity &guest) const
{
    if (pattern == "*")
        return true;
    // Tenants may choose the names of their guests, and another one's UUID for a name.
    if (is_uuid(pattern))
        return strcasecmp(pattern.c_str(), guest.uuid.c_str()) == 0;
    const std::string name = guest.lasting_name();
    return !name.empty() && fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

const GuestSection *Configuration::find_section(const GuestIdentity &guest) const
{
    const auto found = std::find_if(guests.begin(), guests.end(), [&](const GuestSection &section) {
        return section.matches(guest);
    });
    return found == guests.end() ? nullptr : &*found;
}

const GuestRules *Configuration::find(const GuestIdentity &guest) const
{
    const GuestSection *section = find_section(guest);
    return section != nullptr ? &section->rules : nullptr;
}

std::optional<std::string> Configuration::text_for(const GuestIdentity &guest) const
{
    if (!is_written)
        return std::nullopt;
    const GuestSection *section = find_section(guest);
    return section != nullptr ? common_text + section->text : common_text;
}

std::string read_configuration(const std::string &path)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "re"),
                                                                &std::fclose);
    std::string text(most_octets + 1, '\0');
    if (file != nullptr)
        text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (file == nullptr || std::ferror(file.get()) != 0)
        throw BadConfiguration(
            fmt::format("{}: cannot be read: {}; see xen-sndback(8) for what belongs there", path,
                        std::generic_category().message(errno)));
    if (text.size() > most_octets)
        throw BadConfiguration(
            fmt::format("{}: longer than {} octets; shorten it", path, most_octets));
    return text;
}

} // namespace sndback
