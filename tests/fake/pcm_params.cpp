// SPDX-License-Identifier: GPL-2.0-only
#include "fake/pcm_params.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "fake/kernel.hpp"
#include "fake/sample_layout.hpp"
#include "kshim/entry.h"

namespace xen_front::fake {

namespace {

// The parameters that rules are about.
enum Variable : unsigned int {
    Formats,
    Rate,
    Channels,
    Buffer,
    Period,
    VariableCount,
};

using VariableSet = unsigned int; // bits (1 << Variable)

constexpr VariableSet set_of(std::initializer_list<Variable> variables)
{
    VariableSet set = 0;
    for (const Variable variable : variables)
        set |= 1u << variable;
    return set;
}

constexpr VariableSet all_variables = (1u << VariableCount) - 1;

struct Interval {
    unsigned int &min;
    unsigned int &max;
};

Interval interval_of(PcmRanges &ranges, Variable variable)
{
    switch (variable) {
    case Rate:
        return { ranges.rate_min, ranges.rate_max };
    case Channels:
        return { ranges.channels_min, ranges.channels_max };
    case Buffer:
        return { ranges.buffer_frames_min, ranges.buffer_frames_max };
    default:
        return { ranges.period_frames_min, ranges.period_frames_max };
    }
}

unsigned int cut_to_int(uint64_t value)
{
    return static_cast<unsigned int>(std::min<uint64_t>(value, UINT32_MAX));
}

unsigned int least_sample_bits(uint64_t formats)
{
    unsigned int bits = UINT32_MAX;
    for (unsigned int format = 0; format < sample_layout_count; format++) {
        if ((formats >> format & 1) != 0 && sample_layouts[format].bits != 0)
            bits = std::min(bits, sample_layouts[format].bits);
    }
    return bits;
}

// Evaluates rules until none changes anything any more. Like the core, it evaluates a rule again
// only when something that the rule depends on has changed since.
class Solver {
  public:
    Solver(kshim_substream &substream, PcmRanges &ranges) : substream_(substream), ranges_(ranges)
    {
    }

    int solve();

  private:
    struct Rule {
        VariableSet depends_on;
        std::function<int()> evaluate; // 0 or a negative errno
    };

    void add_core_rules();
    void add_driver_rules();
    int ask_driver(Variable variable);
    int narrow(Variable variable, uint64_t min, uint64_t max);
    int narrow_formats(uint64_t formats);
    int narrow_to_rates();

