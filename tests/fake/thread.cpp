// SPDX-License-Identifier: GPL-2.0-only
#include "fake/thread.hpp"

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "fake/fault.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif

namespace xen_front::fake {

namespace {

constexpr size_t stack_size = size_t { 512 } << 10;
constexpr size_t guard_size = 4096;

// Stacks of threads that have ended, for those that begin.
std::vector<void *> &free_stacks()
{
    static std::vector<void *> stacks;
    return stacks;
}

void *take_stack()
{
    std::vector<void *> &stacks = free_stacks();
    if (!stacks.empty()) {
        void *stack = stacks.back();
        stacks.pop_back();
        // What the last function on it did not return from is still marked.
        ASAN_UNPOISON_MEMORY_REGION(stack, stack_size);
        return stack;
    }
    void *memory = mmap(nullptr, guard_size + stack_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, guard_size, PROT_NONE) != 0) {
        std::perror("the stack of a thread");
        std::abort();
    }
    return static_cast<char *>(memory) + guard_size;
}

// The sanitizer has to know on which stack the program runs.
void announce_switch([[maybe_unused]] void **left, [[maybe_unused]] const void *stack,
                     [[maybe_unused]] size_t size)
{
#ifdef HAS_ADDRESS_SANITIZER
    __sanitizer_start_switch_fiber(left, stack, size);
#endif
}

void complete_switch([[maybe_unused]] void *entered, [[maybe_unused]] const void **old_stack,
                     [[maybe_unused]] size_t *old_size)
{
#ifdef HAS_ADDRESS_SANITIZER
    __sanitizer_finish_switch_fiber(entered, old_stack, old_size);
#endif
}

// What main_function() is to run: makecontext() passes no pointers.
Thread *starting_thread;

} // namespace

Thread::Thread(Context &context, std::function<void()> body)
    : context_(context), body_(std::move(body)), stack_(take_stack())
{
    execution_.thread = this;
    context_.executions_.push_back(&execution_);
    getcontext(&own_);
    own_.uc_stack.ss_sp = stack_;
    own_.uc_stack.ss_size = stack_size;
    own_.uc_link = nullptr;
    makecontext(&own_, &Thread::main_function, 0);
    starting_thread = this;
    resume();
}

Thread::~Thread()
{
    if (!has_ended_) {
        report_fault("a thread waits for a lock that is never released");
        std::abort();
    }
    free_stacks().push_back(stack_);
    std::erase(context_.executions_, &execution_);
}

void Thread::main_function()
{
    Thread *thread = starting_thread;
    complete_switch(nullptr, &thread->resumer_stack_, &thread->resumer_stack_size_);
    thread->body_();
    thread->body_ = nullptr;
    thread->has_ended_ = true;
    announce_switch(nullptr, thread->resumer_stack_, thread->resumer_stack_size_);
    setcontext(&thread->resumer_);
}

void Thread::resume()
{
    Context::Execution *before = std::exchange(context_.current_, &execution_);
    awaited_ = nullptr;
    void *left = nullptr;
    announce_switch(&left, stack_, stack_size);
    swapcontext(&resumer_, &own_);
    complete_switch(left, nullptr, nullptr);
    context_.current_ = before;
}

void Thread::wait_for(const void *lock)
{
    awaited_ = lock;
    void *left = nullptr;
    announce_switch(&left, resumer_stack_, resumer_stack_size_);
    swapcontext(&own_, &resumer_);
    complete_switch(left, &resumer_stack_, &resumer_stack_size_);
}

} // namespace xen_front::fake
