// SPDX-License-Identifier: GPL-2.0-only
// An intrusive list of objects whose pages a backend still maps.
#pragma once

#include "kernel/memory.hpp"

namespace xen_front {

// A T in a DeferredList<T> has this as its deferred_.
template <typename T> struct DeferredLink {
    Box<T> next;
    uint32_t card = 0; // the number of its device
};

// Ts that have ended, the oldest last.
template <typename T> class DeferredList {
  public:
    DeferredList() = default;
    DeferredList(const DeferredList &) = delete;
    DeferredList &operator=(const DeferredList &) = delete;
    // Leaves them to the kernel, which frees pages when they are no longer mapped.
    ~DeferredList()
    {
        while (first_)
            remove(first_);
    }

    void add(Box<T> object, uint32_t card)
    {
        object->deferred_.card = card;
        object->deferred_.next = move(first_);
        first_ = move(object);
    }
    // Frees what is no longer mapped.
    void reap()
    {
        Box<T> *at = &first_;
        while (*at) {
            if ((*at)->try_end())
                remove(*at);
            else
                at = &(*at)->deferred_.next;
        }
    }
    // Calls @visitor with each.
    template <typename Visitor> void visit(Visitor visitor) const
    {
        for (T *at = first_.get(); at != nullptr; at = at->deferred_.next.get())
            visitor(*at);
    }
    uint32_t count(uint32_t card) const
    {
        uint32_t count = 0;
        visit([&](const T &one) { count += one.deferred_.card == card ? 1 : 0; });
        return count;
    }
    bool is_empty() const
    {
        return !first_;
    }

  private:
    static void remove(Box<T> &at)
    {
        Box<T> next = move(at->deferred_.next);
        at = move(next);
    }

    Box<T> first_;
};

} // namespace xen_front
