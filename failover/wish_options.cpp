// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/wish_options.hpp"

#include "failover/kernel/set_element.hpp"

#include <linux/if.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace mpapi::failover {

namespace {

constexpr std::uint32_t kMostAnnouncements = 32, kMostMilliseconds = 24 * 3600 * 1000;
constexpr std::size_t kLongestName = 64; // that is repeated in an answer

Refused wrong(const std::string& option, const std::string& expected) {
    return {Refusal::InvalidOption, option + ": expected " + expected + "."};
}

Refused unknown(const std::string& option) {
    return {Refusal::InvalidOption, "There is no option " + option.substr(0, kLongestName) + "."};
}

// The value of one option; false where it is of another type.
class Value {
  public:
    explicit Value(sd_bus_message* message)
      : message_(message) {}

    template <typename T>
    bool read(const char* type, T& into) {
        return sd_bus_message_read(message_, "v", type, &into) >= 0;
    }
    bool read_times(std::vector<std::uint32_t>& into) {
        if (sd_bus_message_enter_container(message_, 'v', "au") < 0 ||
            sd_bus_message_enter_container(message_, 'a', "u") < 0)
            return false;
        std::uint32_t each = 0;
        int r = 0;
        while ((r = sd_bus_message_read_basic(message_, 'u', &each)) > 0)
            if (into.size() <= kMostAnnouncements) into.push_back(each);
        return r >= 0 && sd_bus_message_exit_container(message_) >= 0 &&
               sd_bus_message_exit_container(message_) >= 0;
    }

  private:
    sd_bus_message* message_;
};

template <typename T>
std::optional<Refused> read_name(Value& value, const std::string& option, T& into,
                                 std::optional<T> (*named)(std::string_view),
                                 const char* expected) {
    const char* text = nullptr;
    const auto found = value.read("s", text) ? named(text) : std::nullopt;
    if (!found) return wrong(option, expected);
    into = *found;
    return std::nullopt;
}

std::optional<Refused> read_number(Value& value, const std::string& option, std::uint32_t least,
                                   std::uint32_t most, std::uint32_t& into) {
    if (value.read("u", into) && into >= least && into <= most) return std::nullopt;
    return wrong(option,
                 "a number (u) of " + std::to_string(least) + " to " + std::to_string(most));
}

std::optional<Refused> read_intervals(Value& value, const std::string& option, Wanted& wanted) {
    std::vector<std::uint32_t> times;
    const std::string expected =
        "up to " + std::to_string(kMostAnnouncements) + " times (au) in milliseconds, 1 to a day";
    if (!value.read_times(times) || times.size() > kMostAnnouncements)
        return wrong(option, expected);
    wanted.wish.announce.apart.clear();
    for (const std::uint32_t each : times) {
        if (each == 0 || each > kMostMilliseconds) return wrong(option, expected);
        wanted.wish.announce.apart.emplace_back(each);
    }
    return std::nullopt;
}

std::optional<Refused> read_option(Value value, const std::string& option, Wanted& wanted) {
    Wish& wish = wanted.wish;
    std::uint32_t number = 0;
    if (option == "profile")
        return read_name(value, option, wish.profile, profile_named, "rfc5227, fast or none");
    if (option == "policy")
        return read_name(value, option, wish.policy, policy_named, "always, once or never");
    if (option == "forms")
        return read_name(value, option, wish.forms, forms_named, "both, request or reply");
    if (option == "intervals") return read_intervals(value, option, wanted);
    if (option == "announcements") {
        const auto refused = read_number(value, option, 1, kMostAnnouncements, number);
        if (!refused) wish.announce.count = number;
        return refused;
    }
    if (option == "refresh") {
        const auto refused = read_number(value, option, 0, kMostMilliseconds, number);
        if (!refused && number > 0 && number < 1000) return wrong(option, "0, or 1000 or more");
        if (!refused) wish.announce.refresh = Ms(number);
        return refused;
    }
    if (option == "lifetime") {
        const auto refused = read_number(value, option, 0, UINT32_MAX - 1, number);
        if (!refused) wanted.placement.lifetime = std::chrono::seconds(number);
        return refused;
    }
    if (option == "no-prefix-route") {
        int flag = 0;
        if (!value.read("b", flag)) return wrong(option, "a boolean (b)");
        wanted.placement.no_prefix_route = flag != 0;
        return std::nullopt;
    }
    const char* text = nullptr;
    if (option == "label") {
        if (!value.read("s", text) || std::strlen(text) >= IFNAMSIZ)
            return wrong(option, "a string (s) of up to 15 characters");
        wanted.placement.label = text;
        return std::nullopt;
    }
    if (option == "set") {
        if (!value.read("s", text) || (*text != '\0' && !is_set_name(text)))
            return wrong(option, "family, table and set of nftables, as \"inet filter services\"");
        wanted.set = text;
        return std::nullopt;
    }
    return unknown(option);
}

} // namespace

