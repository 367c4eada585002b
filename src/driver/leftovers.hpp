// SPDX-License-Identifier: GPL-2.0-only
// What backends still map of connections and audio buffers that have ended.
#pragma once

#include "base/guarded.hpp"
#include "driver/channel.hpp"
#include "driver/shared_buffer.hpp"
#include "kernel/lock.hpp"
#include "kernel/work.hpp"

namespace xen_front {

// Of all cards that the module has had. Pages are freed when the backend lets go of them; until
// then they count against their card, and against the one that takes its place. Every function may
// sleep.
class Leftovers {
  public:
    // So many times what a card needs may be mapped of what has ended, before it gets no more.
    static constexpr uint32_t generations_max = 4;

    Leftovers();
    Leftovers(const Leftovers &) = delete;
    Leftovers &operator=(const Leftovers &) = delete;
    // Nobody keeps anything any more.
    ~Leftovers();

    // Frees @channel, which was closed, as soon as possible. @card: its device's number.
    void keep(Box<Channel> channel, uint32_t card);
    // Frees @buffer, which no stream uses any more, as soon as possible.
    void keep(Box<SharedBuffer> buffer, uint32_t card);
    // How many of @card the backend maps now.
    uint32_t count_channels(uint32_t card);
    uint32_t count_buffers(uint32_t card);

  private:
    struct Lists {
        LeftoverList<Channel> channels;
        LeftoverList<SharedBuffer> buffers;
    };

    static void on_sweep(void *leftovers);
    // Comes back later, if anything is left.
    void sweep_later(const Lists &lists);

    Guarded<Lists, Mutex> lists_;
    Work sweeper_;
};

} // namespace xen_front
