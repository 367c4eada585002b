// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <memory>
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
    // All its ports have been unbound, and nothing is left to take.
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

// Event channels out of a pool, and the ports bound on them.
class BorrowedChannels {
  public:
    // Throws std::runtime_error if there are none left.
    explicit BorrowedChannels(EventChannelPool &pool);
    ~BorrowedChannels();
    BorrowedChannels(const BorrowedChannels &) = delete;
    BorrowedChannels &operator=(const BorrowedChannels &) = delete;

    [[nodiscard]] unsigned bind(std::uint32_t remote_port);
    EventChannels *operator->() const
    {
        return channels_.get();
    }

  private:
    EventChannelPool &pool_;
    std::unique_ptr<EventChannels> channels_;
    std::vector<unsigned> ports_;
};

} // namespace sndback
