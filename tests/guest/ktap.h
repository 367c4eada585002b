// SPDX-License-Identifier: GPL-2.0-only
// Tests that report in KTAP, the kernel's Test Anything Protocol.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace selftest {

// Ends the running test as failed.
struct Failure {
    std::string what;
};

struct Test {
    std::string name;
    std::function<void()> run; // throws Failure
};

// A line of information with the running test's result.
void diagnose(const std::string &text);

// Fails the running test unless @condition; @what says what was expected, and what was seen.
void expect(bool condition, const std::string &what);

// Whether figures that depend on how fast the kernel is are only shown: SELFTEST_UNTIMED is set, as
// for kernels that look for bugs.
bool is_untimed();

// The same as expect() for such a figure.
void expect_in_time(bool condition, const std::string &what);

// Runs the tests whose name contains @filter and prints KTAP on stdout. The exit status: 0 when
// all have passed and at least one ran.
int run_tests(const std::vector<Test> &tests, const std::string &filter);

} // namespace selftest
