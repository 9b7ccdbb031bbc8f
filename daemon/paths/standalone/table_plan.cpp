// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/paths/standalone/table_plan.hpp"

#include <algorithm>
#include <string>
#include <tuple>

namespace mpapi::standalone {

namespace {

using paths::PathName;
using paths::Refusal;
using paths::Refused;

std::string device_of(model::DeviceNumber number) {
    return std::to_string(number.major) + ":" + std::to_string(number.minor);
}

// One place in the table.
struct Item {
    std::string device;
    dm::Words words;
    const PlannedPath* path = nullptr; // null: nothing is known of it
    std::size_t from = kJoins;         // index of its group in the table
    static constexpr std::size_t kJoins = SIZE_MAX;

    const PathName* name() const {
        return path && path->name != PathName() ? &path->name : nullptr;
    }
    bool called(const PathName& other) const { return name() && *name() == other; }
};

using Group = std::vector<Item>;
using Groups = std::vector<Group>;

class Planner {
  public:
    Planner(const dm::MultipathTable& table, const std::vector<PlannedPath>& paths,
            const Wanted& wanted)
      : table_(table)
      , wanted_(wanted) {
        for (const PlannedPath& path : paths)
            by_device_.emplace(device_of(path.number), &path);
    }

    TablePlan plan() {
        read_table();
        replace_gone();
        drop([this](const Item& item) { return disabled(item); });
        if (wanted_.leave_out_gone)
            drop([](const Item& item) { return item.path && item.path->gone; });
        find_joiners();
        if (std::all_of(groups_.begin(), groups_.end(), [](auto& g) { return g.empty(); }) &&
            joiners_.empty()) {
            if (table_.groups.empty()) return Unchanged();
            return Refused{Refusal::NotPermitted, "it is the last path of its logical unit"};
        }
        if (!wanted_.groups.empty()) regroup();
        join();
        std::erase_if(groups_, [](const Group& group) { return group.empty(); });
        Group first = take_override_path();
        weigh();
        overridden_ = !first.empty();
        if (overridden_) groups_.insert(groups_.begin(), std::move(first));
        return write();
    }

  private:
    void read_table() {
        for (std::size_t g = 0; g < table_.groups.size(); ++g) {
            Group& group = groups_.emplace_back();
            for (const dm::TablePath& path : table_.groups[g].paths) {
                const auto number = path.number();
                const auto known =
                    by_device_.find(number ? device_of({number->major, number->minor}) : "");
                group.push_back({path.device, path.selector_args,
                                 known == by_device_.end() ? nullptr : known->second, g});
                devices_.insert(path.device);
            }
        }
    }

    bool disabled(const Item& item) const {
        return wanted_.disabled && item.name() && wanted_.disabled->count(*item.name()) != 0;
    }

    template <typename Condition>
    void drop(Condition condition) {
        for (Group& group : groups_)
            std::erase_if(group, condition);
    }

    const PlannedPath* newcomer(const PathName& name) const {
        for (const auto& [device, path] : by_device_)
            if (!path->gone && path->name == name && devices_.count(device) == 0) return path;
        return nullptr;
    }

    void replace_gone() {
        for (Group& group : groups_)
            for (Item& item : group) {
                if (!item.name() || !item.path->gone) continue;
                const PlannedPath* path = newcomer(*item.name());
                if (!path) continue;
                item.device = device_of(path->number);
                item.path = path;
                devices_.insert(item.device);
            }
    }

    // In the order of their devices, whatever the order in which they were given.
    void find_joiners() {
        for (const auto& [device, path] : by_device_) {
            if (path->gone || devices_.count(device) != 0) continue;
            const Item item{device, {}, path};
            if (disabled(item) || (item.name() && named(*item.name()))) continue;
            joiners_.push_back(item);
        }
    }

    static bool before(const Item& a, const Item& b) {
        const auto key = [](const Item& item) {
            return std::tuple(item.path ? item.path->number : model::DeviceNumber(), item.device);
        };
        return key(a) < key(b);
    }

    bool named(const PathName& name) const {
        const auto called = [&](const Item& item) { return item.called(name); };
        return std::any_of(groups_.begin(), groups_.end(),
                           [&](const Group& group) {
                               return std::any_of(group.begin(), group.end(), called);
                           }) ||
               std::any_of(joiners_.begin(), joiners_.end(), called);
    }

