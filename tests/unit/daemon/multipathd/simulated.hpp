// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A multipathd with one map of four paths, as far as a path manager sees it: files that are read at
// a reconfigure, commands, and the table that comes of both. Two paths are in each of two groups,
// of which the first is the best.
#pragma once

#include "common/model/snapshot.hpp"
#include "common/multipath_conf/effective.hpp"
#include "daemon/multipathd/files.hpp"
#include "daemon/paths/intents.hpp"
#include "tests/unit/daemon/multipathd/peer.hpp"

#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace mpapi::multipathd {

inline constexpr const char* map_wwid = "36001405a";

inline paths::PathName name_of(const std::string& device) {
    return {"6001405a", "iqn.i", "t-" + device, 0};
}

class SimulatedMultipathd {
  public:
    explicit SimulatedMultipathd(std::string root)
      : root_(std::move(root))
      , peer_([this](int fd, const std::string& command) { talk(fd, command); }) {
        load();
    }

    const std::string& address() const { return peer_.address(); }

    // What happens to this command instead: "hang", "close", "fail", "timeout" (`times` of them).
    void behaves(const std::string& command, const std::string& how, int times = 1'000'000) {
        const std::lock_guard lock(mutex_);
        behaviour_[command] = {how, times};
    }
    void behaves_well() {
        const std::lock_guard lock(mutex_);
        behaviour_.clear();
    }
    // Requests for "show config" that are answered after a reconfigure was ordered and before it is
    // done.
    void set_slow(int looks) {
        const std::lock_guard lock(mutex_);
        slow_ = looks;
    }
    // What the kernel shows of a selector that it was given.
    void set_shown(const std::string& given, const std::string& shown) {
        const std::lock_guard lock(mutex_);
        shown_[given] = shown;
    }
    // udev's property of a disabled path.
    void set_property(const std::string& device, bool on) {
        const std::lock_guard lock(mutex_);
        if (on)
            property_.insert(device);
        else
            property_.erase(device);
    }
    void set_failed(const std::string& device, bool failed) {
        const std::lock_guard lock(mutex_);
        paths_.at(device).failed = failed;
        if (failed && group_of(device) == current_) current_ = group_in_use_without(device);
    }
    // Its device goes, and stays in the table: somebody has to take it out.
    void set_removed(const std::string& device) {
        const std::lock_guard lock(mutex_);
        paths_.at(device).removed = true;
    }
    // A path goes and comes back: the table is loaded anew, with the best group first.
    void reload() {
        const std::lock_guard lock(mutex_);
        make_table();
    }
    void restart() {
        const std::lock_guard lock(mutex_);
        load();
    }

    std::vector<std::string> commands() const {
        const std::lock_guard lock(mutex_);
        return commands_;
    }
    // Without those that only look.
    std::string deeds() const {
        std::string text;
        for (const std::string& command : commands())
            if (!command.starts_with("show ")) text += (text.empty() ? "" : ", ") + command;
        return text;
    }
    void forget() {
        const std::lock_guard lock(mutex_);
        commands_.clear();
    }

    // The model of it all.
    std::shared_ptr<model::Snapshot> snapshot(std::uint64_t generation) const {
        const std::lock_guard lock(mutex_);
        auto made = std::make_shared<model::Snapshot>();
        made->generation = generation;
        std::vector<model::InitiatorPort> initiators(1);
        initiators[0].id = 1;
        initiators[0].port_id = "iqn.i";
        std::vector<model::TargetPort> targets;
        model::Unit unit;
        unit.unit.id = 1;
        unit.unit.key = map_wwid;
        unit.unit.name = "mpatha";
        unit.unit.uuid = std::string("mpath-") + map_wwid;
        unit.unit.unit_name = "6001405a";
        const auto shown = shown_.find(selector_);
        std::istringstream selector(shown == shown_.end() ? selector_ : shown->second);
        std::string count;
        selector >> unit.unit.selector >> count >> std::ws;
        std::getline(selector, unit.unit.selector_arguments);
        unit.unit.current_group = current_;
        model::Sequence id = 1;
        for (const auto& [device, path] : paths_) {
            model::TargetPort port;
            port.id = id;
            port.port_id = "t-" + device;
            targets.push_back(port);
            model::Path made_path;
            made_path.id = id;
            made_path.initiator_port = 1;
            made_path.target_port = id;
            made_path.device = device;
            made_path.priority_group = path.group;
            made_path.dm_active = path.group != 0 && !path.failed;
            made_path.state = path.failed ? model::PathState::PathError : model::PathState::Okay;
            if (path.removed) made_path.state = model::PathState::Removed;
            unit.paths.push_back(made_path);
            ++id;
        }
        made->initiator_ports =
            std::make_shared<const std::vector<model::InitiatorPort>>(std::move(initiators));
        made->target_ports =
            std::make_shared<const std::vector<model::TargetPort>>(std::move(targets));
        if (exists_) made->units.put(std::make_shared<const model::Unit>(std::move(unit)));
        return made;
    }

