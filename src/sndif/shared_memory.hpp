// SPDX-License-Identifier: GPL-2.0-only
// Memory that another domain may change at any moment: read once, into a local copy.
#pragma once

#include "base/result.hpp"

namespace xen_front {

// A copy of something another domain wrote. Nothing can be done with it but check it.
template <typename T> class Untrusted {
  public:
    constexpr explicit Untrusted(const T &value) : value_(value)
    {
    }

    // The value if @is_valid(value), Protocol otherwise.
    template <typename Check> Result<T> validate(Check &&is_valid) const
    {
        if (!is_valid(value_))
            return Error::Protocol;
        return T(value_);
    }

  private:
    T value_;
};

// An index in a shared page. Acquire and release order it with the slots it announces, against
// the other domain's processors as well; __atomic emits the barrier on every kernel
// configuration, as virt_mb() does.
class SharedIndex {
  public:
    explicit SharedIndex(uint32_t *word) : word_(word)
    {
    }

    Untrusted<uint32_t> load() const
    {
        return Untrusted<uint32_t>(__atomic_load_n(word_, __ATOMIC_ACQUIRE));
    }
    void store(uint32_t value) const
    {
        __atomic_store_n(word_, value, __ATOMIC_RELEASE);
    }

  private:
    uint32_t *word_;
};

// Between a store to the shared page and a load from it that must not overtake the store.
inline void shared_memory_barrier()
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

// Copies *@shared, every word of it read exactly once. A call would cost more than the copy.
template <typename T> [[gnu::always_inline]] inline Untrusted<T> snapshot(const T *shared)
{
    static_assert(sizeof(T) % sizeof(uint64_t) == 0);
    T copy;
    for (size_t i = 0; i < sizeof(T) / sizeof(uint64_t); i++) {
        const uint64_t word =
            __atomic_load_n(reinterpret_cast<const uint64_t *>(shared) + i, __ATOMIC_RELAXED);
        __builtin_memcpy(reinterpret_cast<char *>(&copy) + i * sizeof(word), &word, sizeof(word));
    }
    return Untrusted<T>(copy);
}

// A page that another domain may write to at any moment: a T that can only be read through
// Untrusted copies. Not an owner.
template <typename T> class SharedPage {
  public:
    SharedPage() = default;
    // A caller that has the page as an ordinary T gives that up: there is no way back.
    SharedPage(T *page) : page_(page)
    {
    }

    SharedIndex index(uint32_t T::*member) const
    {
        return SharedIndex(&(page_->*member));
    }
    // A copy of slot @number of an array, each word read exactly once.
    template <typename Slot, size_t count>
    Untrusted<Slot> read(Slot (T::*slots)[count], uint32_t number) const
    {
        return snapshot(&(page_->*slots)[number]);
    }
    // The same of its first words only, which are a Head.
    template <typename Head, typename Slot, size_t count>
    [[gnu::always_inline]] Untrusted<Head> read_head(Slot (T::*slots)[count], uint32_t number) const
    {
        static_assert(sizeof(Head) <= sizeof(Slot));
        return snapshot(reinterpret_cast<const Head *>(&(page_->*slots)[number]));
    }
    // Makes slot @number a @content, which fills it. Not yet visible in order: an index that is
    // stored afterwards announces it.
    template <typename Content, typename Slot, size_t count>
    void write(Slot (T::*slots)[count], uint32_t number, const Content &content) const
    {
        static_assert(sizeof(Content) == sizeof(Slot));
        *reinterpret_cast<Content *>(&(page_->*slots)[number]) = content;
    }

  private:
    T *page_ = nullptr;
};

} // namespace xen_front