    // Back to the groups that were kept; whoever has no place in them joins anew.
    void regroup() {
        Group all;
        for (Group& group : groups_)
            std::move(group.begin(), group.end(), std::back_inserter(all));
        std::move(joiners_.begin(), joiners_.end(), std::back_inserter(all));
        std::sort(all.begin(), all.end(), before); // also of two devices under one name
        groups_.clear();
        for (const auto& kept : wanted_.groups) {
            Group& group = groups_.emplace_back();
            for (const PathName& name : kept)
                for (auto at = all.begin(); at != all.end();) {
                    if (!at->called(name)) {
                        ++at;
                        continue;
                    }
                    group.push_back(std::move(*at));
                    at = all.erase(at);
                }
        }
        joiners_ = std::move(all);
    }

    void join() {
        for (Item& item : joiners_) {
            Group* const place = place_for(item);
            (place ? *place : groups_.emplace_back()).push_back(std::move(item));
        }
    }

    // Null: a group of its own.
    Group* place_for(const Item& item) {
        std::vector<Group*> taken;
        for (Group& group : groups_)
            if (!group.empty()) taken.push_back(&group);
        const bool alone = taken.size() > 1 && std::all_of(taken.begin(), taken.end(),
                                                           [](auto* g) { return g->size() == 1; });
        const auto port_group = [](const Item& of) {
            return of.path ? of.path->port_group : std::nullopt;
        };
        std::set<std::uint16_t> seen;
        bool divided = false; // a target port group has more than one group of the table
        Group* same = nullptr;
        for (Group* group : taken) {
            std::set<std::uint16_t> here;
            for (const Item& member : *group)
                if (const auto number = port_group(member)) here.insert(*number);
            for (const std::uint16_t number : here)
                divided |= !seen.insert(number).second;
            const auto own = port_group(item);
            if (!same && own && here.count(*own) != 0) same = group;
        }
        if (same && !(alone && divided)) return same;
        if (alone) return nullptr;
        return taken.size() == 1 ? taken.front() : nullptr;
    }

    std::uint32_t weight(const Item& item) const {
        if (!item.name()) return 1;
        const auto known = wanted_.weights.find(*item.name());
        return known == wanted_.weights.end() ? 1 : known->second;
    }

    static Rank rank_of(const Group& group) {
        Rank best = UINT8_MAX;
        for (const Item& item : group)
            best = std::min(best, item.path ? item.path->rank : kUnknownRank);
        return best;
    }

    void weigh() {
        std::set<std::uint32_t, std::greater<>> weights;
        for (const Group& group : groups_)
            for (const Item& item : group)
                weights.insert(weight(item));
        if (weights.size() < 2) return;
        Groups divided;
        for (const Group& group : groups_)
            for (const std::uint32_t each : weights) {
                Group part;
                std::copy_if(group.begin(), group.end(), std::back_inserter(part),
                             [&](const Item& item) { return weight(item) == each; });
                if (!part.empty()) divided.push_back(std::move(part));
            }
        std::stable_sort(divided.begin(), divided.end(), [this](const Group& a, const Group& b) {
            const auto key = [this](const Group& group) {
                return std::pair(rank_of(group), UINT32_MAX - weight(group.front()));
            };
            return key(a) < key(b);
        });
        groups_ = std::move(divided);
    }

    // Out of its group, of which it must not decide the place.
    Group take_override_path() {
        if (!wanted_.override_path) return {};
        for (auto group = groups_.begin(); group != groups_.end(); ++group)
            for (auto at = group->begin(); at != group->end(); ++at) {
                if (!at->called(*wanted_.override_path)) continue;
                Group taken{std::move(*at)};
                group->erase(at);
                if (group->empty()) groups_.erase(group);
                return taken;
            }
        return {};
    }

    // The group in use where its paths stay together, else the best one.
    std::uint32_t initial_group() const {
        if (overridden_ && works(groups_.front().front())) return 1;
        if (const auto heir = heir_of_the_one_in_use()) return *heir;
        std::size_t best = 0;
        auto merit = std::tuple(true, Rank(UINT8_MAX), UINT32_MAX);
        for (std::size_t g = 0; g < groups_.size(); ++g) {
            const bool dead = std::none_of(groups_[g].begin(), groups_[g].end(), works);
            const auto here =
                std::tuple(dead, rank_of(groups_[g]), UINT32_MAX - weight(groups_[g].front()));
            if (here < merit) merit = here, best = g;
        }
        return static_cast<std::uint32_t>(best + 1);
    }

    static bool works(const Item& item) { return item.path && item.path->usable; }

