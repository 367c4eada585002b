// SPDX-License-Identifier: GPL-2.0-only
// The few language helpers that other C++ takes from the standard library.
#pragma once

#include "kshim/types.h"

namespace xen_front {

template <typename T> struct RemoveReference {
    using Type = T;
};
template <typename T> struct RemoveReference<T &> {
    using Type = T;
};
template <typename T> struct RemoveReference<T &&> {
    using Type = T;
};

template <typename T> constexpr typename RemoveReference<T>::Type &&move(T &&value) noexcept
{
    return static_cast<typename RemoveReference<T>::Type &&>(value);
}

template <typename T> constexpr T &&forward(typename RemoveReference<T>::Type &value) noexcept
{
    return static_cast<T &&>(value);
}

template <typename T, typename U = T> constexpr T exchange(T &object, U &&next) noexcept
{
    T old = xen_front::move(object);
    object = xen_front::forward<U>(next);
    return old;
}

template <typename T> constexpr const T &min(const T &a, const T &b)
{
    return b < a ? b : a;
}

template <typename T> constexpr const T &max(const T &a, const T &b)
{
    return a < b ? b : a;
}

// Marks our placement new apart from the standard one, which host tests have as well.
struct Placement {};

} // namespace xen_front

inline void *operator new(size_t, void *memory, xen_front::Placement) noexcept
{
    return memory;
}
