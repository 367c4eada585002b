// SPDX-License-Identifier: GPL-2.0-only
// Result<T>: a value or an Error. TRY unpacks it.
#pragma once

#include "base/error.hpp"

namespace xen_front {

template <typename T> class [[nodiscard]] Result {
  public:
    Result(Error error) : error_(error), has_value_(false)
    {
    }
    Result(T value) : has_value_(true)
    {
        new (storage_, Placement {}) T(xen_front::move(value));
    }
    Result(Result &&other) noexcept : error_(other.error_), has_value_(other.has_value_)
    {
        if (has_value_)
            new (storage_, Placement {}) T(xen_front::move(other.value()));
    }
    Result &operator=(Result &&) = delete;
    ~Result()
    {
        if (has_value_)
            value().~T();
    }

    bool is_error() const
    {
        return !has_value_;
    }
    // Only when is_error().
    Error error() const
    {
        return error_;
    }
    // Only when not is_error().
    T &value()
    {
        return *reinterpret_cast<T *>(storage_);
    }
    T release_value()
    {
        return xen_front::move(value());
    }

  private:
    alignas(T) unsigned char storage_[sizeof(T)];
    Error error_ = Error::Invalid;
    bool has_value_;
};

template <> class [[nodiscard]] Result<void> {
  public:
    constexpr Result() = default;
    constexpr Result(Error error) : status_(to_errno(error))
    {
    }
    // A kshim status: 0 or a negative errno.
    static constexpr Result from_status(int status)
    {
        Result result;
        result.status_ = status < 0 ? status : 0;
        return result;
    }

    constexpr bool is_error() const
    {
        return status_ != 0;
    }
    constexpr Error error() const
    {
        return from_errno(status_);
    }
    constexpr void release_value() const
    {
    }
    // 0 or a negative errno, for an entry point.
    constexpr int status() const
    {
        return status_;
    }

  private:
    int status_ = 0;
};

// Evaluates to the value of a Result, or returns its error from the calling function.
#define TRY(expression)                                                                            \
    ({                                                                                             \
        auto try_result_ = (expression);                                                           \
        if (try_result_.is_error())                                                                \
            return try_result_.error();                                                            \
        try_result_.release_value();                                                               \
    })

} // namespace xen_front
