// SPDX-License-Identifier: GPL-2.0-only
#include "server/configuration.hpp"

#include <fnmatch.h>
#include <strings.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <system_error>

#include "server/log.hpp"
#include "server/text.hpp"

namespace sndback {

namespace {

// Sent to each worker in one message.
constexpr std::size_t most_octets = 64 * 1024;

constexpr unsigned most_priority = 50;

constexpr std::string_view line_blanks(" \t\r");

class Parser {
  public:
    Parser(std::string_view text, const std::string &name) : rest_(text), name_(name)
    {
    }

    Configuration parse()
    {
        while (!rest_.empty()) {
            ++line_;
            const std::size_t end = rest_.find('\n');
            const std::string_view line = trim(rest_.substr(0, end), line_blanks);
            rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
            if (line.empty() || line.front() == '#')
                continue;
            if (line.front() == '[')
                begin_section(line);
            else
                set(line);
            std::string &text = section_ == Section::guest ? configuration_.guests.back().text
                                                           : configuration_.common_text;
            text.append(line).push_back('\n');
        }
        configuration_.is_written = true;
        return std::move(configuration_);
    }

  private:
    enum class Section {
        none,
        backend,
        defaults,
        guest
    };

    [[noreturn]] void bad(std::string_view what) const
    {
        throw BadConfiguration(fmt::format("{}:{}: {}", name_, line_, printable(what)));
    }

    void begin_section(std::string_view line)
    {
        if (line.back() != ']')
            bad(fmt::format("'{}': a section ends with ']', as in [guest NAME]", line));
        const std::string_view inside = trim(line.substr(1, line.size() - 2), line_blanks);
        const std::string_view kind = inside.substr(0, inside.find_first_of(" \t"));
        const std::string_view argument = trim(inside.substr(kind.size()), line_blanks);
        if (kind == "backend" && argument.empty()) {
            section_ = Section::backend;
        } else if (kind == "defaults" && argument.empty()) {
            if (!configuration_.guests.empty())
                bad("[defaults] must come before the first [guest NAME], to which it applies");
            section_ = Section::defaults;
        } else if (kind == "guest" && !argument.empty()) {
            section_ = Section::guest;
            configuration_.guests.push_back({ unquote(argument), {} });
            configuration_.guests.back().rules.quota = defaults_;
        } else {
            bad(fmt::format("[{}]: must be [backend], [defaults] or [guest NAME], NAME being a "
                            "domain's name, a shell pattern for it, or its UUID",
                            inside));
        }
    }

    // KEY = VALUE; in a guest's section also KEY "PATTERN" = VALUE, which may contain a '='.
    void set(std::string_view line)
    {
        const std::string_view key = line.substr(0, line.find_first_of(" \t=\""));
        std::string_view rest = trim(line.substr(key.size()), line_blanks);
        std::string pattern;
        if (!rest.empty() && rest.front() == '"') {
            const std::size_t end = rest.find('"', 1);
            if (end == std::string_view::npos)
                bad(fmt::format("'{}': the quotation mark is not closed", line));
            pattern = rest.substr(1, end - 1);
            if (pattern.empty())
                bad("\"\": a pattern for unique-ids must not be empty; \"*\" matches every one");
            rest = trim(rest.substr(end + 1), line_blanks);
        }
        if (key.empty() || rest.empty() || rest.front() != '=')
            bad(fmt::format("'{}': must be KEY = VALUE, or KEY \"UNIQUE-ID\" = VALUE", line));
        const std::string_view value = trim(rest.substr(1), line_blanks);
        if (value.empty())
            bad(fmt::format("'{}': there is no value after '='", line));
        switch (section_) {
        case Section::none:
            bad(fmt::format("'{}': comes before the first section, [backend], [defaults] or "
                            "[guest NAME]",
                            line));
        case Section::backend:
            refuse_pattern(pattern);
            return set_backend(key, value);
        case Section::defaults:
            refuse_pattern(pattern);
            return set_quota(defaults_, key, value);
        case Section::guest:
            return set_guest(key, pattern, value);
        }
    }

    void refuse_pattern(const std::string &pattern) const
    {
        if (!pattern.empty())
            bad(fmt::format("\"{}\": only playback and capture of a guest depend on a unique-id",
                            pattern));
    }

