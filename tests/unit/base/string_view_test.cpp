// SPDX-License-Identifier: GPL-2.0-only
#include "base/string_view.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/span.hpp"
#include "support/strings.hpp"

namespace xen_front::test {
namespace {

std::vector<std::string> split(StringView list)
{
    std::vector<std::string> items;
    Tokenizer tokenizer(list, ',');
    for (StringView item; tokenizer.next(item);)
        items.push_back(to_string(item));
    return items;
}

using Items = std::vector<std::string>;

TEST(StringView, SlicesWithinWhatIsThere)
{
    const StringView text("abcdef");
    EXPECT_EQ(to_string(text.slice(2)), "cdef");
    EXPECT_EQ(to_string(text.slice(2, 3)), "cde");
    EXPECT_EQ(to_string(text.slice(4, 100)), "ef");
    EXPECT_EQ(to_string(text.slice(6)), "");
    EXPECT_EQ(to_string(text.slice(100, 100)), "");
    EXPECT_EQ(to_string(text.slice(1, 0)), "");
}

TEST(StringView, FindsACharacter)
{
    EXPECT_EQ(StringView("abca").find('a'), 0u);
    EXPECT_EQ(StringView("abca").find('c'), 2u);
    EXPECT_EQ(StringView("abca").find('x'), 4u);
    EXPECT_EQ(StringView("").find('x'), 0u);
}

TEST(StringView, TrimsBlanksOnly)
{
    EXPECT_EQ(to_string(StringView(" \t\r\n a b \n").trimmed()), "a b");
    EXPECT_EQ(to_string(StringView(" \t ").trimmed()), "");
    EXPECT_EQ(to_string(StringView("").trimmed()), "");
    EXPECT_EQ(to_string(StringView("\0a", 2).trimmed()), std::string("\0a", 2));
}

TEST(StringView, ComparesEveryByte)
{
    EXPECT_TRUE(StringView("abc") == "abc");
    EXPECT_FALSE(StringView("abc") == "ab");
    EXPECT_FALSE(StringView("abc") == "abd");
    EXPECT_FALSE(StringView("a\0b", 3) == StringView("a\0c", 3));
    EXPECT_TRUE(StringView() == "");
}

TEST(StringView, CanIgnoreTheCaseOfLetters)
{
    EXPECT_TRUE(StringView("S16_Le").equals_ignoring_case("s16_lE"));
    EXPECT_FALSE(StringView("s16").equals_ignoring_case("s17"));
    EXPECT_FALSE(StringView("s16").equals_ignoring_case("s16_le"));
    // Bytes that differ as upper and lower case letters do, but are none.
    EXPECT_FALSE(StringView("[").equals_ignoring_case("{"));
    EXPECT_FALSE(StringView("@").equals_ignoring_case("`"));
}

TEST(Tokenizer, SplitsAtTheSeparator)
{
    EXPECT_EQ(split("a,b,c"), (Items { "a", "b", "c" }));
    EXPECT_EQ(split("abc"), (Items { "abc" }));
}

TEST(Tokenizer, TrimsItems)
{
    EXPECT_EQ(split(" a ,\tb c\n"), (Items { "a", "b c" }));
}

TEST(Tokenizer, ShowsEmptyItems)
{
    EXPECT_EQ(split(""), Items {});
    EXPECT_EQ(split(","), (Items { "", "" }));
    EXPECT_EQ(split("a,,b"), (Items { "a", "", "b" }));
    EXPECT_EQ(split(",a,"), (Items { "", "a", "" }));
    EXPECT_EQ(split(" "), (Items { "" }));
}

TEST(Tokenizer, KeepsOnSayingThatItIsDone)
{
    Tokenizer tokenizer("a", ',');
    StringView item;
    EXPECT_TRUE(tokenizer.next(item));
    EXPECT_FALSE(tokenizer.next(item));
    EXPECT_FALSE(tokenizer.next(item));
}

TEST(Span, ShowsAnArray)
{
    int numbers[] = { 1, 2, 3 };
    const Span<int> span(numbers);
    EXPECT_EQ(span.size(), 3u);
    EXPECT_FALSE(span.is_empty());
    EXPECT_EQ(span[2], 3);
    int sum = 0;
    for (int &number : span)
        sum += number;
    EXPECT_EQ(sum, 6);
    EXPECT_TRUE(Span<int>().is_empty());
    EXPECT_EQ(Span<int>().begin(), Span<int>().end());
}

} // namespace
} // namespace xen_front::test
