// SPDX-License-Identifier: GPL-2.0-only
#include "unit/xenlib/fake_xenstore.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

// The header does not say that the library is C.
extern "C" {
#include <xenstore.h>
}

namespace sndback {

std::map<std::string, std::string> xenstore_nodes;
std::multimap<std::string, std::string> xenstore_watches;

} // namespace sndback

using sndback::xenstore_nodes;
using sndback::xenstore_watches;

struct xs_handle {};

extern "C" {

xs_handle *xs_open(unsigned long)
{
    static xs_handle handle;
    return &handle;
}

void xs_close(xs_handle *)
{
}

void *xs_read(xs_handle *, xs_transaction_t, const char *path, unsigned *length)
{
    const auto node = xenstore_nodes.find(path);
    if (node == xenstore_nodes.end()) {
        errno = ENOENT;
        return nullptr;
    }
    *length = static_cast<unsigned>(node->second.size());
    return strdup(node->second.c_str());
}

char **xs_directory(xs_handle *, xs_transaction_t, const char *path, unsigned *count)
{
    const std::string directory = std::string(path) + "/";
    std::vector<std::string> names;
    std::size_t octets = 0;
    for (const auto &[node, value] : xenstore_nodes)
        if (node.starts_with(directory) && node.find('/', directory.size()) == std::string::npos) {
            names.push_back(node.substr(directory.size()));
            octets += sizeof(char *) + names.back().size() + 1;
        }
    // One block of pointers, and behind them what they point to.
    char **block = static_cast<char **>(std::malloc(octets + 1));
    char *at = reinterpret_cast<char *>(block + names.size());
    for (std::size_t index = 0; index < names.size(); ++index) {
        block[index] = at;
        std::memcpy(at, names[index].c_str(), names[index].size() + 1);
        at += names[index].size() + 1;
    }
    *count = static_cast<unsigned>(names.size());
    return block;
}

bool xs_write(xs_handle *, xs_transaction_t, const char *path, const void *data, unsigned length)
{
    xenstore_nodes[path] = std::string(static_cast<const char *>(data), length);
    return true;
}

bool xs_rm(xs_handle *, xs_transaction_t, const char *path)
{
    const std::string below = std::string(path) + "/";
    return std::erase_if(xenstore_nodes, [&](const auto &node) {
               return node.first == path || node.first.starts_with(below);
           }) != 0;
}

bool xs_watch(xs_handle *, const char *path, const char *token)
{
    xenstore_watches.emplace(path, token);
    return true;
}

bool xs_unwatch(xs_handle *, const char *path, const char *token)
{
    return std::erase_if(xenstore_watches, [&](const auto &watch) {
               return watch.first == path && watch.second == token;
           }) != 0;
}

// No other client writes: what is written in a transaction may be there at once.
xs_transaction_t xs_transaction_start(xs_handle *)
{
    return 1;
}

bool xs_transaction_end(xs_handle *, xs_transaction_t, bool)
{
    return true;
}

} // extern "C"
