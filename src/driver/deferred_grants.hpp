// SPDX-License-Identifier: GPL-2.0-only
// Pages of transports and audio buffers that have ended, and that a backend still maps, or may
// still map, as it has not answered CLOSE.
#pragma once

#include "base/guarded.hpp"
#include "driver/shared_buffer.hpp"
#include "driver/transport.hpp"
#include "kernel/lock.hpp"
#include "kernel/work.hpp"

namespace xen_front {

// Of all cards that the module has had. Pages are freed when the backend unmaps them; until then
// they count against their card, and against the one that takes its place, and together they may
// take part of the guest's grants only. Every function may sleep.
class DeferredGrants {
  public:
    // A backend may keep so many times what a card needs, before it gets no more.
    static constexpr uint32_t generations_max = 4;

    DeferredGrants();
    DeferredGrants(const DeferredGrants &) = delete;
    DeferredGrants &operator=(const DeferredGrants &) = delete;
    // No card is left.
    ~DeferredGrants();

    // Frees @transport, which was closed, as soon as possible. @card: its device's number.
    void add(Box<Transport> transport, uint32_t card);
    // Frees @buffer, which no stream uses any more, as soon as possible.
    void add(Box<SharedBuffer> buffer, uint32_t card);
    // The same, but not before release(@stream): the backend has not answered CLOSE, and may carry
    // out a READ.
    void keep(Box<SharedBuffer> buffer, uint32_t card, const void *stream);
    void release(const void *stream);
    // How many of @card the backend maps now.
    uint32_t count_transports(uint32_t card);
    // Whether @card may have another buffer beside those that earlier streams have left: there are
    // fewer than @count_max, and those of all cards leave other devices enough grants.
    bool has_room(uint32_t card, uint32_t count_max);

  private:
    struct Lists {
        DeferredList<Transport> transports;
        DeferredList<SharedBuffer> buffers;
    };

    static void on_reap(void *grants);
    // Comes back later, if anything is left.
    void reap_later(const Lists &lists);

    Guarded<Lists, Mutex> lists_;
    Work reaper_;
};

} // namespace xen_front
