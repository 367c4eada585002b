// SPDX-License-Identifier: GPL-2.0-only
#include <gtest/gtest.h>

#include "audio/alsa_error.hpp"

namespace sndback {
namespace {

TEST(AlsaError, NamesPcmStepReasonAndRemedy)
{
    struct Row {
        std::string step;
        int error;
        std::string text;
    };
    for (const auto &[step, error, text] : {
             Row { "open", EBUSY,
                   "resource busy (another program or guest has it; a dmix, or "
                   "dsnoop, shares a card)" },
             Row { "open", ENOENT,
                   "No such file or directory (aplay -L lists the PCMs that there "
                   "are)" },
             Row { "open", ENODEV, "No such device (aplay -l lists the cards that there are)" },
             Row { "open", EACCES,
                   "Permission denied (the user of the workers has to be in the "
                   "group audio)" },
             Row { "format s24_le", EINVAL,
                   "Invalid argument (plughw: converts what the card does "
                   "not have)" },
             Row { "6 channels", EINVAL,
                   "Invalid argument (plughw: converts what the card does not "
                   "have)" },
             Row { "44100 Hz", EINVAL,
                   "Invalid argument (plughw: converts what the card does not "
                   "have)" },
             // These have none.
             Row { "buffer size", EINVAL, "Invalid argument" },
             Row { "start", EBUSY, "Device or resource busy" },
         }) {
        const std::string what = AlsaError("hw:0,0", step, error).what();
        EXPECT_TRUE(what.starts_with("ALSA PCM hw:0,0: " + step + ": ")) << what;
        EXPECT_TRUE(what.ends_with(text)) << what;
    }
}

} // namespace
} // namespace sndback
