// SPDX-License-Identifier: GPL-2.0-only
#include "base/result.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace xen_front::test {
namespace {

// Counts how many of its kind are alive, and can only be moved.
class Tracked {
  public:
    explicit Tracked(int &alive) : alive_(&alive)
    {
        ++*alive_;
    }
    Tracked(Tracked &&other) noexcept : alive_(other.alive_)
    {
        ++*alive_;
    }
    Tracked &operator=(Tracked &&) = delete;
    ~Tracked()
    {
        --*alive_;
    }

  private:
    int *alive_;
};

Result<int> half(int number)
{
    if (number % 2 != 0)
        return Error::Invalid;
    return number / 2;
}

Result<int> quarter(int number)
{
    return TRY(half(TRY(half(number))));
}

Result<void> require_even(int number)
{
    TRY(half(number));
    return {};
}

TEST(Result, HoldsAValue)
{
    Result<int> result(42);
    ASSERT_FALSE(result.is_error());
    EXPECT_EQ(result.value(), 42);
    EXPECT_EQ(result.release_value(), 42);
}

TEST(Result, HoldsAnError)
{
    Result<int> result(Error::NoMemory);
    ASSERT_TRUE(result.is_error());
    EXPECT_EQ(result.error(), Error::NoMemory);
}

TEST(Result, OfAMoveOnlyValueMovesItOut)
{
    Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
    const std::unique_ptr<int> value = result.release_value();
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, 7);
    EXPECT_EQ(result.value(), nullptr);
}

TEST(Result, DestroysItsValueOnce)
{
    int alive = 0;
    {
        Result<Tracked> first { Tracked(alive) };
        EXPECT_EQ(alive, 1);
        Result<Tracked> second(std::move(first));
        EXPECT_EQ(alive, 2);
        const Tracked third = second.release_value();
        EXPECT_EQ(alive, 3);
    }
    EXPECT_EQ(alive, 0);
}

TEST(Result, OfAnErrorHasNoValueToDestroy)
{
    int alive = 0;
    {
        Result<Tracked> first(Error::Io);
        Result<Tracked> second(std::move(first));
        EXPECT_TRUE(second.is_error());
        EXPECT_EQ(second.error(), Error::Io);
    }
    EXPECT_EQ(alive, 0);
}

TEST(Result, AlignsItsValue)
{
    struct alignas(16) Aligned {
        int value = 3;
    };
    Result<Aligned> result { Aligned {} };
    EXPECT_EQ(reinterpret_cast<uintptr_t>(&result.value()) % 16, 0u);
    EXPECT_EQ(result.value().value, 3);
}

TEST(Try, GivesTheValueOrReturnsTheError)
{
    EXPECT_EQ(quarter(12).value(), 3);
    EXPECT_EQ(quarter(3).error(), Error::Invalid); // the inner one fails
    EXPECT_EQ(quarter(6).error(), Error::Invalid); // the outer one fails
}

TEST(Try, WorksOnAResultOfVoid)
{
    const auto twice = [](int number) -> Result<int> {
        TRY(require_even(number));
        return number * 2;
    };
    EXPECT_EQ(twice(4).value(), 8);
    EXPECT_EQ(twice(5).error(), Error::Invalid);
}

TEST(Try, EvaluatesItsExpressionOnce)
{
    int calls = 0;
    const auto count = [&calls]() -> Result<int> {
        return ++calls;
    };
    const auto use = [&count]() -> Result<int> {
        return TRY(count());
    };
    EXPECT_EQ(use().value(), 1);
    EXPECT_EQ(calls, 1);
}

TEST(Try, LeavesNothingBehind)
{
    int alive = 0;
    const auto make = [&alive](bool fails) -> Result<Tracked> {
        if (fails)
            return Error::NoMemory;
        return Tracked(alive);
    };
    const auto use = [&](bool fails) -> Result<void> {
        const Tracked first = TRY(make(false));
        const Tracked second = TRY(make(fails));
        EXPECT_EQ(alive, 2);
        return {};
    };
    EXPECT_FALSE(use(false).is_error());
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(use(true).error(), Error::NoMemory);
    EXPECT_EQ(alive, 0);
}

TEST(ResultOfVoid, TranslatesStatus)
{
    EXPECT_FALSE(Result<void> {}.is_error());
    EXPECT_EQ(Result<void> {}.status(), 0);
    EXPECT_EQ(Result<void>(Error::NoMemory).status(), -12);
    EXPECT_EQ(Result<void>::from_status(-ENOENT).error(), Error::NoEntry);
    EXPECT_FALSE(Result<void>::from_status(0).is_error());
    EXPECT_FALSE(Result<void>::from_status(1).is_error()) << "only a negative status is an error";
    // A number that Error does not name passes through unchanged.
    EXPECT_EQ(Result<void>::from_status(-EDOM).status(), -EDOM);
}

TEST(Error, HasTheNumbersOfErrno)
{
    EXPECT_EQ(to_errno(Error::NoEntry), -ENOENT);
    EXPECT_EQ(to_errno(Error::Io), -EIO);
    EXPECT_EQ(to_errno(Error::TooBig), -E2BIG);
    EXPECT_EQ(to_errno(Error::TryAgain), -EAGAIN);
    EXPECT_EQ(to_errno(Error::NoMemory), -ENOMEM);
    EXPECT_EQ(to_errno(Error::Busy), -EBUSY);
    EXPECT_EQ(to_errno(Error::NoDevice), -ENODEV);
    EXPECT_EQ(to_errno(Error::Invalid), -EINVAL);
    EXPECT_EQ(to_errno(Error::NoSpace), -ENOSPC);
    EXPECT_EQ(to_errno(Error::Range), -ERANGE);
    EXPECT_EQ(to_errno(Error::BrokenPipe), -EPIPE);
    EXPECT_EQ(to_errno(Error::Protocol), -EPROTO);
}

} // namespace
} // namespace xen_front::test
