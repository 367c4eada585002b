// SPDX-License-Identifier: GPL-2.0-only
// StringView: characters that have another owner, with their number; may contain any byte.
#pragma once

#include "base/types.hpp"

namespace xen_front {

class StringView {
  public:
    constexpr StringView() = default;
    constexpr StringView(const char *data, size_t size) : data_(data), size_(size)
    {
    }
    // A NUL-terminated string.
    constexpr StringView(const char *string) : data_(string), size_(__builtin_strlen(string))
    {
    }

    constexpr const char *data() const
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
    constexpr char operator[](size_t index) const
    {
        return data_[index];
    }

    // The characters from @start on, at most @length of them; both are cut to what is there.
    constexpr StringView slice(size_t start, size_t length = ~size_t { 0 }) const
    {
        start = min(start, size_);
        return { data_ + start, min(length, size_ - start) };
    }

    // Where @character first stands; size() when nowhere.
    constexpr size_t find(char character) const
    {
        size_t at = 0;
        while (at < size_ && data_[at] != character)
            at++;
        return at;
    }

    // Without blanks, tabs and line ends at either side.
    constexpr StringView trimmed() const
    {
        StringView rest = *this;
        while (!rest.is_empty() && is_blank(rest[0]))
            rest = rest.slice(1);
        while (!rest.is_empty() && is_blank(rest[rest.size() - 1]))
            rest = rest.slice(0, rest.size() - 1);
        return rest;
    }

    constexpr bool operator==(StringView other) const
    {
        if (size_ != other.size_)
            return false;
        for (size_t i = 0; i < size_; i++) {
            if (data_[i] != other.data_[i])
                return false;
        }
        return true;
    }

    // Equal but for the case of ASCII letters.
    constexpr bool equals_ignoring_case(StringView other) const
    {
        if (size_ != other.size_)
            return false;
        for (size_t i = 0; i < size_; i++) {
            if (lower(data_[i]) != lower(other.data_[i]))
                return false;
        }
        return true;
    }

  private:
    static constexpr bool is_blank(char character)
    {
        return character == ' ' || character == '\t' || character == '\n' || character == '\r';
    }
    static constexpr char lower(char character)
    {
        return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A'))
                                                    : character;
    }

    const char *data_ = nullptr;
    size_t size_ = 0;
};

// Walks the items of a list: "a,b,,c" has four, "" has none.
class Tokenizer {
  public:
    constexpr Tokenizer(StringView list, char separator)
        : rest_(list), separator_(separator), is_done_(list.is_empty())
    {
    }

    // The next item without surrounding blanks; false when there is none.
    constexpr bool next(StringView &item)
    {
        if (is_done_)
            return false;
        const size_t end = rest_.find(separator_);
        item = rest_.slice(0, end).trimmed();
        is_done_ = end == rest_.size();
        rest_ = rest_.slice(end + 1);
        return true;
    }

  private:
    StringView rest_;
    char separator_;
    bool is_done_;
};

} // namespace xen_front
