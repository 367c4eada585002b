// SPDX-License-Identifier: GPL-2.0-only
// Span: a run of objects that have another owner.
#pragma once

#include "base/types.hpp"

namespace xen_front {

template <typename T> class Span {
  public:
    constexpr Span() = default;
    constexpr Span(T *data, size_t size) : data_(data), size_(size)
    {
    }
    template <size_t N> constexpr Span(T (&array)[N]) : data_(array), size_(N)
    {
    }

    constexpr T *data() const
    {
        return data_;
    }
    constexpr size_t size() const
    {
        return size_;
    }
    constexpr bool is_empty() const
    {
        return size_ == 0;
    }
    // @index is below size().
    constexpr T &operator[](size_t index) const
    {
        return data_[index];
    }
    constexpr T *begin() const
    {
        return data_;
    }
    constexpr T *end() const
    {
        return data_ + size_;
    }

  private:
    T *data_ = nullptr;
    size_t size_ = 0;
};

} // namespace xen_front
