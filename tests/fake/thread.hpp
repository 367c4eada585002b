// SPDX-License-Identifier: GPL-2.0-only
// Another thread of the kernel, for what happens while somebody waits with a mutex held. Only one
// thread runs at any time, and they change places only where a real one would have to wait.
#pragma once

#include <ucontext.h>

#include <functional>

#include "fake/context.hpp"

namespace xen_front::fake {

class Thread {
  public:
    // Runs @body until it ends, or has to wait for a mutex; then it goes on when that is released.
    Thread(Context &context, std::function<void()> body);
    // It has to have ended by then.
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
    // Lets it go on: called by whoever runs.
    void resume();
    // Gives way until @lock is released: called by itself.
    void wait_for(const void *lock);

    Context &context_;
    Context::Execution execution_;
    const void *awaited_ = nullptr;
    bool has_ended_ = false;
    std::function<void()> body_;
    // A stack of its own on the test's thread: the scheduler of the host has no part in it.
    void *stack_;
    ucontext_t own_;
    ucontext_t resumer_; // who runs while this one waits
    const void *resumer_stack_ = nullptr;
    size_t resumer_stack_size_ = 0;
};

} // namespace xen_front::fake
