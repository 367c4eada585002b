// SPDX-License-Identifier: GPL-2.0-only
// The tests, by subject.
#pragma once

#include "ktap.h"

namespace selftest {

std::vector<Test> card_tests();
std::vector<Test> playback_tests();
std::vector<Test> capture_tests();
std::vector<Test> budget_tests();
std::vector<Test> status_tests();
std::vector<Test> roundtrip_tests(); // of the card with a loop
std::vector<Test> sweep_tests(); // of the card with a loop

} // namespace selftest
