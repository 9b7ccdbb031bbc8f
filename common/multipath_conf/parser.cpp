// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/multipath_conf/parser.hpp"

#include <algorithm>
#include <array>

namespace mpapi::multipath_conf {

namespace {

constexpr std::size_t most_problems = 100;

struct SectionKind {
    std::string_view name;
    std::string_view subsection; // the one kind of section that it may hold
    bool has_attributes = true;
};

constexpr std::array<SectionKind, 6> section_kinds = {{
    {"defaults", "", true},
    {"blacklist", "device", true},
    {"blacklist_exceptions", "device", true},
    {"devices", "device", false},
    {"overrides", "protocol", true},
    {"multipaths", "multipath", false},
}};

const SectionKind* find_kind(std::string_view name) noexcept {
    const auto found = std::find_if(section_kinds.begin(), section_kinds.end(),
                                    [&](const SectionKind& kind) { return kind.name == name; });
    return found == section_kinds.end() ? nullptr : &*found;
}

// A line cut into what multipathd looks at: the keyword, its value, and whether more follows.
struct Line {
    std::string_view keyword; // empty: nothing on this line
    bool brace_follows = false;
    bool has_value = false;
    std::string value;
    bool missing_quote = false;
    std::string_view extra; // what is ignored behind the value
};

constexpr bool separates(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r') || static_cast<unsigned char>(c) >= 0x80;
}

constexpr bool starts_comment(char c) noexcept {
    return c == '#' || c == '!';
}

constexpr bool ends_word(char c) noexcept {
    return separates(c) || starts_comment(c) || c == '{' || c == '}' || c == '"';
}

class LineReader {
  public:
    explicit LineReader(std::string_view rest) noexcept
      : rest_(rest) {}

    // The next word, brace or quote; empty at the end of what is not comment.
    std::string_view token() noexcept {
        while (!rest_.empty() && separates(rest_.front()))
            rest_.remove_prefix(1);
        if (rest_.empty() || starts_comment(rest_.front())) return {};
        std::size_t length = 1;
        if (!ends_word(rest_.front()))
            while (length < rest_.size() && !ends_word(rest_[length]))
                ++length;
        const std::string_view word = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return word;
    }

    // What is behind an opening quote, up to the closing one. False if there is none.
    bool quoted(std::string& value) {
        while (!rest_.empty()) {
            const std::size_t quote = rest_.find('"');
            value += rest_.substr(0, quote);
            if (quote == std::string_view::npos) break;
            const bool doubled = rest_.substr(quote + 1).starts_with('"');
            rest_.remove_prefix(quote + (doubled ? 2 : 1));
            if (!doubled) return true;
            value += '"';
        }
        rest_ = {};
        return false;
    }

  private:
    std::string_view rest_;
};

Line cut(std::string_view text) {
    LineReader reader(text);
    Line line;
    line.keyword = reader.token();
    if (line.keyword.empty()) return line;
    const std::string_view second = reader.token();
    line.brace_follows = second == "{";
    line.has_value = !second.empty();
    if (second == "\"")
        line.missing_quote = !reader.quoted(line.value);
    else
        line.value = second;
    line.extra = reader.token();
    return line;
}

class Parser {
  public:
    explicit Parser(ConfFile& file) noexcept
      : file_(file) {}

    void line(std::string_view text) {
        ++number_;
        Line line = cut(text);
        if (line.keyword.empty()) return;
        if (line.keyword == "}") {
            if (line.has_value) problem("ignores what follows the '}'");
            close();
        } else if (line.keyword == "{") {
            problem("a '{' without a section before it");
        } else if ((find_kind(line.keyword) != nullptr || is_subsection(line.keyword)) &&
                   !is_protocol_rule(line)) {
            open(line);
        } else {
            attribute(std::move(line));
        }
    }

    void end() {
        if (section_ != nullptr) problem("the file ends inside of a section");
    }

  private:
    void problem(std::string text) {
        if (file_.problems.size() < most_problems)
            file_.problems.push_back(Problem{number_, std::move(text)});
    }

