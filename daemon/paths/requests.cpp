// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/requests.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <string_view>

namespace mpapi::paths {

namespace {

using model::AccessState;
using model::PathState;
using model::SettingSupport;

// MP_LOAD_BALANCE_TYPE: what is a type at all (bits 0 to 6, and 16 to 31 for proprietary ones).
constexpr std::uint32_t kTypes = 0xffff007f;

Refused refuse(Refusal why, std::string text) {
    return {why, std::move(text)};
}

// Words of a selector with its arguments, as a table has them.
bool is_selector_text(std::string_view text) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789- ";
    return !text.empty() && text.size() <= 128 && text.front() != ' ' && text.back() != ' ' &&
           text.find_first_not_of(allowed) == std::string_view::npos &&
           text.find("  ") == std::string_view::npos;
}

std::string_view first_word(std::string_view text) {
    return text.substr(0, text.find(' '));
}

class Editor {
  public:
    Editor(const model::Snapshot& now, const Target& target, const Intents& asked)
      : now_(now)
      , object_(target.object)
      , of_(target.unit)
      , asked_(asked) {}

    Edited operator()(const EnablePath&) { return switch_path(false); }
    Edited operator()(const DisablePath&) { return switch_path(true); }

    Edited operator()(const SetWeight& request) {
        if (!find_path()) return gone();
        if (capabilities().maximum_weight == 0)
            return unsupported("The path manager in force has no path weights.");
        if (request.weight > capabilities().maximum_weight)
            return refuse(Refusal::InvalidWeight,
                          "Weight " + std::to_string(request.weight) + " is over the maximum, " +
                              std::to_string(capabilities().maximum_weight) + ".");
        // Paths are enabled or disabled then, and no more.
        if (capabilities().maximum_weight == 1 && request.weight == 0)
            return unsupported("The path manager in force disables paths, but weighs none.");
        const auto name = path_name(now_, *unit_, *path_);
        if (!name) return nameless();
        UnitIntent& intent = unit_intent();
        if (request.weight == 1)
            intent.weights.erase(*name);
        else
            intent.weights[*name] = request.weight;
        return edited();
    }

    Edited operator()(const SetOverridePath& request) {
        if (!find_unit()) return gone();
        if (!capabilities().override_paths)
            return unsupported("The path manager in force cannot override paths.");
        const model::Path* path = unit_->path(request.path);
        if (!path)
            return refuse(Refusal::InvalidParameter,
                          "The path is none of logical unit " + unit_->unit.name + ".");
        const auto name = path_name(now_, *unit_, *path);
        if (!name) return nameless();
        if (path->disabled || asked_.disabled.count(*name) != 0)
            return refuse(Refusal::PathNonoperational,
                          "Path " + path->device + " is disabled; enable it first.");
        if (path->state != PathState::Okay)
            return refuse(Refusal::PathNonoperational, "Path " + path->device + " does not work.");
        if (path->identity == model::Identity::Changed)
            return refuse(Refusal::Failed,
                          "Path " + path->device + " leads to another unit by now.");
        unit_intent().override_path = *name;
        return edited();
    }

    Edited operator()(const CancelOverridePath&) {
        if (!find_unit()) return gone();
        if (!capabilities().override_paths)
            return unsupported("The path manager in force cannot override paths.");
        unit_intent().override_path.reset();
        return edited();
    }

    Edited operator()(const SetLoadBalanceType& request) {
        if (auto refused = find_holder(capabilities().load_balance, "load balance type"))
            return *refused;
        if ((request.type & kTypes) != request.type || !std::has_single_bit(request.type) ||
            request.type == 1)
            return refuse(Refusal::InvalidParameter,
                          std::to_string(request.type) + " is not one load balance type.");
        const auto algorithm =
            std::find_if(now_.load_balances->begin(), now_.load_balances->end(),
                         [&](const model::LoadBalance& each) { return each.type == request.type; });
        if (algorithm == now_.load_balances->end())
            return refuse(Refusal::Failed, "No path selector of this kernel has that type.");
        settings_->selector = algorithm->selector + " 0";
        return edited();
    }

    Edited operator()(const SetAutoFailback& request) {
        if (auto refused = find_holder(capabilities().auto_failback, "automatic failback"))
            return *refused;
        settings_->auto_failback = request.on;
        return edited();
    }