    kshim_substream &substream_;
    PcmRanges &ranges_;
    std::vector<Rule> rules_;
    VariableSet changed_ = all_variables;
};

int Solver::narrow(Variable variable, uint64_t min, uint64_t max)
{
    const Interval interval = interval_of(ranges_, variable);
    const unsigned int old_min = interval.min;
    const unsigned int old_max = interval.max;
    interval.min = std::max(interval.min, cut_to_int(min));
    interval.max = std::min(interval.max, cut_to_int(max));
    if (interval.min != old_min || interval.max != old_max)
        changed_ |= 1u << variable;
    return interval.min > interval.max ? -EINVAL : 0;
}

int Solver::narrow_formats(uint64_t formats)
{
    const uint64_t narrowed = ranges_.formats & formats;
    if (narrowed != ranges_.formats)
        changed_ |= 1u << Formats;
    ranges_.formats = narrowed;
    return narrowed == 0 ? -EINVAL : 0;
}

int Solver::narrow_to_rates()
{
    unsigned int min = UINT32_MAX;
    unsigned int max = 0;
    for (const uint32_t rate : substream_.runtime.rates) {
        if (rate >= ranges_.rate_min && rate <= ranges_.rate_max) {
            min = std::min(min, rate);
            max = std::max(max, rate);
        }
    }
    return narrow(Rate, min, max);
}

int Solver::ask_driver(Variable variable)
{
    PcmRanges answer = ranges_;
    const int status = xen_front_pcm_refine(substream_.stream, &answer);
    if (status < 0)
        return status;
    if (variable == Formats)
        return narrow_formats(answer.formats);
    const Interval interval = interval_of(answer, variable);
    return narrow(variable, interval.min, interval.max);
}

void Solver::add_core_rules()
{
    const kshim_pcm_hardware &hardware = substream_.runtime.hardware;
    // Whole frames in a buffer, with the smallest frames that are still possible.
    rules_.push_back({ set_of({ Formats, Channels }), [this, &hardware] {
                          const uint64_t frame_bits =
                              uint64_t { least_sample_bits(ranges_.formats) } *
                              ranges_.channels_min;
                          const uint64_t frames = hardware.buffer_bytes_max * 8 / frame_bits;
                          const int status = narrow(Buffer, 0, frames);
                          return status < 0 ? status : narrow(Period, 0, frames / 2);
                      } });
    // At least two periods.
    rules_.push_back(
        { set_of({ Buffer, Period }), [this] {
             const int status =
                 narrow(Buffer, uint64_t { ranges_.period_frames_min } * 2, UINT32_MAX);
             return status < 0 ? status : narrow(Period, 0, ranges_.buffer_frames_max / 2);
         } });
    rules_.push_back({ set_of({ Rate }), [this] {
                          return narrow_to_rates();
                      } });
    // Of the shim.
    rules_.push_back({ set_of({ Rate }), [this, &hardware] {
                          const uint64_t frames =
                              (uint64_t { ranges_.rate_min } * hardware.period_us_min + 999999) /
                              1000000;
                          return narrow(Period, frames, UINT32_MAX);
                      } });
}

void Solver::add_driver_rules()
{
    for (const Variable variable : { Formats, Rate, Channels, Buffer, Period })
        rules_.push_back({ all_variables & ~(1u << variable), [this, variable] {
                              return ask_driver(variable);
                          } });
}

int Solver::solve()
{
    const kshim_pcm_hardware &hardware = substream_.runtime.hardware;
    uint64_t formats = hardware.formats;
    for (unsigned int format = 0; format < 64; format++) {
        if (format >= sample_layout_count || sample_layouts[format].bits == 0)
            formats &= ~(uint64_t { 1 } << format);
    }
    if (narrow_formats(formats) < 0 ||
        narrow(Channels, hardware.channels_min, hardware.channels_max) < 0 ||
        narrow(Rate, substream_.runtime.rates.front(), substream_.runtime.rates.back()) < 0 ||
        narrow(Period, hardware.period_frames_min, UINT32_MAX) < 0)
        return -EINVAL;

    add_core_rules();
    add_driver_rules();
    std::array<uint64_t, VariableCount> changed_at;
    changed_at.fill(1);
    std::vector<uint64_t> evaluated_at(rules_.size(), 0);
    uint64_t stamp = 2;
    for (bool is_again = true; is_again;) {
        is_again = false;
        for (size_t i = 0; i < rules_.size(); i++) {
            bool is_due = false;
            for (unsigned int variable = 0; variable < VariableCount; variable++)
                is_due = is_due || ((rules_[i].depends_on >> variable & 1) != 0 &&
                                    changed_at[variable] > evaluated_at[i]);
            if (!is_due)
                continue;
            changed_ = 0;
            const int status = rules_[i].evaluate();
            if (status < 0)
                return status;
            evaluated_at[i] = stamp;
            for (unsigned int variable = 0; variable < VariableCount; variable++) {
                if ((changed_ >> variable & 1) != 0)
                    changed_at[variable] = stamp;
            }
            is_again = is_again || changed_ != 0;
            stamp++;
        }
    }
    return 0;
}

} // namespace

PcmRanges any_params()
{
    return { ~uint64_t { 0 }, 0, UINT32_MAX, 0, UINT32_MAX, 0, UINT32_MAX, 0, UINT32_MAX };
}

PcmRanges exactly(const PcmParams &params)
{
    return { uint64_t { 1 } << params.format,
             params.rate,
             params.rate,
             params.channels,
             params.channels,
             params.buffer_frames,
             params.buffer_frames,
             params.period_frames,
             params.period_frames };
}

int refine(kshim_substream &substream, PcmRanges &ranges)
{
    return Solver(substream, ranges).solve();
}

int choose(kshim_substream &substream, PcmRanges ranges, kshim_pcm_params &params)
{
    const int status = refine(substream, ranges);
    if (status < 0)
        return status;

    // The smallest of each parameter, but the largest buffer. Each choice may narrow the others.
    for (const Variable variable : { Formats, Channels, Rate, Period, Buffer }) {
        const PcmRanges before = ranges;
        if (variable == Formats)
            ranges.formats &= ~ranges.formats + 1;
        else if (variable == Buffer)
            ranges.buffer_frames_min = ranges.buffer_frames_max;
        else
            interval_of(ranges, variable).max = interval_of(ranges, variable).min;
        if (std::memcmp(&before, &ranges, sizeof(ranges)) == 0)
            continue;
        const int refined = refine(substream, ranges);
        if (refined < 0)
            return refined;
    }

    const auto format = static_cast<unsigned int>(__builtin_ctzll(ranges.formats));
    params = { format,
               ranges.rate_min,
               ranges.channels_min,
               sample_layouts[format].bits * ranges.channels_min,
               ranges.period_frames_min,
               ranges.buffer_frames_max,
               0,
               false };
    params.boundary = params.buffer_frames;
    const uint64_t long_max = Kernel::current().sound.long_max;
    while (params.boundary * 2 <= long_max - params.buffer_frames)
        params.boundary *= 2;
    return 0;
}

} // namespace xen_front::fake
