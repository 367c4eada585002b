// SPDX-License-Identifier: GPL-2.0-only
//
// The configuration file, and a stream's claims put to what it says.
#include "server/configuration.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace sndback;
    const std::string_view text(reinterpret_cast<const char *>(data), size);
    try {
        const Configuration configuration = parse_configuration(text, "fuzz");
        const GuestIdentity guest { 1, "guest", "00000000-0000-0000-0000-000000000001" };
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
    } catch (const BadConfiguration &) {
    }
    return 0;
}
