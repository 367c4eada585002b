// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <vector>

#include "xenlib/event_channels.hpp"

namespace sndback {

// Handles of /dev/xen/evtchn, one for each stream that may be: opened while that is still allowed.
// One thread only.
class EventChannelPool {
  public:
    // Throws std::runtime_error.
    EventChannelPool(unsigned domain, unsigned count)
    {
        for (unsigned index = 0; index < count; ++index)
            free_.push_back(std::make_unique<EventChannels>(domain));
    }

    // nullptr: as many streams are connected as may be.
    [[nodiscard]] std::unique_ptr<EventChannels> take()
    {
        if (free_.empty())
            return nullptr;
        std::unique_ptr<EventChannels> channels = std::move(free_.back());
        free_.pop_back();
        return channels;
    }
    // All its ports have been unbound.
    void give_back(std::unique_ptr<EventChannels> channels)
    {
        free_.push_back(std::move(channels));
    }

    [[nodiscard]] bool is_restricted() const
    {
        return free_.empty() || free_.front()->is_restricted();
    }

  private:
    std::vector<std::unique_ptr<EventChannels>> free_;
};

} // namespace sndback
