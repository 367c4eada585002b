// SPDX-License-Identifier: GPL-2.0-only
// The words of a step: its name, its arguments, and what it has to return behind an equals sign.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scenario/scenario.hpp"

namespace xen_front::test {

struct Scenario::Words {
    explicit Words(std::string_view text);

    // The step without the spaces around it.
    std::string_view text() const
    {
        return text_;
    }
    // "" when there is none.
    std::string_view next();
    int64_t number(int64_t otherwise = 0);
    unsigned int format();
    wire::Operation operation();
    std::optional<int64_t> expected() const
    {
        return expected_;
    }
    bool is_bad() const
    {
        return is_bad_;
    }

  private:
    std::string_view text_;
    std::string_view left_;
    std::optional<int64_t> expected_;
    bool is_bad_ = false;
};

// What a step without its object returns: no system call does.
inline constexpr int64_t nothing = -1000;

// What is played and captured: bytes that do not repeat within a buffer.
inline uint8_t played_byte(uint64_t position)
{
    return static_cast<uint8_t>((position * 2654435761u >> 13) ^ position);
}

inline uint8_t captured_byte(uint64_t position)
{
    return static_cast<uint8_t>(position * 7 + (position >> 8));
}

} // namespace xen_front::test
