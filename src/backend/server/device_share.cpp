// SPDX-License-Identifier: GPL-2.0-only
//
// What open streams take of a guest's quotas.
#include <fmt/core.h>

#include "server/device_rules.hpp"

namespace sndback {

DeviceFactory::Share::Share(DeviceFactory &devices, const Load &load)
    : devices_(devices), load_(load)
{
    const std::lock_guard lock(devices_.mutex_);
    const Quota &quota = devices_.rules_.quota;
    Load &taken = devices_.taken_;
    if (taken.periods + load_.periods > quota.periods)
        throw Refusal(
            -XEN_EINVAL,
            fmt::format("{} periods a second, with {} of open streams; this guest's quota "
                        "of periods is {}",
                        load_.periods, taken.periods, quota.periods));
    if (taken.octets + load_.octets > octets_a_second(quota))
        throw Refusal(-XEN_EINVAL,
                      fmt::format("{} octets a second, with {} of open streams; this guest's quota "
                                  "of bandwidth-mib is {}",
                                  load_.octets, taken.octets, quota.bandwidth_mib));
    taken.periods += load_.periods;
    taken.octets += load_.octets;
}

DeviceFactory::Share::~Share()
{
    const std::lock_guard lock(devices_.mutex_);
    devices_.taken_.periods -= load_.periods;
    devices_.taken_.octets -= load_.octets;
}

} // namespace sndback