    static bool is_subsection(std::string_view name) noexcept {
        return std::any_of(section_kinds.begin(), section_kinds.end(),
                           [&](const SectionKind& kind) { return kind.subsection == name; });
    }

    // "protocol" is a section of the overrides, and a rule in the blacklists.
    bool is_protocol_rule(const Line& line) const noexcept {
        return line.keyword == "protocol" && section_ != nullptr && !in_subsection_ &&
               section_->name.starts_with("blacklist");
    }

    // Keywords come from outside: a problem quotes only the start of one, printably.
    static std::string shown(std::string_view word) {
        std::string text = "'";
        for (const char c : word.substr(0, 40))
            text += c >= ' ' && c < 0x7f ? c : '?';
        return text + (word.size() > 40 ? "...'" : "'");
    }

    void open(const Line& line) {
        const bool allowed = section_ == nullptr
                                 ? find_kind(line.keyword) != nullptr
                                 : !in_subsection_ && kind_->subsection == line.keyword;
        if (!allowed) {
            problem("no section " + shown(line.keyword) + " may stand here");
            return;
        }
        if (!line.brace_follows)
            problem("expected '{' behind " + shown(line.keyword));
        else if (!line.extra.empty())
            problem("ignores what follows the '{'");
        if (section_ == nullptr) {
            kind_ = find_kind(line.keyword);
            section_ = &file_.sections.emplace_back();
        } else {
            section_ = &section_->subsections.emplace_back();
            in_subsection_ = true;
        }
        section_->name = line.keyword;
        section_->line = number_;
    }

    void close() {
        if (section_ == nullptr) {
            problem("a '}' without an open section");
        } else if (in_subsection_) {
            section_ = &file_.sections.back();
            in_subsection_ = false;
        } else {
            section_ = nullptr;
        }
    }

    void attribute(Line line) {
        if (!line.has_value) {
            problem("no value for " + shown(line.keyword));
            return;
        }
        if (line.missing_quote)
            problem("missing closing quote");
        else if (!line.extra.empty())
            problem("ignores what follows the value of " + shown(line.keyword));
        if (section_ == nullptr || !(in_subsection_ || kind_->has_attributes) ||
            line.keyword == "\"") {
            problem("no attribute " + shown(line.keyword) + " may stand here");
            return;
        }
        // The search is linear; no real section has as many attributes.
        if (section_->attributes.size() < 256 && !repeats(line.keyword) &&
            section_->find(line.keyword) != nullptr)
            problem(shown(line.keyword) + " is repeated, the last one counts");
        section_->attributes.push_back(
            Attribute{std::string(line.keyword), std::move(line.value), number_});
    }

    // In the blacklists each of these is one more rule.
    bool repeats(std::string_view key) const noexcept {
        return section_->name.starts_with("blacklist") &&
               (key == "devnode" || key == "wwid" || key == "property" || key == "protocol");
    }

    ConfFile& file_;
    std::uint32_t number_ = 0;
    // The open section. Never kept over an insertion into the vector that holds it.
    Section* section_ = nullptr;
    const SectionKind* kind_ = nullptr;
    bool in_subsection_ = false;
};

} // namespace

const Attribute* Section::find(std::string_view key) const noexcept {
    const auto found = std::find_if(attributes.rbegin(), attributes.rend(),
                                    [&](const Attribute& a) { return a.key == key; });
    return found == attributes.rend() ? nullptr : &*found;
}

Result<ConfFile> parse(std::string name, std::string_view text) {
    if (text.size() > largest_text) return Error{"parse", std::move(name), "more than 32 MiB"};
    ConfFile file;
    file.name = std::move(name);
    Parser parser(file);
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        // multipathd ends a line at a carriage return and, reading C strings, at a NUL.
        line = line.substr(0, line.find('\r'));
        line = line.substr(0, line.find('\0'));
        parser.line(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    parser.end();
    return file;
}

std::string quote(std::string_view value) {
    std::string text = "\"";
    for (const char c : value) {
        text += c;
        if (c == '"') text += c;
    }
    return text + "\"";
}

} // namespace mpapi::multipath_conf
