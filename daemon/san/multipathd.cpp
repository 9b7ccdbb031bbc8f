// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/multipathd.hpp"

#include "common/dm/words.hpp"
#include "common/model/identity.hpp"
#include "daemon/san/map_changes.hpp"
#include "daemon/san/maps.hpp"
#include "daemon/san/path_names.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <map>
#include <memory>
#include <set>

namespace mpapi::san {

namespace {

using paths::Intents;
using paths::Refusal;
using paths::Refused;
using paths::Settings;

constexpr std::uint32_t longest_rate = 3600; // seconds

// io-affinity needs arguments for each path, and multipathd gives none.
constexpr std::array<std::string_view, 4> selectors{"historical-service-time", "queue-length",
                                                    "round-robin", "service-time"};

// A unit's own settings, and for the rest those of all.
Settings merged(const Settings& own, const Settings& everywhere) {
    Settings settings = own;
    if (!settings.selector) settings.selector = everywhere.selector;
    if (!settings.auto_failback) settings.auto_failback = everywhere.auto_failback;
    if (!settings.failback_rate) settings.failback_rate = everywhere.failback_rate;
    settings.auto_probing = everywhere.auto_probing;
    settings.probing_rate = everywhere.probing_rate;
    return settings;
}

std::optional<Refused> check_selector(const std::string& text) {
    const dm::Words words(text);
    if (std::find(selectors.begin(), selectors.end(), words[0]) == selectors.end())
        return Refused{Refusal::Unsupported,
                       "multipathd has no selector \"" + std::string(words[0]) + "\"."};
    std::size_t count = 0;
    const auto number = words[1];
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), count);
    if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() ||
        words.size() != count + 2)
        return Refused{Refusal::InvalidParameter,
                       "Expected a selector, the number of its arguments and these, found \"" +
                           text + "\"."};
    return std::nullopt;
}

// Only what is new: what another manager was asked for is kept, and is nothing to obey.
std::optional<Refused> check_settings(const Settings& before, const Settings& settings) {
    if (settings.selector && settings.selector != before.selector)
        if (auto refused = check_selector(*settings.selector)) return refused;
    for (const auto rate : {&Settings::failback_rate, &Settings::probing_rate})
        if (settings.*rate != before.*rate && (settings.*rate).value_or(0) > longest_rate)
            return Refused{Refusal::InvalidParameter,
                           "A rate is at most " + std::to_string(longest_rate) + " s."};
    return std::nullopt;
}

std::optional<Refused> check_unit(const paths::UnitIntent& before, const paths::UnitIntent& unit) {
    const auto asked = [&](auto member) {
        return unit.settings.*member && unit.settings.*member != before.settings.*member;
    };
    if (asked(&Settings::auto_probing) || asked(&Settings::probing_rate))
        return Refused{Refusal::Unsupported, "multipathd probes all units alike."};
    for (const auto& [path, weight] : unit.weights)
        if (const auto had = before.weights.find(path);
            weight != 1 && (had == before.weights.end() || had->second != weight))
            return Refused{weight > 1 ? Refusal::InvalidWeight : Refusal::Unsupported,
                           "multipathd weighs no paths."};
    return check_settings(before.settings, unit.settings);
}

} // namespace

model::Capabilities Multipathd::capabilities() const {
    model::Capabilities can;
    can.set_access_states = true;
    can.override_paths = true;
    can.disable_paths = true;
    can.maximum_weight = 1;
    can.load_balance = model::SettingSupport::Both;
    can.auto_failback = model::SettingSupport::Both;
    can.failback_rate = model::SettingSupport::Both;
    can.failback_rate_max = longest_rate;
    can.auto_probing = model::SettingSupport::Plugin;
    can.probing_rate = model::SettingSupport::Plugin;
    can.probing_rate_max = longest_rate;
    return can;
}

model::Upkeep Multipathd::upkeep(const model::LogicalUnit* unit) const {
    Settings settings = obeyed_.everywhere;
    if (unit)
        if (const auto own = obeyed_.units.find(unit->key); own != obeyed_.units.end())
            settings = merged(own->second.settings, obeyed_.everywhere);
    const auto shown = [](bool on) { return on ? model::Switch::On : model::Switch::Off; };
    model::Upkeep upkeep;
    upkeep.auto_failback =
        shown(settings.auto_failback.value_or(san_.fabric().description.machine.failback));
    upkeep.failback_rate = settings.failback_rate.value_or(0);
    upkeep.auto_probing = shown(settings.auto_probing.value_or(true));
    upkeep.probing_rate = settings.probing_rate.value_or(0);
    return upkeep;
}