    Edited operator()(const SetFailbackRate& request) {
        if (auto refused = find_holder(capabilities().failback_rate, "failback polling rate"))
            return *refused;
        if (auto refused = over(request.seconds, capabilities().failback_rate_max)) return *refused;
        settings_->failback_rate = request.seconds;
        return edited();
    }

    Edited operator()(const SetAutoProbing& request) {
        if (auto refused = find_holder(capabilities().auto_probing, "automatic probing"))
            return *refused;
        settings_->auto_probing = request.on;
        return edited();
    }

    Edited operator()(const SetProbingRate& request) {
        if (auto refused = find_holder(capabilities().probing_rate, "probing polling rate"))
            return *refused;
        if (auto refused = over(request.seconds, capabilities().probing_rate_max)) return *refused;
        settings_->probing_rate = request.seconds;
        return edited();
    }

    Edited operator()(const SetProperties& request) {
        if (object_.type == model::ObjectType::LoadBalance) return set_arguments(request);
        if (auto refused = find_holder(capabilities().load_balance, "path selector"))
            return *refused;
        for (const auto& [name, value] : request.values) {
            if (name != "selector") return not_settable(name);
            if (!is_selector_text(value))
                return refuse(Refusal::InvalidParameter, "That is no path selector.");
            if (!known_selector(first_word(value)))
                return refuse(Refusal::Failed, "This kernel has no path selector \"" +
                                                   std::string(first_word(value)) + "\".");
            const bool bare = value.find(' ') == std::string::npos;
            settings_->selector = bare ? value + " 0" : value;
        }
        return edited();
    }

  private:
    const model::Capabilities& capabilities() const {
        static const model::Capabilities none;
        return now_.plugins->empty() ? none : now_.plugins->front().capabilities;
    }

    bool find_unit() {
        unit_ = now_.units.find(object_.sequence);
        return unit_ != nullptr;
    }

    bool find_path() {
        unit_ = now_.units.find(of_);
        path_ = unit_ ? unit_->path(object_.sequence) : nullptr;
        return path_ != nullptr;
    }

    UnitIntent& unit_intent() { return asked_.units[unit_->unit.key]; }

    // Whose settings these are: the unit's or the plugin's.
    std::optional<Refused> find_holder(SettingSupport support, const std::string& what) {
        const bool plugin = object_.type == model::ObjectType::Plugin;
        const auto wanted = plugin ? SettingSupport::Plugin : SettingSupport::LogicalUnit;
        if (!plugin && !find_unit()) return gone();
        if (support != SettingSupport::Both && support != wanted)
            return unsupported("The path manager in force has no " + what +
                               (plugin ? "." : " of single logical units."));
        settings_ = plugin ? &asked_.everywhere : &unit_intent().settings;
        return std::nullopt;
    }

    static std::optional<Refused> over(std::uint32_t seconds, std::uint32_t most) {
        if (seconds <= most) return std::nullopt;
        return refuse(Refusal::InvalidParameter, std::to_string(seconds) +
                                                     " seconds are over the maximum, " +
                                                     std::to_string(most) + ".");
    }

    // Disabled paths are in no table, so the last usable one is left where it is.
    Edited switch_path(bool off) {
        if (!find_path()) return gone();
        if (!capabilities().disable_paths)
            return unsupported("The path manager in force cannot disable paths.");
        const auto name = path_name(now_, *unit_, *path_);
        if (!name) return nameless();
        if (!off) {
            asked_.disabled.erase(*name);
            return edited();
        }
        if (asked_.disabled.count(*name) != 0) return edited();
        if (unit_->unit.unit_name.empty() || path_->identity == model::Identity::Changed)
            return refuse(Refusal::Failed, "What path " + path_->device +
                                               " leads to has not been told by the device.");
        if (transitioning())
            return refuse(Refusal::TryAgain, "Target port groups of " + unit_->unit.name +
                                                 " are changing their state; try again.");
        if (path_->id == unit_->unit.override_path || overridden_by(*name))
            return refuse(Refusal::NotPermitted,
                          "Path " + path_->device + " is the override path; cancel that first.");
        const bool others =
            std::any_of(unit_->paths.begin(), unit_->paths.end(), [&](const model::Path& each) {
                return each.id != path_->id && each.state == PathState::Okay &&
                       each.identity != model::Identity::Changed && each.priority_group != 0 &&
                       carries_io(each) && stays(each);
            });
        if (!others)
            return refuse(Refusal::NotPermitted, "Path " + path_->device +
                                                     " is the last usable path of " +
                                                     unit_->unit.name + ".");
        asked_.disabled.insert(*name);
        return edited();
    }

