// SPDX-License-Identifier: GPL-2.0-only
#include "ktap.h"

#include <cstdio>
#include <cstdlib>
#include <exception>

namespace selftest {

void diagnose(const std::string &text)
{
    std::printf("# %s\n", text.c_str());
    std::fflush(stdout);
}

void expect(bool condition, const std::string &what)
{
    if (!condition)
        throw Failure { what };
}

bool is_untimed()
{
    return std::getenv("SELFTEST_UNTIMED") != nullptr;
}

void expect_in_time(bool condition, const std::string &what)
{
    if (!condition && is_untimed())
        diagnose("not judged: " + what);
    else
        expect(condition, what);
}

int run_tests(const std::vector<Test> &tests, const std::string &filter)
{
    std::vector<Test> chosen;
    for (const Test &test : tests) {
        if (test.name.find(filter) != std::string::npos)
            chosen.push_back(test);
    }
    std::printf("KTAP version 1\n1..%zu\n", chosen.size());
    size_t passed = 0;
    for (size_t i = 0; i < chosen.size(); i++) {
        bool is_ok = false;
        try {
            chosen[i].run();
            is_ok = true;
        } catch (const Failure &failure) {
            diagnose(failure.what);
        } catch (const std::exception &exception) {
            diagnose(exception.what());
        }
        std::printf("%s %zu %s\n", is_ok ? "ok" : "not ok", i + 1, chosen[i].name.c_str());
        std::fflush(stdout);
        passed += is_ok;
    }
    return passed == chosen.size() && !chosen.empty() ? 0 : 1;
}

} // namespace selftest
