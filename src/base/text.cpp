// SPDX-License-Identifier: GPL-2.0-only
#include "base/text.hpp"

namespace xen_front {

void TextBuilder::append(char character)
{
    if (size_ + 1 >= capacity_)
        return;
    data_[size_++] = character;
    data_[size_] = '\0';
}

TextBuilder &TextBuilder::operator<<(StringView text)
{
    for (size_t i = 0; i < text.size(); i++)
        append(text[i]);
    return *this;
}

TextBuilder &TextBuilder::operator<<(uint64_t number)
{
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0)
        append(digits[--count]);
    return *this;
}

TextBuilder &TextBuilder::operator<<(int number)
{
    if (number < 0)
        append('-');
    const int64_t wide = number;
    return *this << static_cast<uint64_t>(wide < 0 ? -wide : wide);
}

TextBuilder &TextBuilder::append_untrusted(StringView text, size_t limit)
{
    const StringView shown = text.slice(0, limit);
    for (size_t i = 0; i < shown.size(); i++)
        append(shown[i] >= ' ' && shown[i] <= '~' ? shown[i] : '?');
    if (shown.size() < text.size())
        *this << "...";
    return *this;
}

void TextBuilder::clear()
{
    size_ = 0;
    data_[0] = '\0';
}

} // namespace xen_front
