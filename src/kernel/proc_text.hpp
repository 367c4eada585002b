// SPDX-License-Identifier: GPL-2.0-only
// What a program reads from a file of /proc/asound.
#pragma once

#include "base/text.hpp"
#include "kshim/proc.h"

namespace xen_front {

// Not an owner. Context: may sleep.
class ProcText {
  public:
    explicit ProcText(kshim_proc_text *text) : text_(text)
    {
    }

    ProcText &operator<<(const char *piece)
    {
        kshim_proc_print(text_, piece);
        return *this;
    }
    ProcText &operator<<(const TextBuilder &piece)
    {
        return *this << piece.c_string();
    }
    ProcText &operator<<(uint64_t number)
    {
        return append(number);
    }
    ProcText &operator<<(uint32_t number)
    {
        return append(number);
    }
    ProcText &operator<<(int number)
    {
        return append(number);
    }

  private:
    template <typename Number> ProcText &append(Number number)
    {
        Text<24> digits;
        digits << number;
        return *this << digits;
    }

    kshim_proc_text *text_;
};

} // namespace xen_front
