// SPDX-License-Identifier: GPL-2.0-only
//
// The real program in a machine of its own.
#pragma once

#include <gtest/gtest.h>

#include <fstream>

#include "machine/backend_process.h"
#include "machine/guest.h"
#include "unit/support.h"

namespace sndback::fake {

using namespace std::chrono_literals;

class Service : public ::testing::Test {
  protected:
    // Machines that run tests have no user xen-sndback.
    void configure(const std::string &text)
    {
        const bool names_user = text.find("user = ") != std::string::npos;
        std::ofstream(directory_ / "conf")
            << text << (names_user ? "" : "[backend]\nuser = root\n");
    }
    void start(std::vector<std::string> arguments = {})
    {
        if (arguments.empty())
            arguments = { "--config=" + (directory_ / "conf").string() };
        arguments.push_back("--log-level=debug");
        backend_ = std::make_unique<BackendProcess>(machine_, directory_.path(), arguments);
        ASSERT_TRUE(backend_->wait_log("ready: watching")) << backend_->log();
    }
    // OPEN, half a buffer of frames, START.
    static void play(GuestStream &stream)
    {
        ASSERT_EQ(stream.open({}), 0);
        ASSERT_EQ(stream.simple(XENSND_OP_WRITE, 0, 61'440), 0);
        ASSERT_EQ(stream.trigger(XENSND_OP_TRIGGER_START), 0);
    }

    TemporaryDirectory directory_;
    Machine machine_ { directory_.path() };
    std::unique_ptr<BackendProcess> backend_;
};

inline constexpr const char *speaker_for_all = "[guest *]\nplayback = null\n";

} // namespace sndback::fake
