// SPDX-License-Identifier: GPL-2.0-only
// A list that takes no memory, of what has ended but cannot be freed yet.
#pragma once

#include "kernel/memory.hpp"

namespace xen_front {

// A T in a LeftoverList<T> has this as its leftover_.
template <typename T> struct LeftoverLink {
    Box<T> next;
    uint32_t card = 0; // the number of its device
};

// Ts that have ended, the oldest last.
template <typename T> class LeftoverList {
  public:
    LeftoverList() = default;
    LeftoverList(const LeftoverList &) = delete;
    LeftoverList &operator=(const LeftoverList &) = delete;
    // Leaves them to the kernel, which frees pages when they are no longer mapped.
    ~LeftoverList()
    {
        while (first_)
            remove(first_);
    }

    void add(Box<T> object, uint32_t card)
    {
        object->leftover_.card = card;
        object->leftover_.next = move(first_);
        first_ = move(object);
    }
    // Frees what is no longer mapped.
    void sweep()
    {
        Box<T> *at = &first_;
        while (*at) {
            if ((*at)->try_end())
                remove(*at);
            else
                at = &(*at)->leftover_.next;
        }
    }
    uint32_t count(uint32_t card) const
    {
        uint32_t count = 0;
        for (const T *at = first_.get(); at != nullptr; at = at->leftover_.next.get())
            count += at->leftover_.card == card ? 1 : 0;
        return count;
    }
    bool is_empty() const
    {
        return !first_;
    }

  private:
    static void remove(Box<T> &at)
    {
        Box<T> next = move(at->leftover_.next);
        at = move(next);
    }

    Box<T> first_;
};

} // namespace xen_front