std::string Multipathd::default_selector() const {
    return obeyed_.everywhere.selector.value_or("");
}

std::optional<Refused> Multipathd::check(const Intents& before, const Intents& wanted) const {
    if (auto refused = check_settings(before.everywhere, wanted.everywhere)) return refused;
    static const paths::UnitIntent nothing;
    for (const auto& [key, unit] : wanted.units) {
        const auto had = before.units.find(key);
        if (auto refused = check_unit(had == before.units.end() ? nothing : had->second, unit))
            return refused;
    }
    return std::nullopt;
}

void Multipathd::pursue(const Intents&, const Intents& wanted, paths::Ended ended) {
    obey(wanted);
    san_.when_told([ended = std::move(ended)] { ended(paths::Made{}); });
}

void Multipathd::resume(const Intents& kept, paths::Ended ended) {
    pursue(obeyed_, kept, std::move(ended));
}

void Multipathd::remove(const model::LogicalUnit& unit, paths::Ended ended) {
    san_.remove_map(
        {unit.number, unit.name, unit.uuid},
        [name = unit.name, ended = std::move(ended)](const Status& status) {
            if (status) return ended(paths::Made{});
            if (status.error().errnum == EBUSY)
                return ended(Refused{Refusal::TryAgain, "Somebody has map " + name + " open."});
            ended(Refused{Refusal::ObjectNotFound, "Map " + name + " is gone."});
        });
}

Upkeep Multipathd::upkeep_for(const Settings& settings) const {
    Upkeep upkeep;
    upkeep.selector = settings.selector.value_or("");
    upkeep.failback = settings.auto_failback.value_or(san_.fabric().description.machine.failback);
    upkeep.failback_delay = std::chrono::seconds(settings.failback_rate.value_or(0));
    upkeep.probing = settings.auto_probing.value_or(true);
    return upkeep;
}

void Multipathd::obey(const Intents& wanted) {
    Fabric& fabric = san_.fabric();
    // Units to look at again, and whether they take another table.
    std::map<std::uint32_t, bool> touched;

    std::vector<paths::PathName> switched;
    std::set_symmetric_difference(obeyed_.disabled.begin(), obeyed_.disabled.end(),
                                  wanted.disabled.begin(), wanted.disabled.end(),
                                  std::back_inserter(switched));
    for (const auto& name : switched) {
        const auto index = path_named(fabric, name);
        if (index == none) continue;
        Path& path = fabric.paths[index];
        path.disabled = wanted.disabled.count(name) != 0;
        touched.try_emplace(path.unit, false); // its table is old now
        if (fabric.has_disk(path)) tell_disk(fabric, index);
    }

    if (obeyed_.everywhere != wanted.everywhere || obeyed_.units != wanted.units) {
        const Upkeep before_of_all = std::exchange(fabric.upkeep, upkeep_for(wanted.everywhere));
        for (auto& map : fabric.maps) {
            const Upkeep before = map.upkeep ? *map.upkeep : before_of_all;
            const auto own = wanted.units.find(model::logical_unit_key(map.uuid, map.name));
            if (own == wanted.units.end()) {
                map.upkeep.reset();
            } else {
                map.upkeep = std::make_unique<Upkeep>(
                    upkeep_for(merged(own->second.settings, wanted.everywhere)));
                const auto& name = own->second.override_path;
                const auto path = name ? path_named(fabric, *name) : none;
                if (path != none && fabric.paths[path].unit == map.unit)
                    map.upkeep->override_path = path;
            }
            const Upkeep& after = fabric.upkeep_of(map);
            if (after == before) continue;
            map.failback_waits = false;
            touched[map.unit] |= !after.same_table(before);
        }
    }
    obeyed_ = wanted;
    for (const auto& [unit, another_table] : touched)
        another_table ? reload_map(fabric, unit) : review_map(fabric, unit);
}

} // namespace mpapi::san
