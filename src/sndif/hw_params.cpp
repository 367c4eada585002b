// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/hw_params.hpp"

namespace xen_front {

namespace {

// The intervals of a query, so that one loop treats them all.
constexpr wire::Interval wire::HwParamQuery::*intervals[] = {
    &wire::HwParamQuery::rates,
    &wire::HwParamQuery::channels,
    &wire::HwParamQuery::buffer,
    &wire::HwParamQuery::period,
};

// Whether every configuration of @inner is one of @outer.
bool contains(const wire::HwParamQuery &outer, const wire::HwParamQuery &inner)
{
    if ((inner.formats & ~outer.formats) != 0)
        return false;
    for (auto interval : intervals) {
        if ((inner.*interval).min < (outer.*interval).min ||
            (inner.*interval).max > (outer.*interval).max)
            return false;
    }
    return true;
}

// Whether format, rate and channels are chosen.
bool is_settled(const wire::HwParamQuery &query)
{
    const bool is_one_format = (query.formats & (query.formats - 1)) == 0;
    return is_one_format && query.rates.min == query.rates.max &&
           query.channels.min == query.channels.max;
}

} // namespace

bool is_meaningful(const wire::HwParamQuery &answer)
{
    for (auto interval : intervals) {
        if ((answer.*interval).min > (answer.*interval).max || (answer.*interval).max == 0)
            return false;
    }
    return answer.formats != 0;
}

Result<wire::HwParamQuery> narrow(const wire::HwParamQuery &question,
                                  const wire::HwParamQuery &answer)
{
    wire::HwParamQuery result = question;
    result.formats &= answer.formats;
    if (result.formats == 0)
        return Error::Invalid;
    for (auto interval : intervals) {
        (result.*interval).min = max((question.*interval).min, (answer.*interval).min);
        (result.*interval).max = min((question.*interval).max, (answer.*interval).max);
        if ((result.*interval).min > (result.*interval).max)
            return Error::Invalid;
    }
    return result;
}

const wire::HwParamQuery *QueryCache::find(const wire::HwParamQuery &question) const
{
    for (uint32_t i = 0; i < count_; i++) {
        const Entry &entry = entries_[i];
        if (contains(entry.question, question) &&
            (!is_settled(question) || is_settled(entry.result)))
            return &entry.result;
    }
    return nullptr;
}

bool QueryCache::excludes(const wire::HwParamQuery &question) const
{
    for (uint32_t i = 0; i < count_; i++) {
        const Entry &entry = entries_[i];
        if (contains(entry.question, question) && narrow(question, entry.result).is_error())
            return true;
    }
    return false;
}

void QueryCache::remember(const wire::HwParamQuery &question, const wire::HwParamQuery &result)
{
    entries_[next_] = { question, result };
    next_ = (next_ + 1) % capacity;
    count_ = min(count_ + 1, capacity);
}

void QueryCache::clear()
{
    count_ = 0;
    next_ = 0;
}

} // namespace xen_front
