// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include <string>

#include "sndif/config.hpp"
#include "support/config_promises.hpp"
#include "support/strings.hpp"

namespace xen_front::test {
namespace {

const char *const backend_path = "/local/domain/0/backend/vsnd/1/0";

TEST(Version, IsTakenFromTheList)
{
    for (const char *list : { "2", "1,2", "2,1", "1, 2 ,3", "2\n", "1,,2", "x,2", "02", "2,2",
                              "99999999999999999999,2" }) {
        Diagnostic why;
        EXPECT_FALSE(negotiate_version(backend_path, list, why).is_error()) << list;
        EXPECT_TRUE(why.is_empty()) << why.c_string();
    }
}

TEST(Version, IsRefusedWhenTheListLacksIt)
{
    for (const char *list : { "1", "1,3", "22", "2.0", "1;2", "-2", "two" }) {
        Diagnostic why;
        auto result = negotiate_version(backend_path, list, why);
        ASSERT_TRUE(result.is_error()) << list;
        EXPECT_EQ(result.error(), Error::Invalid);
        EXPECT_EQ(why.c_string(),
                  std::string(backend_path) + "/versions: \"" + list +
                      "\" does not offer protocol version 2, which this driver needs for position "
                      "events and hardware parameter queries");
    }
}

// A node that was cleared says as little as none, which reads as "".
TEST(Version, IsNotAskedForByAListOfNothing)
{
    for (const char *list : { "", ",", " , ", "\n" }) {
        Diagnostic why;
        EXPECT_FALSE(negotiate_version(backend_path, list, why).is_error()) << list;
    }
}

TEST(Version, IsRefusedInOnePrintableLine)
{
    Diagnostic why;
    why << "something of before";
    const std::string garbage = '\1' + std::string(4095, '\n');
    EXPECT_TRUE(negotiate_version(backend_path, to_view(garbage), why).is_error());
    EXPECT_EQ(find_message_fault(why, backend_path), "");
    EXPECT_NE(to_string(why.view()).find("version 2"), std::string::npos);
}

} // namespace
} // namespace xen_front::test
