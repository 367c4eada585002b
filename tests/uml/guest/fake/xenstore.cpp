// SPDX-License-Identifier: GPL-2.0-only
#include "fake/xenstore.hpp"

#include <cstring>

#include "fake/fault.hpp"

namespace xen_front::fake {

namespace {

// On the heap: it is larger than what a stack should hold.
std::unique_ptr<fake_xen_node> node_of(const std::string &path, const std::string &value = {})
{
    auto node = std::make_unique<fake_xen_node>();
    if (path.size() >= sizeof(node->path) || value.size() > sizeof(node->value)) {
        report_fault("a node is too long: " + path);
        return node;
    }
    std::memcpy(node->path, path.c_str(), path.size() + 1);
    std::memcpy(node->value, value.data(), value.size());
    node->length = static_cast<uint32_t>(value.size());
    return node;
}

} // namespace

void XenStore::set(const std::string &path, const std::string &value)
{
    if (xen_.call(FAKE_XEN_WRITE, *node_of(path, value)) != 0)
        report_fault("cannot write " + path);
    world_.settle();
}

void XenStore::remove(const std::string &path)
{
    xen_.call(FAKE_XEN_REMOVE, *node_of(path));
    world_.settle();
}

void XenStore::restore_without(const std::string &path)
{
    const auto node = node_of(path);
    if (world_.unlocked([&] { return xen_.call(FAKE_XEN_RESTORE_WITHOUT, *node); }) != 0)
        report_fault("cannot restore the guest without " + path);
}

std::optional<std::string> XenStore::get(const std::string &path) const
{
    const auto node = node_of(path);
    if (xen_.call(FAKE_XEN_READ, *node) != 0)
        return std::nullopt;
    return std::string(node->value, node->length);
}

std::vector<std::string> XenStore::children(const std::string &path) const
{
    const auto node = node_of(path);
    std::vector<std::string> names;
    if (xen_.call(FAKE_XEN_LIST, *node) != 0)
        return names;
    for (size_t at = 0; at < node->length; at += names.back().size() + 1)
        names.emplace_back(node->value + at);
    return names;
}

void XenStore::add_below(const std::string &path, const std::string &prefix, Nodes &nodes) const
{
    for (const std::string &name : children(path)) {
        if (const auto value = get(path + "/" + name))
            nodes[prefix + name] = *value;
        add_below(path + "/" + name, prefix + name + "/", nodes);
    }
}

XenStore::Nodes XenStore::below(const std::string &path) const
{
    Nodes nodes;
    add_below(path, "", nodes);
    return nodes;
}

void XenStore::collide_commits(unsigned int count)
{
    xen_.call(FAKE_XEN_COLLIDE, count);
}

} // namespace xen_front::fake
