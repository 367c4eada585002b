// SPDX-License-Identifier: GPL-2.0-only
// Which lock guards what, for Clang's -Wthread-safety to check. Other compilers ignore it.
#pragma once

#ifdef __clang__
#define XEN_FRONT_THREAD_ATTRIBUTE(...) __attribute__((__VA_ARGS__))
#else
#define XEN_FRONT_THREAD_ATTRIBUTE(...)
#endif

// A class whose objects are locks; @kind is the word for them in messages.
#define XEN_FRONT_LOCK(kind) XEN_FRONT_THREAD_ATTRIBUTE(capability(kind))
// A class whose objects hold a lock from construction to destruction.
#define XEN_FRONT_LOCK_GUARD XEN_FRONT_THREAD_ATTRIBUTE(scoped_lockable)
// A function that takes, or releases, a lock.
#define XEN_FRONT_ACQUIRES(...) XEN_FRONT_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define XEN_FRONT_RELEASES(...) XEN_FRONT_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
// A member that is only read or written with @lock held.
#define XEN_FRONT_GUARDED_BY(lock) XEN_FRONT_THREAD_ATTRIBUTE(guarded_by(lock))
// A function that is called with the lock held, or without it because it takes it itself.
#define XEN_FRONT_REQUIRES(...) XEN_FRONT_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define XEN_FRONT_EXCLUDES(...) XEN_FRONT_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
