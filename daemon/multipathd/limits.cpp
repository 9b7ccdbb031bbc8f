// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/limits.hpp"

#include "daemon/multipathd/drop_in.hpp"
#include "daemon/paths/selectors.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace mpapi::multipathd {

namespace {

using paths::Refusal;
using paths::Refused;

// multipathd would count further; nobody would wait for it.
constexpr std::uint32_t longest_rate = 86400;

std::optional<Refused> beyond(const paths::Settings& before, const paths::Settings& wanted,
                              const paths::Settings& effective, bool of_unit) {
    // The tables of units that have none of their own are not compared with it, and there may be no
    // table yet: with one that the kernel does not take, no map would be made at the next boot.
    if (wanted.selector != before.selector && wanted.selector)
        if (auto refused = paths::unfit_selector(*wanted.selector)) return refused;
    if (wanted.auto_probing != before.auto_probing && wanted.auto_probing) {
        if (of_unit)
            return Refused{Refusal::Unsupported,
                           "multipathd has no automatic probing of single logical units."};
        if (!*wanted.auto_probing)
            return Refused{Refusal::Unsupported, "multipathd always checks its paths."};
    }
    if (wanted.probing_rate != before.probing_rate && wanted.probing_rate) {
        if (of_unit)
            return Refused{Refusal::Unsupported,
                           "multipathd has one probing polling rate for all logical units."};
        if (*wanted.probing_rate == 0)
            return Refused{Refusal::Unsupported, "multipathd always checks its paths."};
        if (*wanted.probing_rate > longest_rate)
            return Refused{Refusal::InvalidParameter, "The probing polling rate is over " +
                                                          std::to_string(longest_rate) +
                                                          " seconds."};
    }
    if (wanted.failback_rate != before.failback_rate && wanted.failback_rate) {
        if (*wanted.failback_rate > longest_rate)
            return Refused{Refusal::InvalidParameter, "The failback polling rate is over " +
                                                          std::to_string(longest_rate) +
                                                          " seconds."};
        // One word of its configuration says both whether and after how long: a rate alone would
        // switch on what may be off.
        if (!effective.auto_failback)
            return Refused{Refusal::InvalidParameter,
                           "multipathd has one setting for automatic failback and its rate: "
                           "switch automatic failback on or off first."};
    }
    return std::nullopt;
}

std::optional<Refused> beyond(const paths::UnitIntent& before, const paths::UnitIntent& wanted,
                              const paths::Settings& everywhere) {
    if (auto refused =
            beyond(before.settings, wanted.settings, over(wanted.settings, everywhere), true))
        return refused;
    for (const auto& [path, weight] : wanted.weights) {
        const auto had = before.weights.find(path);
        if (weight == 1 || (had != before.weights.end() && had->second == weight)) continue;
        if (weight == 0)
            return Refused{Refusal::Unsupported,
                           "multipathd has no path weights; a path can be disabled."};
        return Refused{Refusal::InvalidWeight,
                       "multipathd has no path weights: the highest is 1, not " +
                           std::to_string(weight) + "."};
    }
    return std::nullopt;
}

} // namespace

model::Capabilities multipathd_capabilities() {
    using model::SettingSupport;
    model::Capabilities can;
    can.set_access_states = true;
    can.override_paths = true;
    can.disable_paths = true;
    can.maximum_weight = 1;
    can.load_balance = SettingSupport::Both;
    can.auto_failback = SettingSupport::Both;
    can.failback_rate = SettingSupport::Both;
    can.failback_rate_max = longest_rate;
    can.auto_probing = SettingSupport::None; // always on
    can.probing_rate = SettingSupport::Plugin;
    can.probing_rate_max = longest_rate;
    return can;
}

std::optional<Refused> beyond_multipathd(const paths::Intents& before,
                                         const paths::Intents& wanted) {
    if (const auto text = drop_in(wanted); !text)
        return Refused{Refusal::InvalidParameter, text.error().message() + "."};
    if (auto refused = beyond(before.everywhere, wanted.everywhere, wanted.everywhere, false))
        return refused;
    static const paths::UnitIntent nothing;
    for (const auto& [key, unit] : wanted.units) {
        const auto had = before.units.find(key);
        const auto& was = had == before.units.end() ? nothing : had->second;
        if (unit == was) continue;
        if (!wwid_of(key))
            return Refused{Refusal::Unsupported,
                           "The map is none of multipathd's, which leaves it alone."};
        if (auto refused = beyond(was, unit, wanted.everywhere)) return refused;
    }
    return std::nullopt;
}

std::string setting_value(const std::vector<model::Setting>& settings, std::string_view name) {
    const auto found = std::find_if(settings.begin(), settings.end(),
                                    [&](const model::Setting& each) { return each.name == name; });
    return found == settings.end() ? std::string() : found->value;
}

model::Upkeep upkeep_by(const std::vector<model::Setting>& settings) {
    const auto number = [&](std::string_view text) {
        std::uint32_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc() && end == text.data() + text.size() ? value : 0;
    };
    model::Upkeep upkeep;
    const std::string failback = setting_value(settings, "failback");
    if (failback == "manual") {
        upkeep.auto_failback = model::Switch::Off;
    } else if (!failback.empty()) {
        upkeep.auto_failback = model::Switch::On; // "immediate", "followover", or seconds
        upkeep.failback_rate = number(failback);
    }
    // What a good path comes to: its interval is doubled up to this.
    const std::string interval = setting_value(settings, "max_polling_interval");
    if (!interval.empty()) {
        upkeep.auto_probing = model::Switch::On;
        upkeep.probing_rate = number(interval);
    }
    return upkeep;
}

} // namespace mpapi::multipathd
