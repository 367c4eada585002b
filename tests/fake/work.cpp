// SPDX-License-Identifier: GPL-2.0-only
#include "fake/work.hpp"

#include <utility>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"

namespace xen_front::fake {

Works::Entry *Works::find(const kshim_work *work)
{
    for (Entry &entry : entries_) {
        if (entry.work == work)
            return &entry;
    }
    report_fault("a work is used that is not initialised");
    return nullptr;
}

void Works::init(const kshim_work *work, kshim_work_function function, void *context)
{
    entries_.push_back({ work, function, context, 0, {}, false, nullptr });
}

void Works::schedule(const kshim_work *work, Duration delay)
{
    Entry *entry = find(work);
    if (entry == nullptr)
        return;
    const Duration due = timeline_.now() + delay;
    if (entry->plan != 0) {
        if (entry->due <= due)
            return;
        timeline_.cancel(entry->plan);
    }
    entry->due = due;
    entry->plan = timeline_.after(delay, [this, entry] {
        entry->plan = 0;
        run(*entry);
    });
}

void Works::thaw()
{
    is_frozen_ = false;
    for (Entry &entry : entries_) {
        if (std::exchange(entry.is_held_back, false))
            schedule(entry.work, Duration(0));
    }
}

void Works::run(Entry &entry)
{
    if (is_frozen_) {
        entry.is_held_back = true;
        return;
    }
    // Not twice at a time: the next run begins when this one is over.
    if (entry.thread && !entry.thread->has_ended()) {
        schedule(entry.work, std::chrono::milliseconds(1));
        return;
    }
    runs_++;
    entry.thread = std::make_unique<Thread>(context_, [&entry] { entry.function(entry.context); });
}

void Works::cancel(const kshim_work *work)
{
    Entry *entry = find(work);
    if (entry == nullptr)
        return;
    timeline_.cancel(entry->plan);
    entry->plan = 0;
    entry->is_held_back = false;
    if (!entry->is_idle())
        timeline_.wait([entry] { return entry->thread->has_ended(); }, std::chrono::seconds(10));
    if (!entry->is_idle())
        report_fault("kshim_work_cancel() waits for a run that never ends");
}

void Works::on_memory_freed(const void *memory, size_t size)
{
    const auto start = reinterpret_cast<uintptr_t>(memory);
    std::erase_if(entries_, [=](const Entry &entry) {
        const auto address = reinterpret_cast<uintptr_t>(entry.work);
        const bool is_inside = address >= start && address < start + size;
        if (is_inside && !entry.is_idle())
            report_fault("memory was freed with a work in it that was not cancelled");
        return is_inside;
    });
}

std::string Works::leaks() const
{
    std::string text;
    for (const Entry &entry : entries_) {
        if (!entry.is_idle())
            text += "a work that may still run\n";
    }
    return text;
}

} // namespace xen_front::fake

using namespace xen_front::fake;

void kshim_work_init(kshim_work *work, kshim_work_class, kshim_work_function function,
                     void *context)
{
    Kernel::current().works.init(work, function, context);
}

void kshim_work_schedule(kshim_work *work, unsigned int milliseconds)
{
    Kernel::current().works.schedule(work, std::chrono::milliseconds(milliseconds));
}

void kshim_work_cancel(kshim_work *work)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_work_cancel()");
    kernel.works.cancel(work);
}
