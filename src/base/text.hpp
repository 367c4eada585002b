// SPDX-License-Identifier: GPL-2.0-only
// Text<N>: a line of text built in place, cut when it is full. For messages and names.
#pragma once

#include "base/string_view.hpp"

namespace xen_front {

// The part of Text that does not depend on its capacity.
class TextBuilder {
  public:
    TextBuilder(const TextBuilder &) = delete;
    TextBuilder &operator=(const TextBuilder &) = delete;

    TextBuilder &operator<<(StringView text);
    TextBuilder &operator<<(const char *text)
    {
        return *this << StringView(text);
    }
    TextBuilder &operator<<(uint64_t number);
    TextBuilder &operator<<(uint32_t number)
    {
        return *this << uint64_t { number };
    }
    TextBuilder &operator<<(int number);
    // Like <<, but whatever is not printable ASCII becomes '?', and no more than @limit characters
    // and an ellipsis are taken: for text from another domain.
    TextBuilder &append_untrusted(StringView text, size_t limit);

    // NUL-terminated.
    const char *c_string() const
    {
        return data_;
    }
    StringView view() const
    {
        return { data_, size_ };
    }
    bool is_empty() const
    {
        return size_ == 0;
    }
    void clear();

  protected:
    TextBuilder(char *data, size_t capacity) : data_(data), capacity_(capacity)
    {
        data_[0] = '\0';
    }
    ~TextBuilder() = default;

  private:
    void append(char character);

    char *data_;
    size_t size_ = 0;
    size_t capacity_; // with the NUL
};

template <size_t N> class Text final : public TextBuilder {
  public:
    Text() : TextBuilder(storage_, N)
    {
    }

  private:
    char storage_[N];
};

// What went wrong, for the kernel log and the XenStore error node.
using Diagnostic = Text<320>;

} // namespace xen_front
