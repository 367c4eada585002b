// SPDX-License-Identifier: GPL-2.0-only
// Rounding, and numbers read from text.
#pragma once

#include "base/result.hpp"
#include "base/string_view.hpp"

namespace xen_front {

// @value up to the next multiple of @step; the caller knows that it fits.
constexpr uint64_t round_up(uint64_t value, uint64_t step)
{
    return (value + step - 1) / step * step;
}

// An unsigned decimal number and nothing else: Invalid when @text is none, Range when it does not
// fit 32 bits.
inline Result<uint32_t> parse_decimal(StringView text)
{
    if (text.is_empty())
        return Error::Invalid;
    uint64_t value = 0;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] < '0' || text[i] > '9')
            return Error::Invalid;
        value = value * 10 + static_cast<uint64_t>(text[i] - '0');
        if (value > 0xffffffffu)
            return Error::Range;
    }
    return static_cast<uint32_t>(value);
}

} // namespace xen_front
