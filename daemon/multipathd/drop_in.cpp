// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/drop_in.hpp"

#include "common/dm/words.hpp"
#include "common/model/identity.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace mpapi::multipathd {

namespace {

constexpr std::size_t longest_wwid = 127;     // WWID_SIZE with its NUL
constexpr std::size_t longest_selector = 128; // far below a line's 1023 characters

constexpr std::string_view head =
    R"(# Written by mpapid by what was asked of it; changes made here are lost with its next one. The files
# of this directory are read by name, and what is read later wins: a file that shall win over this
# one has a name behind it.

blacklist {
	# A path that was disabled has this property, by udev's rules of mpapid. The line is always here, so
	# that disabling a path needs no reconfigure.
	property "^DM_MPAPI_DISABLED$"
}
)";

Error no_value(std::string what, std::string_view value, std::string reason) {
    std::string shown;
    for (const char c : value.substr(0, longest_wwid))
        shown += c >= ' ' && c <= '~' ? c : '?';
    return Error{"tell multipathd", std::move(what) + " \"" + shown + "\"", std::move(reason), 0};
}

// In double quotes everything is itself but the quote and the end of the line; a character outside
// of ASCII is not (libmpathutil/parser.c).
std::optional<Error> unfit_wwid(std::string_view wwid) {
    if (wwid.empty() || wwid.size() > longest_wwid ||
        std::any_of(wwid.begin(), wwid.end(),
                    [](char c) { return c < ' ' || c > '~' || c == '"'; }))
        return no_value("WWID", wwid, "it cannot stand in multipathd's configuration");
    return std::nullopt;
}

// "<name> <count> <argument>...": multipathd passes over a line whose count is not that of the
// words behind it (set_arg_str() in libmultipath/dict.c).
std::optional<Error> unfit_selector(const std::string& selector) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789- ";
    const dm::Words words(selector);
    if (selector.empty() || selector.size() > longest_selector || words.text() != selector ||
        selector.find_first_not_of(allowed) != std::string::npos)
        return no_value("path selector", selector, "it is none");
    if (words.size() < 2 || words[1] != std::to_string(words.size() - 2))
        return no_value("path selector", selector,
                        "its second word must be the number of its arguments");
    return std::nullopt;
}

// FNV-1a: the same text has the same revision on every machine and in every version.
std::string revision_of(std::string_view text) {
    std::uint64_t sum = 0xcbf29ce484222325U;
    for (const char c : text)
        sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    std::array<char, 17> hex{};
    std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(sum));
    return std::string("mpapi-revision-") + hex.data();
}

class Writer {
  public:
    explicit Writer(std::string& text)
      : text_(text) {}

    // A brace shares no line with what it holds: multipathd would pass over it.
    void open(std::string_view name) {
        line(std::string(name) + " {");
        ++depth_;
    }
    void close() {
        --depth_;
        line("}");
    }
    void comment(std::string_view words) { line("# " + std::string(words)); }
    void set(std::string_view key, std::string_view value) {
        line(std::string(key) + " \"" + std::string(value) + "\"");
    }

  private:
    void line(const std::string& words) {
        text_.append(depth_, '\t');
        text_ += words;
        text_ += '\n';
    }

    std::string& text_;
    std::size_t depth_ = 0;
};

void write_defaults(Writer& out, const paths::Settings& all) {
    if (!all.selector && !all.probing_rate) return;
    out.open("defaults");
    if (all.selector) {
        out.comment("The default load balance type; a device or a unit may have another one.");
        out.set("path_selector", *all.selector);
    }
    if (all.probing_rate) {
        out.comment("The polling rate of automatic probing: the same for good and bad paths.");
        out.set("polling_interval", std::to_string(*all.probing_rate));
        out.set("max_polling_interval", std::to_string(*all.probing_rate));
    }
    out.close();
}

void write_overrides(Writer& out, const paths::Settings& all) {
    const auto failback = failback_of(all);
    if (!failback) return;
    out.open("overrides");
    out.comment(
        "Automatic failback of all units. Not under defaults: most devices of multipathd's");
    out.comment("table have one of their own.");
    out.set("failback", *failback);
    out.close();
}

bool says_something(const paths::UnitIntent& unit) {
    return unit.settings.selector || unit.settings.auto_failback || unit.settings.failback_rate ||
           unit.override_path;
}

void write_unit(Writer& out, const std::string& wwid, const paths::UnitIntent& unit,
                const paths::Settings& all) {
    out.open("multipath");
    out.set("wwid", wwid);
    if (unit.settings.selector) {
        out.comment("The load balance type of this unit.");
        out.set("path_selector", *unit.settings.selector);
    }
    if (unit.override_path) {
        out.comment(
            "An override path: every path is a group of its own, and mpapid says which one");
        out.comment("is in use. Nobody else switches groups meanwhile.");
        out.set("path_grouping_policy", "failover");
        out.set("failback", "manual");
    } else if (unit.settings.auto_failback || unit.settings.failback_rate) {
        if (const auto failback = failback_of(over(unit.settings, all))) {
            out.comment("Automatic failback of this unit.");
            out.set("failback", *failback);
        }
    }
    out.close();
}

} // namespace

std::optional<std::string> wwid_of(std::string_view unit_key) {
    constexpr std::string_view whole = "uuid-mpath-";
    if (unit_key.starts_with(whole)) unit_key.remove_prefix(whole.size());
    // The key of a map without such a UUID says so itself.
    else if (unit_key.starts_with("uuid-") || unit_key.starts_with("name-"))
        return std::nullopt;
    if (unit_key.empty()) return std::nullopt;
    return std::string(unit_key);
}

paths::Settings over(const paths::Settings& unit, const paths::Settings& everywhere) {
    paths::Settings settings = unit;
    if (!settings.selector) settings.selector = everywhere.selector;
    if (!settings.auto_failback) settings.auto_failback = everywhere.auto_failback;
    if (!settings.failback_rate) settings.failback_rate = everywhere.failback_rate;
    if (!settings.auto_probing) settings.auto_probing = everywhere.auto_probing;
    if (!settings.probing_rate) settings.probing_rate = everywhere.probing_rate;
    return settings;
}

std::optional<std::string> failback_of(const paths::Settings& settings) {
    if (!settings.auto_failback) return std::nullopt;
    if (!*settings.auto_failback) return "manual";
    const std::uint32_t rate = settings.failback_rate.value_or(0);
    return rate == 0 ? "immediate" : std::to_string(rate);
}

Result<DropIn> drop_in(const paths::Intents& intents) {
    if (intents.everywhere.selector)
        if (auto unfit = unfit_selector(*intents.everywhere.selector)) return *std::move(unfit);
    DropIn made{std::string(head), {}};
    Writer out(made.text);
    write_defaults(out, intents.everywhere);
    write_overrides(out, intents.everywhere);
    out.open("multipaths");
    for (const auto& [key, unit] : intents.units) {
        if (!says_something(unit)) continue;
        const auto wwid = wwid_of(key);
        if (!wwid) continue; // another manager was asked for it
        if (auto unfit = unfit_wwid(*wwid)) return *std::move(unfit);
        if (unit.settings.selector)
            if (auto unfit = unfit_selector(*unit.settings.selector)) return *std::move(unfit);
        write_unit(out, *wwid, unit, intents.everywhere);
    }
    made.revision = revision_of(made.text);
    out.open("multipath");
    out.comment(
        "Of no device: by this \"multipathd show config\" tells mpapid what has been loaded.");
    out.set("wwid", made.revision);
    out.close();
    out.close();
    return made;
}

} // namespace mpapi::multipathd
