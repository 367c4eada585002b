// SPDX-License-Identifier: GPL-2.0-only
#include "xenlib/xenstore.hpp"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fmt/core.h>

// The header does not say that the library is C.
extern "C" {
#include <xenstore.h>
}

namespace sndback {

namespace {

struct Free {
    void operator()(void *memory) const
    {
        std::free(memory);
    }
};

std::string reason()
{
    return std::generic_category().message(errno);
}

std::vector<std::string> list_children(xs_handle *handle, xs_transaction_t transaction,
                                       const std::string &path)
{
    unsigned count = 0;
    const std::unique_ptr<char *, Free> names(
        xs_directory(handle, transaction, path.c_str(), &count));
    if (names == nullptr)
        return {};
    return { names.get(), names.get() + count };
}

[[noreturn]] void refuse_write(const std::string &path, const std::string &value)
{
    throw std::runtime_error(
        fmt::format("cannot write '{}' to the XenStore node {}: {}", value, path, reason()));
}

} // namespace

void XenStore::Closer::operator()(xs_handle *handle) const
{
    xs_close(handle);
}

XenStore::XenStore() : handle_(xs_open(0))
{
    if (handle_ == nullptr)
        throw std::runtime_error(fmt::format(
            "cannot connect to XenStore: {}; is xenstored running and this a Xen domain?",
            reason()));
}

std::optional<std::string> XenStore::read(std::uint32_t transaction, const std::string &path) const
{
    unsigned length = 0;
    const std::unique_ptr<void, Free> value(
        xs_read(handle_.get(), transaction, path.c_str(), &length));
    if (value == nullptr)
        return std::nullopt;
    return std::string(static_cast<const char *>(value.get()), length);
}

std::optional<std::string> XenStore::read(const std::string &path) const
{
    return read(XBT_NULL, path);
}

std::vector<std::string> XenStore::list(const std::string &path) const
{
    return list_children(handle_.get(), XBT_NULL, path);
}

// oxenstored sends answers of any length over a socket, and libxenstore takes none of more than
// XENSTORE_PAYLOAD_MAX octets. Without a watch there is no thread of the library that reads: the
// connection costs a descriptor.
std::vector<std::string> XenStore::list_apart(const std::string &path) const
{
    // Where the daemon has gone, libxenstore would ask through the kernel, which waits for ever.
    if (!answers())
        return {};
    const std::unique_ptr<xs_handle, Closer> handle(xs_open(0));
    return handle == nullptr ? std::vector<std::string> {}
                             : list_children(handle.get(), XBT_NULL, path);
}

void XenStore::write(const std::string &path, const std::string &value)
{
    if (!xs_write(handle_.get(), XBT_NULL, path.c_str(), value.data(),
                  static_cast<unsigned>(value.size())))
        refuse_write(path, value);
}

bool XenStore::transact(const std::function<Change(std::uint32_t)> &change)
{
    constexpr unsigned most_tries = 100;
    // A transaction fails, and leaves everything as it was, when another client writes meanwhile.
    for (unsigned tries = 0; tries < most_tries; ++tries) {
        const xs_transaction_t transaction = xs_transaction_start(handle_.get());
        if (transaction == XBT_NULL)
            return false;
        const Change outcome = change(transaction);
        const int error = errno;
        const bool is_done =
            xs_transaction_end(handle_.get(), transaction, outcome != Change::made);
        if (outcome == Change::unwanted || (outcome == Change::made && is_done))
            return true;
        if (outcome == Change::refused)
            errno = error;
        if (errno != EAGAIN)
            return false;
    }
    return false;
}

void XenStore::write_beside(const std::string &other, const std::string &path,
                            const std::string &value)
{
    const bool is_done = transact([&](std::uint32_t transaction) {
        if (!read(transaction, other))
            return Change::unwanted;
        return xs_write(handle_.get(), transaction, path.c_str(), value.data(),
                        static_cast<unsigned>(value.size()))
                   ? Change::made
                   : Change::refused;
    });
    if (!is_done)
        refuse_write(path, value);
}

void XenStore::remove(const std::string &path)
{
    xs_rm(handle_.get(), XBT_NULL, path.c_str());
}

void XenStore::remove_if(const std::string &path,
                         const std::vector<std::pair<std::string, std::string>> &values)
{
    const bool is_done = transact([&](std::uint32_t transaction) {
        for (const auto &[node, value] : values)
            if (read(transaction, fmt::format("{}/{}", path, node)) != value)
                return Change::unwanted;
        const std::string above = path.substr(0, path.rfind('/'));
        if (!xs_rm(handle_.get(), transaction, path.c_str()))
            return Change::refused;
        // The toolstack may have kept that one to itself.
        if (list_children(handle_.get(), transaction, above).empty())
            (void)xs_rm(handle_.get(), transaction, above.c_str());
        return Change::made;
    });
    if (!is_done)
        throw std::runtime_error(
            fmt::format("cannot remove the XenStore node {}: {}", path, reason()));
}

bool XenStore::answers() const
{
    return read("domid").has_value() || errno == ENOENT || errno == EACCES;
}

std::string XenStore::own_path() const
{
    const std::optional<std::string> domain = read("domid");
    if (!domain)
        throw std::runtime_error(
            "the XenStore node domid of this domain is missing; in a Dom0 run xen-init-dom0 first");
    return "/local/domain/" + *domain;
}

bool XenStore::domain_alive(unsigned domain) const
{
    errno = 0;
    return xs_is_domain_introduced(handle_.get(), domain) || errno == EACCES || errno == EPERM;
}

int XenStore::descriptor() const
{
    return xs_fileno(handle_.get());
}

std::optional<XenStore::Event> XenStore::next_event()
{
    const std::unique_ptr<char *, Free> event(xs_check_watch(handle_.get()));
    if (event == nullptr)
        return std::nullopt;
    return Event { event.get()[XS_WATCH_PATH], event.get()[XS_WATCH_TOKEN] };
}

XenStore::Watch::Watch(XenStore &store, std::string path, std::string token)
    : store_(store), path_(std::move(path)), token_(std::move(token))
{
    if (!xs_watch(store_.handle_.get(), path_.c_str(), token_.c_str()))
        throw std::runtime_error(
            fmt::format("cannot watch the XenStore node {}: {}", path_, reason()));
}

XenStore::Watch::~Watch()
{
    xs_unwatch(store_.handle_.get(), path_.c_str(), token_.c_str());
}

} // namespace sndback
