// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "attack/restoration.h"

namespace sndback {
namespace {

constexpr const char *frontend = "/local/domain/1/device/vsnd/0";
constexpr const char *backend_state = "/local/domain/0/backend/vsnd/1/0/state";

std::optional<std::string> restore(const std::string &path, const char *before,
                                   std::optional<std::string_view> now)
{
    return value_to_restore(frontend, path, before, now);
}

TEST(Restoration, ConfigurationIsPutBack)
{
    const std::string path = std::string(frontend) + "/0/name";
    EXPECT_EQ(restore(path, "Device", std::nullopt), "Device");
    EXPECT_EQ(restore(path, "Device", "garbage"), "Device");
    EXPECT_EQ(restore(path, "Device", "Device"), std::nullopt);
}

TEST(Restoration, WhatIsPublishedIsLeftAlone)
{
    EXPECT_EQ(restore(std::string(frontend) + "/0/0/ring-ref", "8", "9"), std::nullopt);
    EXPECT_EQ(restore(backend_state, "2", "4"), std::nullopt);
    EXPECT_EQ(restore(backend_state, "2", std::nullopt), "2");
    EXPECT_EQ(restore(std::string(frontend) + "/state", "7", "4"), std::nullopt);
}

TEST(Restoration, DeletedFrontendComesBackAsANewDevice)
{
    EXPECT_EQ(restore(std::string(frontend) + "/state", "7", std::nullopt), "1");
}

TEST(Restoration, UnreadableStateOfTheFrontendIsPutBack)
{
    EXPECT_EQ(restore(std::string(frontend) + "/state", "7", "garbage"), "7");
    EXPECT_EQ(restore(std::string(frontend) + "/state", "7", ""), "7");
}

} // namespace
} // namespace sndback
