// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/settings/document.hpp"

#include "common/settings/near_miss.hpp"
#include "common/settings/scalars.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <deque>
#include <set>

namespace mpapi::settings {

// A section the program knows, and what it asked for there.
struct Visited {
    const toml::table* table;
    std::string path; // "commands", "array[0].port[1]"; "" is the root
    int line;
    std::set<std::string, std::less<>> asked;
};

struct Complaint {
    int line;
    std::string reason;
};

struct State {
    std::string name;
    toml::table root;
    std::deque<Visited> visited; // grows while references to its elements are held
    std::vector<Complaint> complaints;

    const toml::node* ask(std::size_t index, std::string_view key) {
        Visited& section = visited[index];
        section.asked.emplace(key);
        return section.table->get(key);
    }
    std::size_t visit(const toml::table& table, std::string path, int line) {
        visited.push_back({&table, std::move(path), line, {}});
        return visited.size() - 1;
    }
};

namespace {

// toml++ bounds how deep values are nested (256), but not how many parts a dotted key has, and
// destroys what it read by recursion: 100 000 dots end in a stack overflow. Counted without regard
// to quotes and comments, for whoever is hostile knows more ways to write them than a short
// scanner.
constexpr int kDotsInARow = 100;

// The first line with more dots than that between two delimiters; 0: none.
int line_of_too_many_dots(std::string_view text) {
    int line = 1;
    int dots = 0;
    for (const char c : text) {
        if (c == '.' && ++dots > kDotsInARow) return line;
        if (std::string_view("=[]{},\n").find(c) != std::string_view::npos) dots = 0;
        if (c == '\n') ++line;
    }
    return 0;
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

// Bounded and without control characters: a message is one readable line whatever the file is.
std::string one_line(std::string_view text, std::size_t longest) {
    const bool cut = text.size() > longest;
    if (cut) {
        // Never inside a UTF-8 sequence: the bus and the journal want whole ones.
        while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xc0) == 0x80)
            --longest;
        text = text.substr(0, longest);
    }
    std::string result(text);
    std::replace_if(result.begin(), result.end(), is_control, '?');
    return cut ? result + "..." : result;
}

std::string quoted(std::string_view text) {
    return "\"" + one_line(text, 60) + "\"";
}

std::string list_of(const std::vector<std::string_view>& words) {
    std::string text;
    for (const std::string_view word : words) {
        if (!text.empty()) text += ", ";
        text += quoted(word);
    }
    return text;
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& known) {
    const std::string_view meant = near_miss(word, known);
    return meant.empty() ? std::string() : "; did you mean " + quoted(meant) + "?";
}

int line_of(const toml::node& node) {
    return static_cast<int>(node.source().begin.line);
}

std::string describe(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::string:
        return quoted(node.as_string()->get());
    case toml::node_type::integer:
        return std::to_string(node.as_integer()->get());
    case toml::node_type::boolean:
        return node.as_boolean()->get() ? "true" : "false";
    case toml::node_type::table:
        return "a section";
    case toml::node_type::array:
        return "an array";
    case toml::node_type::floating_point:
        return "a number with a fraction";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
        return "a date or time";
    case toml::node_type::none:
        break;
    }
    return "nothing";
}

bool printable(std::string_view text) {
    return std::none_of(text.begin(), text.end(), is_control);
}

std::string path_of(const Visited& section, std::string_view key) {
    std::string path = section.path;
    if (!path.empty()) path += ".";
    return path.append(key);
}

void expected(State& state, std::size_t index, std::string_view key, const toml::node& found,
              const std::string& what, const std::string& hint = {}) {
    state.complaints.push_back({line_of(found), path_of(state.visited[index], key) + ": expected " +
                                                    what + ", found " + describe(found) + hint});
}

std::string unknown_key(const Visited& section, std::string_view key, bool is_section) {
    const std::vector<std::string_view> known(section.asked.begin(), section.asked.end());
    std::string text = is_section ? "unknown section " : "unknown key ";
    text += quoted(key);
    if (!section.path.empty()) text += " in [" + section.path + "]";
    std::string hint = suggestion(key, known);
    if (hint.empty() && !known.empty()) hint = "; expected one of " + list_of(known);
    return text + hint;
}

} // namespace

std::optional<std::string> Section::text(std::string_view key) {
    const toml::node* node = state_->ask(index_, key);
    if (!node) return std::nullopt;
    if (node->is_string() && printable(node->as_string()->get())) return node->as_string()->get();
    expected(*state_, index_, key, *node, "a string without control characters");
    return std::nullopt;
}

std::optional<bool> Section::flag(std::string_view key) {
    const toml::node* node = state_->ask(index_, key);
    if (!node) return std::nullopt;
    if (node->is_boolean()) return node->as_boolean()->get();
    expected(*state_, index_, key, *node, "true or false");
    return std::nullopt;
}