    std::optional<std::uint32_t> heir_of_the_one_in_use() const {
        if (table_.initial_group == 0) return std::nullopt;
        const std::size_t in_use = table_.initial_group - 1;
        std::optional<std::uint32_t> heir;
        for (std::size_t g = 0; g < groups_.size(); ++g) {
            bool own = false, others = false;
            for (const Item& item : groups_[g]) {
                own |= item.from == in_use;
                others |= item.from != in_use && item.from != Item::kJoins;
            }
            if (!own) continue;
            if (others || heir) return std::nullopt; // its paths did not stay together
            if (std::none_of(groups_[g].begin(), groups_[g].end(), works)) return std::nullopt;
            heir = static_cast<std::uint32_t>(g + 1);
        }
        return heir;
    }

    TablePlan write() {
        dm::MultipathTable result = table_;
        result.groups.clear();
        for (const Group& group : groups_) {
            auto written = write_group(group);
            if (!written) return Refused{Refusal::Unsupported, written.error().message()};
            result.groups.push_back(std::move(*written));
        }
        result.initial_group = initial_group();
        if (same_but_initial_group(result, table_)) return Unchanged();
        return result;
    }

    Result<dm::TableGroup> write_group(const Group& items) const {
        const auto from = std::find_if(items.begin(), items.end(),
                                       [](const Item& item) { return item.from != Item::kJoins; });
        const dm::TableGroup* source = nullptr;
        if (from != items.end())
            source = &table_.groups[from->from];
        else if (!table_.groups.empty())
            source = &table_.groups.front();
        dm::TableGroup group;
        if (source) {
            group.selector = source->selector;
            group.selector_args = source->selector_args;
        }
        if (wanted_.selector) {
            // The kernel shows what it took for words that were left out.
            if (wanted_.selector->name != group.selector || !wanted_.selector->args.empty())
                group.selector_args = wanted_.selector->args;
            group.selector = wanted_.selector->name;
        }
        if (group.selector.empty())
            return Error{"group paths", "", "the map has no path selector yet"};

        const auto fresh = paths::path_words(group.selector);
        std::optional<std::size_t> kept; // how many words those have that have some
        for (const Item& item : items)
            if (keeps_words(item, group.selector)) kept = item.words.size();
        bool anew = false;
        for (const Item& item : items) {
            dm::TablePath path{item.device, item.words};
            if (!keeps_words(item, group.selector)) {
                if (!fresh)
                    return Error{"add a path", group.selector,
                                 "what it wants to know of a path is not known"};
                path.selector_args = first_words(*fresh, kept.value_or(fresh->size()));
            }
            anew |= path.selector_args.size() != kept.value_or(path.selector_args.size());
            group.paths.push_back(std::move(path));
        }
        // One count holds for all paths of a group.
        if (anew) {
            if (!fresh)
                return Error{"group paths", group.selector,
                             "their selector arguments do not fit together"};
            for (dm::TablePath& path : group.paths)
                path.selector_args = *fresh;
        }
        return group;
    }

    bool keeps_words(const Item& item, const std::string& selector) const {
        return item.from != Item::kJoins && table_.groups[item.from].selector == selector;
    }

    static dm::Words first_words(const dm::Words& words, std::size_t count) {
        dm::Words first;
        for (const auto word : words)
            if (first.size() < count) first.append(word);
        return first;
    }

    const dm::MultipathTable& table_;
    const Wanted& wanted_;
    std::map<std::string, const PlannedPath*> by_device_;
    std::set<std::string> devices_; // in the table, replacements included
    Groups groups_;
    Group joiners_;
    bool overridden_ = false;
};

} // namespace

TablePlan plan_table(const dm::MultipathTable& table, const std::vector<PlannedPath>& paths,
                     const Wanted& wanted) {
    return Planner(table, paths, wanted).plan();
}

Grouping grouping_of(const dm::MultipathTable& table, const std::vector<PlannedPath>& paths) {
    std::map<std::string, const PlannedPath*> by_device;
    for (const PlannedPath& path : paths)
        by_device.emplace(device_of(path.number), &path);
    Grouping grouping;
    for (const dm::TableGroup& group : table.groups) {
        auto& names = grouping.emplace_back();
        for (const dm::TablePath& path : group.paths)
            if (const auto known = by_device.find(path.device);
                known != by_device.end() && known->second->name != PathName())
                names.push_back(known->second->name);
    }
    return grouping;
}

bool same_but_initial_group(const dm::MultipathTable& a, const dm::MultipathTable& b) {
    return a.features == b.features && a.hardware_handler == b.hardware_handler &&
           a.hardware_handler_args == b.hardware_handler_args && a.groups == b.groups;
}

} // namespace mpapi::standalone
