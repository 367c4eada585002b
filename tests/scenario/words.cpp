// SPDX-License-Identifier: GPL-2.0-only
#include "scenario/words.hpp"

#include <charconv>

namespace xen_front::test {

namespace {

std::string_view trimmed(std::string_view text)
{
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

std::optional<int64_t> to_number(std::string_view word)
{
    int64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc() || end != word.data() + word.size())
        return std::nullopt;
    return number;
}

// ALSA's names, in the order of its and sndif's numbers.
constexpr const char *formats[] = { "s8",     "u8",       "s16",   "s16be",   "u16",    "u16be",
                                    "s24",    "s24be",    "u24",   "u24be",   "s32",    "s32be",
                                    "u32",    "u32be",    "float", "floatbe", "double", "doublebe",
                                    "iec958", "iec958be", "mulaw", "alaw",    "adpcm" };

constexpr const char *operation_words[] = { "open",       "close",      "read", "write",
                                            "set-volume", "get-volume", "mute", "unmute",
                                            "trigger",    "query" };

} // namespace

Scenario::Words::Words(std::string_view text) : text_(trimmed(text)), left_(text_)
{
    const size_t equals = left_.find('=');
    if (equals == std::string_view::npos)
        return;
    expected_ = to_number(trimmed(left_.substr(equals + 1)));
    is_bad_ = !expected_;
    left_ = trimmed(left_.substr(0, equals));
}

std::string_view Scenario::Words::next()
{
    left_ = trimmed(left_);
    const std::string_view word = left_.substr(0, std::min(left_.find(' '), left_.size()));
    left_.remove_prefix(word.size());
    return word;
}

int64_t Scenario::Words::number(int64_t otherwise)
{
    const std::string_view word = next();
    const auto number = to_number(word);
    is_bad_ = is_bad_ || (!number && !word.empty());
    return number.value_or(otherwise);
}

unsigned int Scenario::Words::format()
{
    const std::string_view word = next();
    for (size_t i = 0; i < std::size(formats); i++) {
        if (word == formats[i])
            return static_cast<unsigned int>(i);
    }
    is_bad_ = true;
    return 0;
}

wire::Operation Scenario::Words::operation()
{
    const std::string_view word = next();
    for (size_t i = 0; i < std::size(operation_words); i++) {
        if (word == operation_words[i])
            return static_cast<wire::Operation>(i);
    }
    is_bad_ = true;
    return wire::Operation::Open;
}

} // namespace xen_front::test
