// SPDX-License-Identifier: GPL-2.0-only
// Tests over the fake kernel: a broken rule or a leak fails them.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"

namespace xen_front::test {

// Faults fail the test, unless it expects them.
class FaultTest : public ::testing::Test {
  protected:
    FaultTest()
        : outer_handler_(fake::set_fault_handler([this](const std::string &what) {
              if (are_faults_expected_)
                  faults_.push_back(what);
              else
                  ADD_FAILURE() << "fake kernel: " << what;
          }))
    {
    }
    ~FaultTest() override
    {
        fake::set_fault_handler(outer_handler_);
    }

    // The faults that @body provokes; they do not fail the test.
    std::vector<std::string> faults_in(const std::function<void()> &body)
    {
        faults_.clear();
        are_faults_expected_ = true;
        body();
        are_faults_expected_ = false;
        return faults_;
    }

  private:
    bool are_faults_expected_ = false;
    std::vector<std::string> faults_;
    fake::FaultHandler outer_handler_;
};

class FakeKernelTest : public FaultTest {
  protected:
    void TearDown() override
    {
        kernel.expect_no_leaks();
    }

    fake::Kernel kernel;
};

} // namespace xen_front::test
