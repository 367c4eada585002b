// SPDX-License-Identifier: GPL-2.0-only
#include <algorithm>
#include <cctype>
#include <charconv>
#include <set>
#include <tuple>

#include "server/configuration.hpp"
#include "server/log.hpp"
#include "server/text.hpp"

namespace sndback {

namespace {

// Of what concerns one guest, which is sent to its worker in one message.
constexpr std::size_t most_octets_of_guest = 64 * 1024;

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
        for (const GuestSection &guest : configuration_.guests)
            if (configuration_.common_text.size() + guest.text.size() > most_octets_of_guest)
                throw BadConfiguration(fmt::format(
                    "{}: what it says of [guest {}] and of all guests is longer than {} octets; "
                    "shorten it",
                    name_, printable(guest.pattern), most_octets_of_guest));
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
            bad(fmt::format(
                "'{}': a section ends with ']', as in [guest NAME], and nothing follows", line));
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
            begin_guest(argument);
        } else {
            bad(fmt::format("[{}]: must be [backend], [defaults] or [guest NAME], NAME being a "
                            "domain's name, a shell pattern for it, or its UUID",
                            inside));
        }
    }

    void begin_guest(std::string_view argument)
    {
        const std::string pattern = unquote(argument);
        // [guest a] # see [1]
        const std::size_t end = std::min(pattern.find(']'), pattern.size());
        if (pattern == argument && pattern.find_first_of(" \t#", end) != std::string::npos)
            bad(fmt::format("[guest {}]: text behind the section; a comment takes a line of its "
                            "own, and a NAME like that quotation marks",
                            pattern));
        if (!patterns_.empty() && configuration_.guests.back().pattern == "*")
            bad(fmt::format("[guest {}]: comes after [guest *], which matches every guest; move it "
                            "to before that",
                            pattern));
        if (!patterns_.insert(is_uuid(pattern) ? lower_case(pattern) : pattern).second)
            bad(fmt::format("[guest {}]: is there already, and the first section that matches "
                            "decides; make one of both",
                            pattern));
        section_ = Section::guest;
        std::erase_if(keys_, [](const auto &key) { return std::get<0>(key) == Section::guest; });
        configuration_.guests.push_back({ pattern, {} });
        configuration_.guests.back().rules.quota = defaults_;
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
        if (value.find(" #") != std::string_view::npos ||
            value.find("\t#") != std::string_view::npos)
            bad(fmt::format("'{}': a comment takes a line of its own", line));
        if (!keys_.insert({ section_, std::string(key), pattern }).second)
            bad(fmt::format("'{}': is said already in this section; say it once", line));
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

    [[nodiscard]] static std::string lower_case(std::string text)
    {
        std::transform(text.begin(), text.end(), text.begin(), [](unsigned char character) {
            return static_cast<char>(std::tolower(character));
        });
        return text;
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
    std::set<std::string> patterns_; // of the guests' sections
    // Of the present guest's section, and of the others: with the pattern for unique-ids.
    std::set<std::tuple<Section, std::string, std::string>> keys_;
    Configuration configuration_;
};

} // namespace

Configuration parse_configuration(std::string_view text, const std::string &name)
{
    return Parser(text, name).parse();
}

} // namespace sndback
