// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/wanted.hpp"

#include "common/settings/scalars.hpp"

#include <variant>

namespace mpapi::failover {

namespace {

using namespace std::chrono_literals;

constexpr Ms kLongest = 24h;
constexpr std::int64_t kMostAnnouncements = 32;

// A basic string (TOML 1.0) of text without control characters.
std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string line(const char* key, const std::string& value) {
    return std::string(key) + " = " + value + "\n";
}

std::string line(const char* key, std::string_view name) {
    return line(key, quoted(std::string(name)));
}

template <typename T>
void read_name(settings::Section& section, const char* key, T& into,
               std::optional<T> (*named)(std::string_view), const char* expected) {
    const auto text = section.text(key);
    if (!text) return;
    if (const auto value = named(*text))
        into = *value;
    else
        section.complain(key, std::string("expected ") + expected + ", found " + *text);
}

} // namespace

std::string Wanted::key() const {
    const Ip& ip = placement.address.ip;
    return !ip.v4() && ip.link_local() ? ip.text() + "%" + interface : ip.text();
}

void read_wish(settings::Section& section, Wish& wish) {
    read_name(section, "profile", wish.profile, profile_named, "rfc5227, fast or none");
    read_name(section, "policy", wish.policy, policy_named, "always, once or never");
    read_name(section, "forms", wish.forms, forms_named, "both, request or reply");
    if (const auto count = section.integer("announcements", 1, kMostAnnouncements))
        wish.announce.count = static_cast<unsigned>(*count);
    if (section.has("intervals")) {
        wish.announce.apart.clear();
        for (const std::string& text : section.texts("intervals")) {
            const auto time = settings::parse_duration(text);
            if (!time || *time <= 0ms || *time > kLongest)
                section.complain("intervals", "expected times such as \"500ms\", found " + text);
            else
                wish.announce.apart.push_back(*time);
        }
    }
    if (const auto refresh = section.duration("refresh", 0ms, kLongest)) {
        wish.announce.refresh = *refresh;
        if (*refresh > 0ms && *refresh < 1s)
            section.complain("refresh", "expected a second or more, or 0s for never");
    }
}

std::string record_text(const Record& record) {
    const Wanted& wanted = record.wanted;
    const AnnounceTimes& announce = wanted.wish.announce;
    std::string intervals;
    for (const Ms each : announce.apart)
        intervals += (intervals.empty() ? "" : ", ") + quoted(settings::duration_text(each));
    std::string text = "# Written by ipfailoverd, for itself.\n";
    text += line("address", quoted(wanted.placement.address.text()));
    text += line("interface", quoted(wanted.interface));
    text += line("profile", name_of(wanted.wish.profile));
    text += line("policy", name_of(wanted.wish.policy));
    text += line("forms", name_of(wanted.wish.forms));
    text += line("announcements", std::to_string(announce.count));
    text += line("intervals", "[" + intervals + "]");
    text += line("refresh", quoted(settings::duration_text(announce.refresh)));
    text += line("label", quoted(wanted.placement.label));
    text +=
        line("no_prefix_route", std::string(wanted.placement.no_prefix_route ? "true" : "false"));
    text += line("lifetime", std::to_string(wanted.placement.lifetime.count()));
    text += line("set", quoted(wanted.set));
    if (record.ended) text += line("ended", name_of(*record.ended));
    text += line("reason", quoted(record.reason));
    text += line("rival", quoted(record.rival.text()));
    text += line("met", std::to_string(record.met));
    return text;
}

Result<Record> parse_record(std::string_view text, const std::string& name) {
    auto document = settings::Document::parse(text, name);
    if (!document) return document.error();
    settings::Section root = document->root();
    Record record;
    const auto address = Prefixed::parse(root.text("address").value_or(""));
    if (const auto* refused = std::get_if<Refused>(&address))
        root.complain("address", refused->text);
    else
        record.wanted.placement.address = std::get<Prefixed>(address);
    record.wanted.interface = root.text("interface").value_or("");
    if (record.wanted.interface.empty()) root.complain("interface", "expected a name");
    read_wish(root, record.wanted.wish);
    record.wanted.placement.label = root.text("label").value_or("");
    record.wanted.placement.no_prefix_route = root.flag("no_prefix_route").value_or(false);
    record.wanted.placement.lifetime =
        std::chrono::seconds(root.integer("lifetime", 0, UINT32_MAX - 1).value_or(0));
    record.wanted.set = root.text("set").value_or("");
    if (const auto ended = root.text("ended")) {
        record.ended = state_named(*ended);
        if (record.ended != State::Conflict && record.ended != State::Failed)
            root.complain("ended", "expected conflict or failed");
    }
    record.reason = root.text("reason").value_or("");
    if (const auto rival = root.text("rival"); rival && !rival->empty())
        record.rival = HardwareAddress::parse(*rival).value_or(HardwareAddress());
    record.met = static_cast<std::uint64_t>(root.integer("met", 0, INT64_MAX).value_or(0));
    if (auto finished = document->finish(); !finished) return finished.error();
    return record;
}

} // namespace mpapi::failover
