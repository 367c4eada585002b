// SPDX-License-Identifier: GPL-2.0-only
#include "base/guarded.hpp"

#include <gtest/gtest.h>

#include "base/result.hpp"

namespace xen_front::test {
namespace {

// A lock that knows whether it is held, in a place that outlives it.
class XEN_FRONT_LOCK("watched") WatchedLock {
  public:
    struct State {
        bool is_held = false;
        int times = 0;
    };

    explicit WatchedLock(State &state) : state_(state)
    {
    }

    class XEN_FRONT_LOCK_GUARD Guard {
      public:
        explicit Guard(WatchedLock &lock) XEN_FRONT_ACQUIRES(lock) : state_(lock.state_)
        {
            EXPECT_FALSE(state_.is_held);
            state_.is_held = true;
            state_.times++;
        }
        Guard(const Guard &) = delete;
        Guard &operator=(const Guard &) = delete;
        ~Guard() XEN_FRONT_RELEASES()
        {
            state_.is_held = false;
        }

      private:
        State &state_;
    };

  private:
    State &state_;
};

TEST(Guarded, HoldsTheLockDuringTheActionOnly)
{
    WatchedLock::State lock;
    Guarded<int, WatchedLock> guarded(lock);
    EXPECT_FALSE(lock.is_held);
    guarded.with([&](int &value) {
        EXPECT_TRUE(lock.is_held);
        EXPECT_EQ(value, 0) << "the data starts as zero";
        value = 5;
    });
    EXPECT_FALSE(lock.is_held);
    EXPECT_EQ(guarded.with([](int &value) { return value; }), 5);
    EXPECT_EQ(lock.times, 2);
}

TEST(Guarded, ReleasesTheLockWhenTheActionFails)
{
    WatchedLock::State lock;
    Guarded<int, WatchedLock> guarded(lock);
    auto result = guarded.with([](int &) -> Result<int> { return Error::Busy; });
    EXPECT_EQ(result.error(), Error::Busy);
    EXPECT_FALSE(lock.is_held);
}

} // namespace
} // namespace xen_front::test
