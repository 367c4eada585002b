// SPDX-License-Identifier: GPL-2.0-only
#include "server/settings.hpp"

#include <fstream>

#include "unit/support.h"

namespace sndback {
namespace {

class SettingsTest : public ::testing::Test {
  protected:
    SettingsTest()
    {
        settings_.configuration_path = directory_ / "conf";
    }
    [[nodiscard]] bool serves(bool may_be_missing) const
    {
        const auto text = configuration_text(settings_, may_be_missing);
        return effective_configuration(settings_, text).find({ 3, "desktop", "" }) != nullptr;
    }

    TemporaryDirectory directory_;
    Settings settings_;
};

TEST_F(SettingsTest, WithoutAFileEveryGuestPlaysIntoNothing)
{
    EXPECT_TRUE(serves(true));
}

// While an editor saves it, the file may be away, or have no contents yet.
TEST_F(SettingsTest, AFileThatIsAwayOrEmptyGrantsNothing)
{
    EXPECT_THROW((void)serves(false), BadConfiguration);
    std::ofstream(settings_.configuration_path).flush();
    EXPECT_FALSE(serves(false));
    EXPECT_FALSE(serves(true));
}

TEST_F(SettingsTest, AFileThatIsNamedHasToExist)
{
    settings_.is_path_given = true;
    EXPECT_THROW((void)serves(true), BadConfiguration);
}

} // namespace
} // namespace sndback