  private:
    struct Path {
        std::uint32_t best_group = 0;
        bool known = true; // to multipathd
        bool failed = false;
        bool removed = false;
        std::uint32_t group = 0; // in the table
    };
    struct Behaviour {
        std::string how;
        int times = 0;
    };

    void talk(int fd, const std::string& command) {
        std::string answer, how;
        {
            const std::lock_guard lock(mutex_);
            commands_.push_back(command);
            if (const auto found = behaviour_.find(command);
                found != behaviour_.end() && found->second.times > 0) {
                --found->second.times;
                how = found->second.how;
            } else {
                answer = obey(command);
            }
        }
        if (how == "hang") return hold(fd);
        if (how == "close") return;
        reply(fd, how.empty() ? answer : how + "\n");
    }

    std::string obey(const std::string& command) {
        std::istringstream words(command);
        std::string verb, what, object, more, number;
        words >> verb >> what >> object >> more >> number;
        if (command == "reconfigure") {
            pending_ = slow_ + 1;
            if (slow_ == 0) load();
            return "ok\n";
        }
        if (command == "show config") {
            if (pending_ > 0 && --pending_ == 0) load();
            return loaded_;
        }
        if (verb == "switch") {
            current_ = static_cast<std::uint32_t>(std::stoul(number));
            return "ok\n";
        }
        if (verb == "del" && what == "map") {
            exists_ = false;
            return "ok\n";
        }
        Path& path = paths_.at(object);
        if (verb == "del") {
            if (!path.known) return "fail\n";
            path.known = false;
        } else {
            if (excluded(object)) return "blacklisted\n";
            path.known = true;
        }
        make_table();
        return "ok\n";
    }

    void load() {
        pending_ = 0;
        files_.clear();
        loaded_.clear();
        for (const TextFile& file : read_configuration(root_)) {
            files_.push_back(*multipath_conf::parse(file.name, file.text));
            loaded_ += file.text;
        }
        if (loaded_.empty()) loaded_ = "defaults {\n}\n";
        for (auto& [device, path] : paths_)
            path.known = !excluded(device);
        make_table();
    }

    bool excluded(const std::string& device) const {
        if (loaded_.find("devnode \"^" + device + "$\"") != std::string::npos) return true;
        return loaded_.find("^DM_MPAPI_DISABLED$") != std::string::npos &&
               property_.count(device) != 0;
    }

    void make_table() {
        std::string grouping = "group_by_prio";
        selector_ = "service-time 0";
        for (const auto& setting : multipath_conf::effective_settings(
                 files_, std::nullopt, {map_wwid, "LIO-ORG", "disk", "4.0", "scsi:iscsi"})) {
            if (setting.key == "path_selector") selector_ = setting.value;
            if (setting.key == "path_grouping_policy") grouping = setting.value;
        }
        std::uint32_t next = 0, last = 0;
        for (auto& [device, path] : paths_) {
            path.group = 0;
            if (!path.known) continue;
            if (grouping == "failover" || path.best_group != last) ++next;
            last = path.best_group;
            path.group = next;
        }
        current_ = 1;
    }

    std::uint32_t group_of(const std::string& device) const { return paths_.at(device).group; }
    std::uint32_t group_in_use_without(const std::string& lost) const {
        for (const auto& [device, path] : paths_)
            if (device != lost && !path.failed && path.group != 0) return path.group;
        return 0;
    }

    const std::string root_;
    mutable std::mutex mutex_;
    std::map<std::string, Path> paths_ = {{"sda", {1}}, {"sdb", {1}}, {"sdc", {2}}, {"sdd", {2}}};
    std::set<std::string> property_;
    std::map<std::string, std::string> shown_;
    std::map<std::string, Behaviour> behaviour_;
    std::vector<std::string> commands_;
    std::vector<multipath_conf::ConfFile> files_;
    std::string loaded_, selector_;
    std::uint32_t current_ = 1;
    bool exists_ = true;
    int slow_ = 0, pending_ = 0;
    Peer peer_; // the last: its thread uses the others
};

} // namespace mpapi::multipathd
