// SPDX-License-Identifier: GPL-2.0-only
#include "fake/thread.hpp"

#include <cstdlib>
#include <utility>
#include <vector>

#include "fake/fault.hpp"

namespace xen_front::fake {

Thread::Thread(Context &context, std::function<void()> body) : context_(context)
{
    execution_.thread = this;
    context_.executions_.push_back(&execution_);
    thread_ = std::thread([this, run = std::move(body)] {
        may_run_.acquire();
        run();
        has_ended_ = true;
        has_paused_.release();
    });
    resume();
}

Thread::~Thread()
{
    if (!has_ended_) {
        report_fault("a thread waits for a lock that nobody releases");
        std::abort();
    }
    thread_.join();
    std::erase(context_.executions_, &execution_);
}

void Thread::resume()
{
    Context::Execution *before = std::exchange(context_.current_, &execution_);
    awaited_ = nullptr;
    may_run_.release();
    has_paused_.acquire();
    context_.current_ = before;
}

void Thread::wait_for(const void *lock)
{
    awaited_ = lock;
    has_paused_.release();
    may_run_.acquire();
}

} // namespace xen_front::fake
