// SPDX-License-Identifier: GPL-2.0-only
// Another thread of the kernel, for what happens while a caller waits with a mutex held, or on
// another processor. One thread runs at a time; another takes its turn only where a real one would
// have to wait.
#pragma once

#include <ucontext.h>

#include <functional>

#include "fake/context.hpp"

namespace xen_front::fake {

class Thread {
  public:
    // Runs @body to its end, or until it has to wait for a lock; it goes on when that is released.
    Thread(Context &context, std::function<void()> body);
    // A fault when it has not ended.
    ~Thread();
    Thread(const Thread &) = delete;
    Thread &operator=(const Thread &) = delete;

    bool has_ended() const
    {
        return has_ended_;
    }

  private:
    friend class Context;

    static void main_function();
    // Lets it go on. The thread that runs calls this.
    void resume();
    // Lets others run until @lock is released. It calls this itself.
    void wait_for(const void *lock);

    Context &context_;
    Context::Execution execution_;
    const void *awaited_ = nullptr;
    bool has_ended_ = false;
    std::function<void()> body_;
    // It has its own stack on the test's thread: the host does not schedule it.
    void *stack_;
    ucontext_t own_;
    ucontext_t resumer_; // the thread that runs while this one waits
    const void *resumer_stack_ = nullptr;
    size_t resumer_stack_size_ = 0;
};

} // namespace xen_front::fake
