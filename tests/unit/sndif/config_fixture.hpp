// SPDX-License-Identifier: GPL-2.0-only
// What the tests of the configuration share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sndif/config.hpp"
#include "support/config_promises.hpp"
#include "support/config_tree.hpp"
#include "support/strings.hpp"

namespace xen_front::test {

// Starts with the least that is a card: one device with one playback stream.
class ConfigTest : public testing::Test {
  protected:
    ConfigTest() : tree(NodeMap { { "0/0/type", "p" } })
    {
    }

    Result<void> parse()
    {
        why.clear();
        return parse_config(tree.source(), *card, *scratch, why);
    }

    // Parses what has to be a good configuration.
    void accept()
    {
        auto result = parse();
        EXPECT_FALSE(result.is_error()) << why.c_string();
        EXPECT_EQ(find_broken_promise(*card), "");
        EXPECT_TRUE(why.is_empty()) << why.c_string();
    }

    // Parses what has to be refused with @error and exactly @message, which goes on after the path
    // of the card's directory.
    void refuse(const std::string &message, Error error = Error::Invalid)
    {
        auto result = parse();
        ASSERT_TRUE(result.is_error()) << "accepted instead of: " << message;
        EXPECT_EQ(result.error(), error);
        EXPECT_EQ(why.c_string(), std::string(ConfigTree::card_path) + message);
        EXPECT_EQ(find_message_fault(why, tree.source().path), "");
    }

    const PcmSettings &settings(uint32_t stream = 0) const
    {
        return card->streams[stream].settings;
    }
    std::vector<uint32_t> rates(uint32_t stream = 0) const
    {
        return { settings(stream).rates, settings(stream).rates + settings(stream).rate_count };
    }

    ConfigTree tree;
    std::unique_ptr<CardConfig> card = std::make_unique<CardConfig>();
    std::unique_ptr<ConfigScratch> scratch = std::make_unique<ConfigScratch>();
    Diagnostic why;
};

using Rates = std::vector<uint32_t>;

} // namespace xen_front::test
