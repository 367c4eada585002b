// SPDX-License-Identifier: GPL-2.0-only
//
// A guest's directory in XenStore: lines of PATH=VALUE below the frontend's.
#include <map>
#include <set>

#include "server/config.hpp"

namespace {

using namespace sndback;

class Directory final : public StoreReader {
  public:
    explicit Directory(std::string_view text)
    {
        while (!text.empty()) {
            const std::string_view line = text.substr(0, text.find('\n'));
            text.remove_prefix(std::min(line.size() + 1, text.size()));
            const std::size_t equals = line.find('=');
            if (equals != std::string_view::npos)
                nodes_["/fe/" + std::string(line.substr(0, equals))] = line.substr(equals + 1);
        }
    }

    [[nodiscard]] std::optional<std::string> read(const std::string &path) const override
    {
        const auto node = nodes_.find(path);
        return node == nodes_.end() ? std::nullopt : std::optional(node->second);
    }
    [[nodiscard]] std::vector<std::string> list(const std::string &path) const override
    {
        std::set<std::string> names;
        for (const auto &[node, value] : nodes_)
            if (node.starts_with(path + "/"))
                names.insert(node.substr(path.size() + 1,
                                         node.find('/', path.size() + 1) - path.size() - 1));
        return { names.begin(), names.end() };
    }

  private:
    std::map<std::string, std::string> nodes_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    const Directory directory({ reinterpret_cast<const char *>(data), size });
    try {
        const CardConfig card = read_card(directory, "/fe");
        for (const StreamConfig &stream : card.streams)
            if (stream.limits.channels.empty() || stream.limits.rate_range.empty() ||
                stream.limits.formats == 0 || stream.limits.buffer_bytes == 0)
                __builtin_trap();
    } catch (const BadConfig &) {
    }
    return 0;
}
