// SPDX-License-Identifier: GPL-2.0-only
// Reads single nodes of the configuration, and begins the message when one is refused.
#pragma once

#include "sndif/config.hpp"

namespace xen_front {

// A node below the card's directory: "short-name" in "", "type" in "0/1".
struct ConfigNode {
    StringView directory;
    StringView name;
};

class ConfigReader {
  public:
    ConfigReader(const ConfigSource &source, Span<char> buffer, Diagnostic &why)
        : source_(source), buffer_(buffer), why_(why)
    {
    }

    // The value of @node without surrounding blanks, good until the next call; false when there is
    // no such node. Invalid when it is longer than any value may be. May sleep.
    Result<bool> read(ConfigNode node, StringView &value);
    // A decimal number from @least to @most; otherwise like read(). Invalid when it is none.
    Result<bool> read_number(ConfigNode node, uint32_t least, uint32_t most, uint32_t &number);
    // Text for people, cut to what @text holds; "" when there is no such node.
    Result<void> read_name(ConfigNode node, TextBuilder &text);
    // Shows @visitor the names of all that is in @directory.
    Result<void> list(StringView directory, const NameVisitor &visitor);

    // What is wrong with a directory, a node, or its value: begins the message with its path. The
    // caller goes on with what is allowed.
    TextBuilder &refuse(StringView directory);
    TextBuilder &refuse(ConfigNode node);
    TextBuilder &refuse(ConfigNode node, StringView value);
    // The path of @directory, in the middle of a message.
    void name_directory(StringView directory);

  private:
    const ConfigSource &source_;
    Span<char> buffer_;
    Diagnostic &why_;
};

} // namespace xen_front
