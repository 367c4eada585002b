// SPDX-License-Identifier: GPL-2.0-only
#include "protocol/hw_params.hpp"

#include <algorithm>
#include <iterator>

#include "protocol/format.hpp"

namespace sndback {

namespace {

// A configuration space under refinement: the question's, in the types used here.
struct Space {
    std::uint64_t formats;
    Interval rates;
    Interval channels;
    Interval buffer;
    Interval period;

    [[nodiscard]] bool empty() const
    {
        return formats == 0 || rates.empty() || channels.empty() || buffer.empty() ||
               period.empty();
    }
    friend bool operator==(const Space &, const Space &) = default;
};

// Moves both ends of the interval onto rates that exist.
Interval snap_to_list(Interval interval, const std::vector<std::uint32_t> &list)
{
    if (list.empty())
        return interval;
    const auto first = std::lower_bound(list.begin(), list.end(), interval.min);
    const auto last = std::upper_bound(list.begin(), list.end(), interval.max);
    if (first >= last)
        return { 1, 0 };
    return { *first, *std::prev(last) };
}

// Formats may have rates and channels of their own: drop formats that leave none of what is asked
// for, and what none of those that are left has.
void apply_formats(Space &space, const std::vector<FormatLimits> &limits)
{
    Interval rates { ~0U, 0 };
    Interval channels { ~0U, 0 };
    for (const Format &format : formats) {
        const std::uint64_t bit = std::uint64_t { 1 } << format.wire;
        if ((space.formats & bit) == 0)
            continue;
        Interval own_rates = space.rates;
        Interval own_channels = space.channels;
        for (const FormatLimits &row : limits)
            if (row.format == format.wire) {
                own_rates = intersect(own_rates, row.rates);
                own_channels = intersect(own_channels, row.channels);
            }
        if (own_rates.empty() || own_channels.empty()) {
            space.formats &= ~bit;
            continue;
        }
        rates = { std::min(rates.min, own_rates.min), std::max(rates.max, own_rates.max) };
        channels = { std::min(channels.min, own_channels.min),
                     std::max(channels.max, own_channels.max) };
    }
    space.rates = rates;
    space.channels = channels;
}

// Octets limit frames, of a buffer or of a second, and channels and formats at once: drop what
// cannot fit the fewest frames asked for.
void apply_bytes(Space &space, std::uint32_t bytes, Interval Space::*frames)
{
    const std::uint64_t bits = std::uint64_t { bytes } * 8;
    const std::uint64_t least_frames = std::max<std::uint64_t>((space.*frames).min, 1);
    std::uint64_t least_sample_bits = std::numeric_limits<std::uint64_t>::max();

    for (const Format &format : formats) {
        const std::uint64_t bit = std::uint64_t { 1 } << format.wire;
        if ((space.formats & bit) == 0)
            continue;
        if (std::uint64_t { format.storage_bits } * space.channels.min > bits / least_frames)
            space.formats &= ~bit;
        else
            least_sample_bits = std::min<std::uint64_t>(least_sample_bits, format.storage_bits);
    }
    if (space.formats == 0)
        return;
    space.channels.max =
        std::min(space.channels.max, saturate(bits / least_frames / least_sample_bits));
    (space.*frames).max =
        std::min((space.*frames).max, saturate(bits / (least_sample_bits * space.channels.min)));
}

} // namespace

Interval intersect(Interval left, Interval right)
{
    return { std::max(left.min, right.min), std::min(left.max, right.max) };
}

Limits intersect(const Limits &left, const Limits &right)
{
    Limits result;
    result.formats = left.formats & right.formats;
    result.rate_range = intersect(left.rate_range, right.rate_range);
    result.channels = intersect(left.channels, right.channels);
    result.period_frames = intersect(left.period_frames, right.period_frames);
    result.buffer_bytes = std::min(left.buffer_bytes, right.buffer_bytes);
    result.bytes_a_second = std::min(left.bytes_a_second, right.bytes_a_second);
    result.of_formats = left.of_formats;
    result.of_formats.insert(result.of_formats.end(), right.of_formats.begin(),
                             right.of_formats.end());
    if (left.rates.empty() || right.rates.empty()) {
        result.rates = left.rates.empty() ? right.rates : left.rates;
    } else {
        std::set_intersection(left.rates.begin(), left.rates.end(), right.rates.begin(),
                              right.rates.end(), std::back_inserter(result.rates));
        if (result.rates.empty())
            result.rate_range = { 1, 0 };
    }
    return result;
}

std::optional<xensnd_query_hw_param> narrow(const xensnd_query_hw_param &question,
                                            const Limits &limits)
{
    Space space { question.formats & limits.formats & all_formats_mask,
                  intersect({ question.rates.min, question.rates.max }, limits.rate_range),
                  intersect({ question.channels.min, question.channels.max }, limits.channels),
                  { question.buffer.min, question.buffer.max },
                  intersect({ question.period.min, question.period.max }, limits.period_frames) };

    // The parameters depend on each other; every round only removes, so this ends.
    for (Space before = space; !space.empty(); before = space) {
        apply_bytes(space, limits.buffer_bytes, &Space::buffer);
        apply_bytes(space, limits.bytes_a_second, &Space::rates);
        apply_formats(space, limits.of_formats);
        space.rates = snap_to_list(space.rates, limits.rates);
        space.period.max = std::min(space.period.max, space.buffer.max);
        space.buffer.min = std::max(space.buffer.min, space.period.min);
        if (space == before)
            break;
    }
    if (space.empty())
        return std::nullopt;

    xensnd_query_hw_param answer {};
    answer.formats = space.formats;
    answer.rates = { space.rates.min, space.rates.max };
    answer.channels = { space.channels.min, space.channels.max };
    answer.buffer = { space.buffer.min, space.buffer.max };
    answer.period = { space.period.min, space.period.max };
    return answer;
}

} // namespace sndback