std::optional<Refused> read_options(sd_bus_message* message, Wanted& wanted) {
    const Refused malformed{Refusal::InvalidOption, "The options cannot be read."};
    Wanted read = wanted;
    int r = sd_bus_message_enter_container(message, 'a', "{sv}");
    if (r < 0) return malformed;
    while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        const char* option = nullptr;
        if (sd_bus_message_read_basic(message, 's', &option) < 0) return malformed;
        if (const auto refused = read_option(Value(message), option, read)) return refused;
        if (sd_bus_message_exit_container(message) < 0) return malformed;
    }
    if (r < 0 || sd_bus_message_exit_container(message) < 0) return malformed;
    wanted = std::move(read);
    return std::nullopt;
}

std::optional<Refused> read_offline_options(sd_bus_message* message, bool& reset) {
    const Refused malformed{Refusal::InvalidOption, "The options cannot be read."};
    int r = sd_bus_message_enter_container(message, 'a', "{sv}");
    if (r < 0) return malformed;
    bool read = reset;
    while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
        const char* option = nullptr;
        int flag = 0;
        if (sd_bus_message_read_basic(message, 's', &option) < 0) return malformed;
        if (std::string_view(option) != "reset") return unknown(option);
        if (!Value(message).read("b", flag)) return wrong(option, "a boolean (b)");
        read = flag != 0;
        if (sd_bus_message_exit_container(message) < 0) return malformed;
    }
    if (r < 0 || sd_bus_message_exit_container(message) < 0) return malformed;
    reset = read;
    return std::nullopt;
}

int append_options(sd_bus_message* message, const Wanted& wanted, const Wish& wish) {
    int r = sd_bus_message_open_container(message, 'a', "{sv}");
    const auto text = [&](const char* option, const std::string& value) {
        if (r >= 0) r = sd_bus_message_append(message, "{sv}", option, "s", value.c_str());
    };
    const auto number = [&](const char* option, std::uint64_t value) {
        if (r >= 0)
            r = sd_bus_message_append(message, "{sv}", option, "u",
                                      static_cast<std::uint32_t>(value));
    };
    text("profile", std::string(name_of(wish.profile)));
    text("policy", std::string(name_of(wish.policy)));
    text("forms", std::string(name_of(wish.forms)));
    number("announcements", wish.announce.count);
    std::vector<std::uint32_t> times;
    for (const Ms each : wish.announce.apart)
        times.push_back(static_cast<std::uint32_t>(each.count()));
    if (r >= 0) r = sd_bus_message_open_container(message, 'e', "sv");
    if (r >= 0) r = sd_bus_message_append(message, "s", "intervals");
    if (r >= 0) r = sd_bus_message_open_container(message, 'v', "au");
    if (r >= 0)
        r = sd_bus_message_append_array(message, 'u', times.data(), times.size() * sizeof times[0]);
    if (r >= 0) r = sd_bus_message_close_container(message);
    if (r >= 0) r = sd_bus_message_close_container(message);
    number("refresh", static_cast<std::uint64_t>(wish.announce.refresh.count()));
    number("lifetime", static_cast<std::uint64_t>(wanted.placement.lifetime.count()));
    if (r >= 0)
        r = sd_bus_message_append(message, "{sv}", "no-prefix-route", "b",
                                  wanted.placement.no_prefix_route ? 1 : 0);
    text("label", wanted.placement.label);
    text("set", wanted.set);
    return r >= 0 ? sd_bus_message_close_container(message) : r;
}

} // namespace mpapi::failover
