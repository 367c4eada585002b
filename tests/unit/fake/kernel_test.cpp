// SPDX-License-Identifier: GPL-2.0-only
// The fake kernel notices what it is there to notice.
#include "kernel_test.hpp"

#include "fake/backend.hpp"
#include "kernel/lock.hpp"
#include "kshim/card.h"
#include "kshim/memory.h"
#include "kshim/page.h"
#include "kshim/xenstore.h"

namespace xen_front::test {

namespace {

class FakeKernelRulesTest : public FaultTest {
  protected:
    // One fault that contains @text.
    void expect_fault(const char *text, const std::function<void()> &body)
    {
        const auto faults = faults_in(body);
        ASSERT_EQ(faults.size(), 1u) << text;
        EXPECT_NE(faults[0].find(text), std::string::npos) << faults[0];
    }
    void expect_leak(const char *text)
    {
        expect_fault(text, [this] { kernel.expect_no_leaks(); });
    }
    static kshim_page *granted_page(uint32_t &reference)
    {
        kshim_page *page = kshim_page_alloc();
        EXPECT_EQ(kshim_grant(0, page, &reference), 0);
        return page;
    }

    fake::Kernel kernel;
    fake::XenbusDevice &device = kernel.add_device();
};

TEST_F(FakeKernelRulesTest, LeakedMemory)
{
    void *memory = kshim_alloc(10);
    expect_leak("10 bytes");
    kshim_free(memory);
    kernel.expect_no_leaks();
}

TEST_F(FakeKernelRulesTest, MemoryFreedTwice)
{
    void *memory = kshim_alloc(10);
    kshim_free(memory);
    expect_fault("freed twice", [memory] { kshim_free(memory); });
}

TEST_F(FakeKernelRulesTest, LeakedPageGrantAndMapping)
{
    uint32_t reference = 0;
    kshim_page *page = granted_page(reference);
    void *mapping = kshim_pages_map(&page, 1);
    const std::string leaks = kernel.leaks();
    EXPECT_NE(leaks.find("page 0"), std::string::npos);
    EXPECT_NE(leaks.find("grant 8"), std::string::npos);
    EXPECT_NE(leaks.find("mapping of 1 pages"), std::string::npos);
    kshim_pages_unmap(mapping);
    kshim_grant_end(reference, page);
    kernel.expect_no_leaks();
}

TEST_F(FakeKernelRulesTest, PageFreedWhileGranted)
{
    uint32_t reference = 0;
    kshim_page *page = granted_page(reference);
    expect_fault("is granted", [page] { kshim_page_free(page); });
    kshim_grant_end(reference, page);
}

TEST_F(FakeKernelRulesTest, PageFreedTwice)
{
    kshim_page *page = kshim_page_alloc();
    kshim_page_free(page);
    expect_fault("not allocated", [page] { kshim_page_free(page); });
}

TEST_F(FakeKernelRulesTest, GrantEndedTwice)
{
    uint32_t reference = 0;
    kshim_page *page = granted_page(reference);
    kshim_grant_end(reference, page);
    expect_fault("ended twice", [=] { kshim_grant_end(reference, page); });
}

TEST_F(FakeKernelRulesTest, GrantEndedWithAnotherPage)
{
    uint32_t first_reference = 0;
    uint32_t second_reference = 0;
    kshim_page *first = granted_page(first_reference);
    kshim_page *second = granted_page(second_reference);
    expect_fault("not its own", [=] { kshim_grant_end(first_reference, second); });
    kshim_grant_end(first_reference, first);
    kshim_grant_end(second_reference, second);
}

TEST_F(FakeKernelRulesTest, PageFreedUnderAMapping)
{
    uint32_t reference = 0;
    kshim_page *page = granted_page(reference);
    void *mapping = kshim_pages_map(&page, 1);
    expect_fault("still maps", [=] { kshim_grant_end(reference, page); });
    kshim_pages_unmap(mapping);
    expect_fault("not mapped", [=] { kshim_pages_unmap(mapping); });
}

TEST_F(FakeKernelRulesTest, FreedPageCannotBeTouched)
{
    kshim_page *page = kshim_page_alloc();
    auto *address = static_cast<volatile char *>(kshim_page_address(page));
    kshim_page_free(page);
    EXPECT_DEATH(address[0] = 1, "");
}

TEST_F(FakeKernelRulesTest, SleepingWithASpinlockHeld)
{
    SpinLock lock(KSHIM_LOCK_RING);
    const SpinLock::Guard guard(lock);
    expect_fault("kshim_sleep() may sleep", [] { kshim_sleep(1); });
}

TEST_F(FakeKernelRulesTest, SleepingInAnInterrupt)
{
    kernel.context.run_interrupt(
        [this] { expect_fault("from an interrupt handler", [] { kshim_sleep(1); }); });
}

TEST_F(FakeKernelRulesTest, LockTakenTwice)
{
    SpinLock lock(KSHIM_LOCK_RING);
    const SpinLock::Guard guard(lock);
    expect_fault("deadlock", [&] {
        kshim_spinlock *inner = reinterpret_cast<kshim_spinlock *>(&lock);
        kshim_spinlock_lock(inner);
    });
}

TEST_F(FakeKernelRulesTest, LocksInBothOrders)
{
    SpinLock ring(KSHIM_LOCK_RING);
    char stream = 0;
    {
        const fake::HeldLock outer(kernel.context, &stream, fake::LockKind::Spin, "stream");
        const SpinLock::Guard inner(ring);
    }
    const SpinLock::Guard outer(ring);
    expect_fault("lock order inversion", [&] {
        const fake::HeldLock inner(kernel.context, &stream, fake::LockKind::Spin, "stream");
    });
}

TEST_F(FakeKernelRulesTest, LocksInACircleOfThree)
{
    char a = 0;
    char b = 0;
    char c = 0;
    const auto nest = [&](const void *outer, const char *outer_class, const void *inner,
                          const char *inner_class) {
        const fake::HeldLock first(kernel.context, outer, fake::LockKind::Spin, outer_class);
        const fake::HeldLock second(kernel.context, inner, fake::LockKind::Spin, inner_class);
    };
    nest(&a, "a", &b, "b");
    nest(&b, "b", &c, "c");
    expect_fault("lock order inversion", [&] { nest(&c, "c", &a, "a"); });
}

TEST_F(FakeKernelRulesTest, MutexNotDestroyed)
{
    auto *mutex = static_cast<kshim_mutex *>(kshim_alloc(sizeof(kshim_mutex)));
    kshim_mutex_init(mutex, KSHIM_LOCK_REQUEST);
    expect_fault("mutex in it", [mutex] { kshim_free(mutex); });
}

TEST_F(FakeKernelRulesTest, LockThatWasNeverInitialised)
{
    kshim_spinlock lock = {};
    expect_fault("not initialised", [&] { kshim_spinlock_lock(&lock); });
}

TEST_F(FakeKernelRulesTest, InterruptsWaitForTheLock)
{
    SpinLock lock(KSHIM_LOCK_RING);
    bool has_run = false;
    {
        const SpinLock::Guard guard(lock);
        kernel.context.run_interrupt([&] { has_run = true; });
        EXPECT_FALSE(has_run);
    }
    EXPECT_TRUE(has_run);
}

TEST_F(FakeKernelRulesTest, LeakedTransactionAndCard)
{
    uint32_t transaction = 0;
    ASSERT_EQ(kshim_xenstore_transaction_start(&transaction), 0);
    EXPECT_NE(kernel.leaks().find("transaction"), std::string::npos);
    ASSERT_EQ(kshim_xenstore_transaction_end(transaction, true), 0);
    expect_fault("not running",
                 [=] { EXPECT_EQ(kshim_xenstore_transaction_end(transaction, true), -EINVAL); });
    kernel.expect_no_leaks();
}

TEST_F(FakeKernelRulesTest, WaitEndsWhenTimeHasPassed)
{
    Completion completion;
    const auto start = kernel.timeline.now();
    EXPECT_FALSE(completion.wait(70));
    EXPECT_EQ(kernel.timeline.now() - start, std::chrono::milliseconds(70));
    kernel.timeline.after(std::chrono::milliseconds(30), [&] { completion.complete(); });
    EXPECT_TRUE(completion.wait(70));
    EXPECT_EQ(kernel.timeline.now() - start, std::chrono::milliseconds(100));
    EXPECT_TRUE(completion.wait(0));
    completion.rearm();
    EXPECT_FALSE(completion.wait(0));
}

} // namespace

} // namespace xen_front::test