    void set_backend(std::string_view key, std::string_view value)
    {
        if (key == "user")
            configuration_.user = value;
        else if (key == "realtime-priority")
            configuration_.realtime_priority = number(key, value, 0, most_priority);
        else
            bad(fmt::format("'{}': [backend] knows user and realtime-priority", key));
    }

    void set_guest(std::string_view key, const std::string &pattern, std::string_view value)
    {
        GuestRules &rules = configuration_.guests.back().rules;
        if (key != "playback" && key != "capture") {
            refuse_pattern(pattern);
            return set_quota(rules.quota, key, value);
        }
        DeviceSpec device;
        try {
            device = parse_device_spec(std::string(value));
        } catch (const std::invalid_argument &error) {
            bad(error.what());
        }
        if (!pattern.empty())
            rules.rules.push_back({ pattern, key.front(), std::move(device) });
        else
            (key == "playback" ? rules.playback : rules.capture) = std::move(device);
    }

    void set_quota(Quota &quota, std::string_view key, std::string_view value) const
    {
        std::string known;
        for (const QuotaRow &row : quota_rows) {
            if (row.key == key) {
                quota.*row.value = number(key, value, 1, row.most);
                return;
            }
            known += fmt::format(", {}", row.key);
        }
        bad(fmt::format("'{}': unknown; there are {}{}", key,
                        section_ == Section::guest ? "playback, capture" : "the quotas", known));
    }

    [[nodiscard]] unsigned number(std::string_view key, std::string_view value, unsigned least,
                                  unsigned most) const
    {
        unsigned result = 0;
        const auto [end, error] =
            std::from_chars(value.data(), value.data() + value.size(), result);
        if (error != std::errc {} || end != value.data() + value.size() || result < least ||
            result > most)
            bad(fmt::format("{} = {}: must be a number from {} to {}", key, value, least, most));
        return result;
    }

    [[nodiscard]] std::string unquote(std::string_view text) const
    {
        if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
            text = text.substr(1, text.size() - 2);
        return std::string(text);
    }

    std::string_view rest_;
    const std::string &name_;
    unsigned line_ = 0;
    Section section_ = Section::none;
    Quota defaults_;
    Configuration configuration_;
};

} // namespace

bool GuestSection::matches(const GuestIdentity &guest) const
{
    if (pattern == "*")
        return true;
    // Tenants may choose the names of their guests, and another one's UUID for a name.
    if (is_uuid(pattern))
        return strcasecmp(pattern.c_str(), guest.uuid.c_str()) == 0;
    const std::string name = guest.lasting_name();
    return !name.empty() && fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

const GuestSection *Configuration::find_section(const GuestIdentity &guest) const
{
    const auto found = std::find_if(guests.begin(), guests.end(), [&](const GuestSection &section) {
        return section.matches(guest);
    });
    return found == guests.end() ? nullptr : &*found;
}

const GuestRules *Configuration::find(const GuestIdentity &guest) const
{
    const GuestSection *section = find_section(guest);
    return section != nullptr ? &section->rules : nullptr;
}

std::optional<std::string> Configuration::text_for(const GuestIdentity &guest) const
{
    if (!is_written)
        return std::nullopt;
    const GuestSection *section = find_section(guest);
    return section != nullptr ? common_text + section->text : common_text;
}

Configuration parse_configuration(std::string_view text, const std::string &name)
{
    return Parser(text, name).parse();
}

std::string read_configuration(const std::string &path)
{
    const std::unique_ptr<std::FILE, int (*)(std::FILE *)> file(std::fopen(path.c_str(), "re"),
                                                                &std::fclose);
    std::string text(most_octets + 1, '\0');
    if (file != nullptr)
        text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (file == nullptr || std::ferror(file.get()) != 0)
        throw BadConfiguration(
            fmt::format("{}: cannot be read: {}; see xen-sndback(8) for what belongs there", path,
                        std::generic_category().message(errno)));
    if (text.size() > most_octets)
        throw BadConfiguration(
            fmt::format("{}: longer than {} octets; shorten it", path, most_octets));
    return text;
}

} // namespace sndback
