// SPDX-License-Identifier: GPL-2.0-only
// How the core does one thing to all substreams that are linked: snd_pcm_action() of pcm_native.c.
#include <cerrno>

#include "fake/kernel.hpp"

using namespace xen_front::fake;

int kshim_substream::act_alone(const PcmAction &action)
{
    int status = action.before(*this);
    if (status < 0)
        return status;
    status = action.carry_out(*this);
    if (status == 0)
        action.after(*this);
    else if (action.undo)
        action.undo(*this);
    return status;
}

// The locks of the other members, of streams or of buffers, nest inside of this one's.
int kshim_substream::act_on_group(const PcmAction &action, bool is_sleeping)
{
    const auto members = group->members;
    std::vector<std::unique_ptr<HeldLock>> held;
    for (kshim_substream *member : members) {
        if (member != this) {
            const void *lock = is_sleeping ? &member->buffer_mutex_ : &member->lock_;
            held.push_back(std::make_unique<HeldLock>(
                Kernel::current().context, lock, is_sleeping ? LockKind::Mutex : LockKind::Spin,
                (is_sleeping ? "PCM buffer, depth " : "stream, depth ") +
                    std::to_string(held.size() + 1)));
        }
        const int status = action.before(*member);
        if (status < 0)
            return status;
    }
    for (size_t i = 0; i < members.size(); i++) {
        const int status = action.carry_out(*members[i]);
        if (status < 0) {
            for (size_t done = 0; done < i && action.undo; done++)
                action.undo(*members[done]);
            return status;
        }
    }
    for (kshim_substream *member : members)
        action.after(*member);
    return 0;
}

int kshim_substream::act(const PcmAction &action)
{
    if (!group)
        return act_alone(action);
    const auto linked = group;
    const HeldLock held(Kernel::current().context, &linked->lock, LockKind::Spin, "PCM group");
    return act_on_group(action, false);
}

// snd_pcm_action_nonatomic()
int kshim_substream::act_sleeping(const PcmAction &action)
{
    Kernel &kernel = Kernel::current();
    const HeldLock links(kernel.context, &kernel.sound.link_rwsem, LockKind::Mutex, "PCM link");
    if (!block_buffer_access())
        return -EBUSY;
    const int status = group ? act_on_group(action, true) : act_alone(action);
    unblock_buffer_access();
    return status;
}

// snd_pcm_buffer_access_lock()
bool kshim_substream::block_buffer_access()
{
    if (runtime.buffer_accessing > 0)
        return false;
    runtime.buffer_accessing--;
    Kernel::current().context.acquire(&buffer_mutex_, LockKind::Mutex, "PCM buffer");
    return true;
}

void kshim_substream::unblock_buffer_access()
{
    Kernel::current().context.release(&buffer_mutex_);
    runtime.buffer_accessing++;
}

// snd_pcm_link(): @other joins this one's group.
int kshim_substream::link(kshim_substream &other)
{
    Kernel &kernel = Kernel::current();
    if (this == &other)
        return -EINVAL;
    const HeldLock links(kernel.context, &kernel.sound.link_rwsem, LockKind::Mutex, "PCM link");
    if (runtime.state == PcmState::Open || runtime.state != other.runtime.state)
        return -EBADFD;
    if (other.group)
        return -EALREADY;
    if (!group) {
        with_lock([this] {
            group = std::make_shared<PcmGroup>();
            group->members.push_back(this);
        });
    }
    const HeldLock held(kernel.context, &group->lock, LockKind::Spin, "PCM group");
    const HeldLock nested(kernel.context, &other.lock_, LockKind::Spin, "stream, depth 1");
    other.group = group;
    group->members.insert(group->members.begin(), &other);
    return 0;
}

// snd_pcm_unlink()
int kshim_substream::unlink()
{
    Kernel &kernel = Kernel::current();
    const HeldLock links(kernel.context, &kernel.sound.link_rwsem, LockKind::Mutex, "PCM link");
    if (!group)
        return -EALREADY;
    const auto left = group;
    const HeldLock held(kernel.context, &left->lock, LockKind::Spin, "PCM group");
    if (kernel.sound.kernel_release >= Release::Linux7_3) {
        for (kshim_substream *member : left->members)
            member->runtime.sleep_wakeups++;
    }
    const auto leave = [&](kshim_substream &member) {
        const HeldLock nested(kernel.context, &member.lock_, LockKind::Spin, "stream, depth 1");
        std::erase(left->members, &member);
        member.group.reset();
    };
    leave(*this);
    if (left->members.size() == 1) // the last one is alone
        leave(*left->members.front());
    return 0;
}
