// SPDX-License-Identifier: GPL-2.0-only
// Tests over the fake kernel: a broken rule or a leak fails them.
#pragma once

#include <gtest/gtest.h>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"

namespace xen_front::test {

class FakeKernelTest : public ::testing::Test {
  protected:
    FakeKernelTest()
        : outer_handler_(fake::set_fault_handler([this](const std::string &what) {
              if (are_faults_expected_)
                  faults_.push_back(what);
              else
                  ADD_FAILURE() << "fake kernel: " << what;
          }))
    {
    }
    ~FakeKernelTest() override
    {
        fake::set_fault_handler(outer_handler_);
    }

    void TearDown() override
    {
        kernel.expect_no_leaks();
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

    fake::Kernel kernel;

  private:
    bool are_faults_expected_ = false;
    std::vector<std::string> faults_;
    fake::FaultHandler outer_handler_;
};

} // namespace xen_front::test
