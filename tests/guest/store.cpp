// SPDX-License-Identifier: GPL-2.0-only
#include "store.h"

#include "ktap.h"

#include <cstdlib>
#include <poll.h>

// The header does not say that the library is C.
extern "C" {
#include <xenstore.h>
}

namespace selftest {

namespace {

using Clock = std::chrono::steady_clock;

struct Free {
    void operator()(void *memory) const
    {
        std::free(memory);
    }
};

} // namespace

void Store::Closer::operator()(xs_handle *handle) const
{
    xs_close(handle);
}

Store::Store() : handle_(xs_open(0))
{
    expect(handle_ != nullptr, "cannot reach XenStore");
}

std::optional<std::string> Store::read(const std::string &path) const
{
    unsigned int length = 0;
    const std::unique_ptr<void, Free> value(
        xs_read(handle_.get(), XBT_NULL, path.c_str(), &length));
    if (value == nullptr)
        return std::nullopt;
    return std::string(static_cast<const char *>(value.get()), length);
}

void Store::write(const std::string &path, const std::string &value)
{
    expect(xs_write(handle_.get(), XBT_NULL, path.c_str(), value.data(),
                    static_cast<unsigned int>(value.size())),
           "cannot write " + path);
}

void Store::watch(const std::string &path)
{
    expect(xs_watch(handle_.get(), path.c_str(), path.c_str()), "cannot watch " + path);
}

std::optional<std::string> Store::wait_for_watch(std::chrono::milliseconds limit)
{
    const auto end = Clock::now() + limit;
    for (;;) {
        const std::unique_ptr<char *, Free> event(xs_check_watch(handle_.get()));
        if (event != nullptr)
            return std::string(event.get()[XS_WATCH_PATH]);
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0)
            return std::nullopt;
        pollfd descriptor = { .fd = xs_fileno(handle_.get()), .events = POLLIN, .revents = 0 };
        poll(&descriptor, 1, static_cast<int>(left.count()));
    }
}

std::optional<std::string> Store::wait_for_change(const std::string &path, const std::string &old,
                                                  std::chrono::milliseconds limit)
{
    const auto end = Clock::now() + limit;
    for (;;) {
        const auto value = read(path);
        if (value && *value != old)
            return value;
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
        if (left.count() <= 0 || !wait_for_watch(left))
            return std::nullopt;
    }
}

} // namespace selftest
