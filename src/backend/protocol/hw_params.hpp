// SPDX-License-Identifier: GPL-2.0-only
//
// The configuration space of a stream and how XENSND_OP_HW_PARAM_QUERY narrows it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "protocol/sndif.hpp"

namespace sndback {

struct Interval {
    std::uint32_t min = 0;
    std::uint32_t max = std::numeric_limits<std::uint32_t>::max();

    [[nodiscard]] constexpr bool empty() const
    {
        return min > max;
    }
    [[nodiscard]] constexpr bool contains(std::uint64_t value) const
    {
        return value >= min && value <= max;
    }
    friend constexpr bool operator==(const Interval &, const Interval &) = default;
};

[[nodiscard]] Interval intersect(Interval left, Interval right);

// What one format leaves of what a stream can do.
struct FormatLimits {
    unsigned format; // XENSND_PCM_FORMAT_*
    Interval rates;
    Interval channels;
};

// What a stream can do: the XenStore configuration and the device behind it, each a Limits,
// intersected.
struct Limits {
    std::uint64_t formats = ~std::uint64_t { 0 }; // mask of 1 << XENSND_PCM_FORMAT_*
    std::vector<std::uint32_t>
        rates; // allowed rates in Hz, ascending; empty: any within rate_range
    Interval rate_range { 1, std::numeric_limits<std::uint32_t>::max() };
    Interval channels { 1, 255 };
    Interval period_frames { 1, std::numeric_limits<std::uint32_t>::max() };
    std::uint32_t buffer_bytes = std::numeric_limits<std::uint32_t>::max();
    std::uint32_t bytes_a_second = std::numeric_limits<std::uint32_t>::max();
    std::vector<FormatLimits> of_formats; // of those that leave less than the above
};

[[nodiscard]] Limits intersect(const Limits &left, const Limits &right);

// The part of the question that the limits leave; nothing if no configuration is left, which is
// answered -EINVAL.
[[nodiscard]] std::optional<xensnd_query_hw_param> narrow(const xensnd_query_hw_param &question,
                                                          const Limits &limits);

} // namespace sndback