    // Neither disabled, nor about to be by a change of the same turn.
    bool stays(const model::Path& path) const {
        const auto name = path_name(now_, *unit_, path);
        return !path.disabled && (!name || asked_.disabled.count(*name) == 0);
    }

    bool overridden_by(const PathName& name) const {
        const auto intent = asked_.units.find(unit_->unit.key);
        return intent != asked_.units.end() && intent->second.override_path == name;
    }

    // A path in standby can be activated; one whose group is unavailable or offline cannot be used.
    bool carries_io(const model::Path& path) const {
        const auto* group =
            path.group_known ? unit_->group_numbered(path.target_port_group) : nullptr;
        return !group || (group->access_state != AccessState::Unavailable &&
                          group->access_state != AccessState::Offline);
    }

    bool transitioning() const {
        return std::any_of(unit_->groups.begin(), unit_->groups.end(), [](const auto& group) {
            return group.access_state == AccessState::Transitioning;
        });
    }

    bool known_selector(std::string_view name) const {
        return std::any_of(now_.load_balances->begin(), now_.load_balances->end(),
                           [&](const model::LoadBalance& each) { return each.selector == name; });
    }

    Edited set_arguments(const SetProperties& request) {
        const model::LoadBalance* algorithm = model::find(now_.load_balances, object_.sequence);
        if (!algorithm) return gone();
        if (capabilities().load_balance == SettingSupport::None)
            return unsupported("The path manager in force changes no path selector.");
        for (const auto& [name, value] : request.values) {
            if (name != "selector args") return not_settable(name);
            const std::string text = algorithm->selector + " " + value;
            if (!is_selector_text(text))
                return refuse(Refusal::InvalidParameter, "Those are no arguments of a selector.");
            bool used = false;
            const auto use = [&](Settings& settings) {
                if (!settings.selector || first_word(*settings.selector) != algorithm->selector)
                    return;
                settings.selector = text;
                used = true;
            };
            use(asked_.everywhere);
            for (auto& [key, unit] : asked_.units)
                use(unit.settings);
            // They are kept with whoever was told to use it; to be silent would be to forget them.
            if (!used)
                return refuse(Refusal::Failed, "Nothing was told to use path selector \"" +
                                                   algorithm->selector +
                                                   "\"; set both together as property "
                                                   "\"selector\" of a logical unit or the plugin.");
        }
        return edited();
    }

    Edited edited() {
        std::erase_if(asked_.units, [](const auto& each) { return each.second.empty(); });
        return std::move(asked_);
    }

    static Refused unsupported(std::string text) {
        return refuse(Refusal::Unsupported, std::move(text));
    }
    static Refused gone() { return refuse(Refusal::ObjectNotFound, "The object is gone."); }
    static Refused nameless() {
        return refuse(Refusal::Failed,
                      "The path's ports are not known, so nothing lasting can be said of it.");
    }
    static Refused not_settable(const std::string& name) {
        return refuse(Refusal::InvalidParameter,
                      "There is no property \"" + name + "\" that could be set.");
    }

    const model::Snapshot& now_;
    const model::ObjectId object_;
    const model::Sequence of_;
    Intents asked_;
    const model::Unit* unit_ = nullptr;
    const model::Path* path_ = nullptr;
    Settings* settings_ = nullptr;
};

} // namespace

std::optional<PathName> path_name(const model::Snapshot& snapshot, const model::Unit& unit,
                                  const model::Path& path) {
    const auto* initiator = model::find(snapshot.initiator_ports, path.initiator_port);
    const auto* target = model::find(snapshot.target_ports, path.target_port);
    if (!initiator || !target) return std::nullopt;
    return PathName{unit.unit.unit_name, initiator->port_id, target->port_id, path.address.lun};
}

Edited edit(const model::Snapshot& now, const Target& target, const Request& request,
            const Intents& asked) {
    return std::visit(Editor(now, target, asked), request);
}

} // namespace mpapi::paths
