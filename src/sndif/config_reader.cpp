// SPDX-License-Identifier: GPL-2.0-only
#include "sndif/config_reader.hpp"

#include "base/checked.hpp"

namespace xen_front {

namespace {

// As much of a refused value as a message shows.
constexpr size_t shown_length = 40;

using NodePath = Text<48>;

void make_path(ConfigNode node, NodePath &path)
{
    path << node.directory << (node.directory.is_empty() ? "" : "/") << node.name;
}

} // namespace

Result<bool> ConfigReader::read(ConfigNode node, StringView &value)
{
    NodePath path;
    make_path(node, path);
    auto length = source_.read(source_.context, path.view(), buffer_.data(), buffer_.size());
    if (length.is_error()) {
        if (length.error() == Error::NoEntry)
            return false;
        refuse(node) << "cannot be read (error " << static_cast<int>(length.error()) << ")";
        return length.error();
    }
    const StringView whole(buffer_.data(), min(length.value(), buffer_.size()));
    if (length.value() > buffer_.size()) {
        refuse(node, whole) << " is too long with " << uint64_t { length.value() }
                            << " bytes; at most " << uint64_t { buffer_.size() } << " are allowed";
        return Error::Invalid;
    }
    value = whole.trimmed();
    return true;
}

Result<bool> ConfigReader::read_number(ConfigNode node, uint32_t least, uint32_t most,
                                       uint32_t &number)
{
    StringView value;
    if (!TRY(read(node, value)))
        return false;
    auto parsed = parse_decimal(value);
    if (parsed.is_error() || parsed.value() < least || parsed.value() > most) {
        refuse(node, value) << " is not a decimal number from " << least << " to " << most;
        return Error::Invalid;
    }
    number = parsed.value();
    return true;
}

Result<void> ConfigReader::read_name(ConfigNode node, TextBuilder &text)
{
    text.clear();
    StringView value;
    if (TRY(read(node, value)))
        text.append_untrusted(value, value.size());
    return {};
}

Result<void> ConfigReader::list(StringView directory, const NameVisitor &visitor)
{
    auto listed = source_.list(source_.context, directory, visitor);
    if (listed.is_error()) {
        refuse(directory) << "cannot be listed (error " << static_cast<int>(listed.error()) << ")";
        return listed.error();
    }
    return {};
}

void ConfigReader::name_directory(StringView directory)
{
    why_ << source_.path << (directory.is_empty() ? "" : "/") << directory;
}

TextBuilder &ConfigReader::refuse(StringView directory)
{
    why_.clear();
    name_directory(directory);
    return why_ << ": ";
}

TextBuilder &ConfigReader::refuse(ConfigNode node)
{
    why_.clear();
    name_directory(node.directory);
    return why_ << "/" << node.name << ": ";
}

TextBuilder &ConfigReader::refuse(ConfigNode node, StringView value)
{
    refuse(node) << "\"";
    return why_.append_untrusted(value, shown_length) << "\"";
}

} // namespace xen_front