std::optional<std::int64_t> Section::integer(std::string_view key, std::int64_t least,
                                             std::int64_t most) {
    const toml::node* node = state_->ask(index_, key);
    if (!node) return std::nullopt;
    if (node->is_integer()) {
        const std::int64_t value = node->as_integer()->get();
        if (value >= least && value <= most) return value;
    }
    expected(*state_, index_, key, *node,
             "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
}

std::optional<std::chrono::milliseconds> Section::duration(std::string_view key,
                                                           std::chrono::milliseconds least,
                                                           std::chrono::milliseconds most) {
    const toml::node* node = state_->ask(index_, key);
    if (!node) return std::nullopt;
    if (node->is_string()) {
        const auto value = parse_duration(node->as_string()->get());
        if (value && *value >= least && *value <= most) return value;
    }
    expected(*state_, index_, key, *node,
             "a duration with its unit (ms, s, min, h) from \"" + duration_text(least) +
                 "\" to \"" + duration_text(most) + "\"");
    return std::nullopt;
}

std::optional<std::uint64_t> Section::size(std::string_view key, std::uint64_t least,
                                           std::uint64_t most) {
    const toml::node* node = state_->ask(index_, key);
    if (!node) return std::nullopt;
    if (node->is_string()) {
        const auto value = parse_size(node->as_string()->get());
        if (value && *value >= least && *value <= most) return value;
    }
    expected(*state_, index_, key, *node,
             "a size with its unit (B, KiB, MiB, GiB, TiB) from \"" + size_text(least) +
                 "\" to \"" + size_text(most) + "\"");
    return std::nullopt;
}

std::vector<std::string> Section::texts(std::string_view key) {
    const toml::node* node = state_->ask(index_, key);
    if (!node) return {};
    const char* const what = "an array of strings without control characters";
    const toml::array* array = node->as_array();
    if (!array) {
        expected(*state_, index_, key, *node, what);
        return {};
    }
    std::vector<std::string> result;
    for (const toml::node& element : *array) {
        if (!element.is_string() || !printable(element.as_string()->get())) {
            expected(*state_, index_, key, element, what);
            return {};
        }
        result.push_back(element.as_string()->get());
    }
    return result;
}

std::optional<std::size_t> Section::choice_index(std::string_view key,
                                                 const std::vector<std::string_view>& known) {
    const toml::node* node = state_->ask(index_, key);
    if (!node) return std::nullopt;
    std::string hint;
    if (node->is_string()) {
        const std::string& word = node->as_string()->get();
        const auto found = std::find(known.begin(), known.end(), word);
        if (found != known.end()) return static_cast<std::size_t>(found - known.begin());
        hint = suggestion(word, known);
    }
    expected(*state_, index_, key, *node, "one of " + list_of(known), hint);
    return std::nullopt;
}

std::optional<Section> Section::section(std::string_view key) {
    const toml::node* node = state_->ask(index_, key);
    if (!node) return std::nullopt;
    const toml::table* table = node->as_table();
    if (!table) {
        expected(*state_, index_, key, *node, "a section, [" + std::string(key) + "]");
        return std::nullopt;
    }
    const std::string path = path_of(state_->visited[index_], key);
    return Section(*state_, state_->visit(*table, path, line_of(*table)));
}

std::vector<Section> Section::sections(std::string_view key) {
    const toml::node* node = state_->ask(index_, key);
    if (!node) return {};
    const std::string what = "sections, [[" + std::string(key) + "]]";
    const toml::array* array = node->as_array();
    if (!array) {
        expected(*state_, index_, key, *node, what);
        return {};
    }
    std::vector<Section> result;
    for (const toml::node& element : *array) {
        const toml::table* table = element.as_table();
        if (!table) {
            expected(*state_, index_, key, element, what);
            return {};
        }
        const std::string path =
            path_of(state_->visited[index_], key) + "[" + std::to_string(result.size()) + "]";
        result.push_back(Section(*state_, state_->visit(*table, path, line_of(*table))));
    }
    return result;
}

bool Section::has(std::string_view key) const {
    return state_->visited[index_].table->contains(key);
}

int Section::line() const {
    return state_->visited[index_].line;
}

int Section::line(std::string_view key) const {
    const toml::node* node = state_->visited[index_].table->get(key);
    return node ? line_of(*node) : line();
}

void Section::complain(std::string_view key, std::string reason) {
    state_->complaints.push_back(
        {line(key), path_of(state_->visited[index_], key) + ": " + std::move(reason)});
}

Document::Document(std::unique_ptr<State> state)
  : state_(std::move(state)) {}
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;
Document::~Document() = default;

Result<Document> Document::parse(std::string_view text, std::string name) {
    auto state = std::make_unique<State>();
    state->name = std::move(name);
    if (const int line = line_of_too_many_dots(text))
        return Error{"read", state->name + ":" + std::to_string(line),
                     "expected at most 100 dots in a row of words"};
    // The shared build of toml++ reports errors by exception; it ends here.
    try {
        state->root = toml::parse(text, std::string_view(state->name));
    } catch (const toml::parse_error& error) {
        const std::string where = state->name + ":" + std::to_string(error.source().begin.line);
        return Error{"read", where, one_line(error.description(), 200)};
    }
    return Document(std::move(state));
}

Section Document::root() {
    return Section(*state_, state_->visit(state_->root, "", 1));
}

Status Document::finish() const {
    std::vector<Complaint> complaints = state_->complaints;
    for (const Visited& section : state_->visited) {
        for (const auto& [key, node] : *section.table) {
            if (section.asked.contains(key.str())) continue;
            const int line = static_cast<int>(key.source().begin.line);
            const bool is_section = node.is_table() || node.is_array_of_tables();
            complaints.push_back({line, unknown_key(section, key.str(), is_section)});
        }
    }
    if (complaints.empty()) return Done{};
    const auto first =
        std::min_element(complaints.begin(), complaints.end(),
                         [](const Complaint& a, const Complaint& b) { return a.line < b.line; });
    return Error{"read", state_->name + ":" + std::to_string(first->line), first->reason};
}

} // namespace mpapi::settings
