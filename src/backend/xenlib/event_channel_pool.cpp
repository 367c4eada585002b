// SPDX-License-Identifier: GPL-2.0-only
#include "xenlib/event_channel_pool.hpp"

#include <stdexcept>

namespace sndback {

BorrowedChannels::BorrowedChannels(EventChannelPool &pool) : pool_(pool), channels_(pool.take())
{
    if (!channels_)
        throw std::runtime_error("more streams than this guest's quota of streams allows");
}

BorrowedChannels::~BorrowedChannels()
{
    for (const unsigned port : ports_)
        channels_->unbind(port);
    // The kernel keeps what these have announced, in a ring that must not fill up.
    while (channels_->take())
        continue;
    pool_.give_back(std::move(channels_));
}

unsigned BorrowedChannels::bind(std::uint32_t remote_port)
{
    ports_.push_back(channels_->bind(remote_port));
    return ports_.back();
}

} // namespace sndback
