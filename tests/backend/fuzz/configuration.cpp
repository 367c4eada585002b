// SPDX-License-Identifier: GPL-2.0-only
//
// The configuration file, and a stream's claims put to what it says.
#include "server/configuration.hpp"

namespace {

using namespace sndback;

// What the guest's worker is told has to parse, and to say the same as the file.
bool is_told(const Configuration &all, const GuestIdentity &guest)
{
    const Configuration told = parse_configuration(all.text_for(guest).value(), "told");
    const GuestRules *rules = told.find(guest);
    const GuestRules *expected = all.find(guest);
    if (told.user != all.user || told.realtime_priority != all.realtime_priority ||
        (rules == nullptr) != (expected == nullptr))
        return false;
    if (rules == nullptr)
        return true;
    for (const QuotaRow &row : quota_rows)
        if (rules->quota.*row.value != expected->quota.*row.value)
            return false;
    return rules->rules.size() == expected->rules.size() &&
           rules->playback.has_value() == expected->playback.has_value() &&
           rules->capture.has_value() == expected->capture.has_value();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    try {
        const Configuration configuration = parse_configuration(text, "fuzz");
        const GuestIdentity guest { 1, "guest", "00000000-0000-0000-0000-000000000001" };
        if (!is_told(configuration, guest))
            __builtin_trap();
        const GuestRules *rules = configuration.find(guest);
        if (rules == nullptr)
            return 0;
        for (const bool playback : { true, false }) {
            const StreamName name { 1, 0, 0, 0, playback, std::string(text.substr(0, 40)) };
            const DeviceSpec *device = rules->choose(name);
            // What is granted for capture only is a rule's or the section's.
            if (device == nullptr || device->kind != DeviceSpec::Kind::wav)
                continue;
            const std::string path = expand_path(device->argument, name, guest);
            if (path.size() > device->argument.size() * 70 + 300)
                __builtin_trap();
        }
    } catch (const BadConfiguration &error) {
        if (std::string_view(error.what()).starts_with("told:"))
            __builtin_trap();
    }
    return 0;
}
