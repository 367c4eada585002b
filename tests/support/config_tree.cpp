// SPDX-License-Identifier: GPL-2.0-only
#include "support/config_tree.hpp"

#include <algorithm>
#include <set>

#include "support/strings.hpp"

namespace xen_front::test {

namespace {

// XENSTORE_PAYLOAD_MAX: a longer list of names is answered with E2BIG.
constexpr size_t payload_max = 4096;

} // namespace

ConfigSource ConfigTree::source()
{
    return {
        .context = this,
        .read =
            [](void *tree, StringView node, char *value, size_t capacity) {
                return static_cast<ConfigTree *>(tree)->read(node, value, capacity);
            },
        .list =
            [](void *tree, StringView directory, const NameVisitor &visitor) {
                return static_cast<ConfigTree *>(tree)->list(directory, visitor);
            },
        .path = card_path,
    };
}

bool ConfigTree::fails(StringView node)
{
    if (calls_++ != failing_call_)
        return false;
    failed_node_ = to_string(node);
    return true;
}

Result<size_t> ConfigTree::read(StringView node, char *value, size_t capacity)
{
    if (fails(node))
        return failure_;
    const auto found = nodes_.find(to_string(node));
    if (found == nodes_.end())
        return Error::NoEntry;
    std::copy_n(found->second.begin(), std::min(capacity, found->second.size()), value);
    return found->second.size();
}

Result<void> ConfigTree::list(StringView directory, const NameVisitor &visitor)
{
    if (fails(directory))
        return failure_;
    const std::string prefix = directory.is_empty() ? "" : to_string(directory) + "/";
    std::set<std::string> names;
    size_t payload = 0;
    for (const auto &[path, value] : nodes_) {
        if (!path.starts_with(prefix))
            continue;
        const std::string rest = path.substr(prefix.size());
        const auto [name, is_new] = names.insert(rest.substr(0, rest.find('/')));
        if (is_new)
            payload += name->size() + 1;
    }
    if (payload > payload_max)
        return Error::TooBig;
    for (const std::string &name : names)
        visitor.visit(visitor.context, to_view(name));
    return {};
}

} // namespace xen_front::test
