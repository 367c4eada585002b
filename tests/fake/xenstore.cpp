// SPDX-License-Identifier: GPL-2.0-only
#include "fake/xenstore.hpp"

#include <cstring>
#include <set>

#include "fake/fault.hpp"
#include "fake/kernel.hpp"
#include "kshim/xenstore.h"

namespace xen_front::fake {

namespace {

constexpr const char *own_directory = "/local/domain/1/";
// XENSTORE_PAYLOAD_MAX: a longer list of names cannot be transferred.
constexpr size_t payload_max = 4096;

std::string absolute(const std::string &path)
{
    return path.starts_with("/") ? path : own_directory + path;
}

bool is_below(const std::string &path, const std::string &directory)
{
    return path.starts_with(directory + "/");
}

} // namespace

void XenStore::set(const std::string &path, const std::string &value)
{
    nodes_[absolute(path)] = value;
}

void XenStore::remove(const std::string &path)
{
    const std::string top = absolute(path);
    std::erase_if(nodes_,
                  [&](const auto &node) { return node.first == top || is_below(node.first, top); });
}

std::optional<std::string> XenStore::get(const std::string &path) const
{
    const auto found = nodes_.find(absolute(path));
    if (found == nodes_.end())
        return std::nullopt;
    return found->second;
}

XenStore::Nodes XenStore::below(const std::string &path) const
{
    const std::string top = absolute(path);
    Nodes found;
    for (const auto &[node, value] : nodes_) {
        if (is_below(node, top))
            found[node.substr(top.size() + 1)] = value;
    }
    return found;
}

const XenStore::Nodes *XenStore::nodes_of(uint32_t transaction) const
{
    if (transaction == KSHIM_XENSTORE_NO_TRANSACTION)
        return &nodes_;
    const auto found = transactions_.find(transaction);
    if (found != transactions_.end())
        return &found->second.nodes;
    report_fault("a XenStore transaction is used that is not running");
    return nullptr;
}

int XenStore::read(uint32_t transaction, const std::string &path, std::string &value) const
{
    const Nodes *nodes = nodes_of(transaction);
    if (nodes == nullptr)
        return -EINVAL;
    const auto found = nodes->find(absolute(path));
    if (found != nodes->end()) {
        value = found->second;
        return 0;
    }
    // A directory without a value of its own has an empty one.
    const auto child = nodes->lower_bound(absolute(path) + "/");
    if (child == nodes->end() || !is_below(child->first, absolute(path)))
        return -ENOENT;
    value.clear();
    return 0;
}

int XenStore::list(uint32_t transaction, const std::string &path,
                   std::vector<std::string> &names) const
{
    std::string value;
    const int status = read(transaction, path, value);
    if (status < 0)
        return status;

    const std::string directory = absolute(path);
    std::set<std::string> children;
    size_t payload = 0;
    for (const auto &[node, unused] : *nodes_of(transaction)) {
        if (!is_below(node, directory))
            continue;
        const std::string rest = node.substr(directory.size() + 1);
        const auto [name, is_new] = children.insert(rest.substr(0, rest.find('/')));
        if (is_new)
            payload += name->size() + 1;
    }
    if (payload > payload_max)
        return -E2BIG;
    names.assign(children.begin(), children.end());
    return 0;
}

int XenStore::write(uint32_t transaction, const std::string &path, const std::string &value)
{
    if (transaction == KSHIM_XENSTORE_NO_TRANSACTION) {
        set(path, value);
        return 0;
    }
    const auto found = transactions_.find(transaction);
    if (found == transactions_.end()) {
        report_fault("a write in a XenStore transaction that is not running");
        return -EINVAL;
    }
    found->second.nodes[absolute(path)] = value;
    found->second.written[absolute(path)] = value;
    return 0;
}

uint32_t XenStore::start_transaction()
{
    transactions_[++last_transaction_] = { nodes_, {} };
    return last_transaction_;
}

int XenStore::end_transaction(uint32_t transaction, bool is_abort)
{
    const auto found = transactions_.find(transaction);
    if (found == transactions_.end()) {
        report_fault("a XenStore transaction was ended that is not running");
        return -EINVAL;
    }
    const Nodes written = std::move(found->second.written);
    transactions_.erase(found);
    if (is_abort)
        return 0;
    if (collisions_ > 0) {
        collisions_--;
        return -EAGAIN;
    }
    for (const auto &[path, value] : written)
        nodes_[path] = value;
    return 0;
}

std::string XenStore::leaks() const
{
    std::string text;
    for (const auto &[number, unused] : transactions_)
        text += "XenStore transaction " + std::to_string(number) + "\n";
    return text;
}

} // namespace xen_front::fake

using namespace xen_front::fake;

namespace {

// As the kernel joins them.
std::string join(const char *directory, const char *node)
{
    return *node == '\0' ? directory : std::string(directory) + "/" + node;
}

} // namespace

int kshim_xenstore_read(uint32_t transaction, const char *directory, const char *node, char **value,
                        size_t *length)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_xenstore_read()");
    if (kernel.injector.is_failing("kshim_xenstore_read", -EIO))
        return -EIO;
    const std::string path = join(directory, node);
    std::string text;
    const int status = kernel.store.read(transaction, path, text);
    if (status < 0)
        return status;
    *value = static_cast<char *>(kernel.heap.allocate(text.size() + 1, "the value of " + path));
    std::memcpy(*value, text.data(), text.size());
    *length = text.size();
    return 0;
}

int kshim_xenstore_list(uint32_t transaction, const char *directory, const char *node,
                        char ***names, unsigned int *count)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_xenstore_list()");
    if (kernel.injector.is_failing("kshim_xenstore_list", -ENOMEM))
        return -ENOMEM;
    const std::string path = join(directory, node);
    std::vector<std::string> children;
    const int status = kernel.store.list(transaction, path, children);
    if (status < 0)
        return status;

    size_t size = children.size() * sizeof(char *) + 1;
    for (const std::string &child : children)
        size += child.size() + 1;
    *names = static_cast<char **>(kernel.heap.allocate(size, "the listing of " + path));
    char *text = reinterpret_cast<char *>(*names + children.size());
    for (size_t i = 0; i < children.size(); i++) {
        (*names)[i] = text;
        std::memcpy(text, children[i].c_str(), children[i].size() + 1);
        text += children[i].size() + 1;
    }
    *count = static_cast<unsigned int>(children.size());
    return 0;
}

int kshim_xenstore_write(uint32_t transaction, const char *directory, const char *node,
                         const char *value)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_xenstore_write()");
    if (kernel.injector.is_failing("kshim_xenstore_write", -ENOSPC))
        return -ENOSPC;
    return kernel.store.write(transaction, join(directory, node), value);
}

int kshim_xenstore_transaction_start(uint32_t *transaction)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_xenstore_transaction_start()");
    if (kernel.injector.is_failing("kshim_xenstore_transaction_start", -ENOSPC))
        return -ENOSPC;
    *transaction = kernel.store.start_transaction();
    return 0;
}

int kshim_xenstore_transaction_end(uint32_t transaction, bool abort)
{
    Kernel &kernel = Kernel::current();
    kernel.context.require_may_sleep("kshim_xenstore_transaction_end()");
    if (kernel.injector.is_failing("kshim_xenstore_transaction_end", -EIO)) {
        kernel.store.end_transaction(transaction, true);
        return -EIO;
    }
    kernel.timeline.pass(kernel.store.commit_time);
    return kernel.store.end_transaction(transaction, abort);
}
