// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/journal.hpp"

#include "common/model/names.hpp"
#include "daemon/publish/message_ids.hpp"

#include <syslog.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace mpapi::publish {

using namespace model;

namespace {

using Fields = Journal::Fields;

bool usable(const Path& path) {
    return path.state == PathState::Okay && !path.disabled;
}

bool has_usable(const Unit& unit) {
    return std::any_of(unit.paths.begin(), unit.paths.end(), usable);
}

Fields joined(Fields a, Fields b) {
    std::move(b.begin(), b.end(), std::back_inserter(a));
    return a;
}

std::string text(auto value) {
    return std::string(name_of(value));
}

constexpr std::size_t kNames = 3;
constexpr std::size_t kPortNames = 4;

// What many of a kind did, after their number.
const char* plural(const char* id) {
    using namespace message_id;
    static constexpr struct {
        const char* id;
        const char* text;
    } kinds[] = {
        {kPathFailed, "paths failed"},
        {kPathRestored, "paths are okay again"},
        {kPathUnknown, "paths do not answer"},
        {kPathAdded, "paths are new"},
        {kPathRemoved, "paths are gone"},
        {kIdentityChanged, "paths lead to another logical unit"},
        {kGroupStateChanged, "target port groups have another access state"},
        {kUnitAdded, "maps are new"},
        {kUnitRemoved, "maps are gone"},
        {kNoPath, "maps have no usable path left"},
        {kPathAgain, "maps have a usable path again"},
        {kDuplicateDesignator, "maps lead to the logical unit of another"},
        {kSizeMismatch, "paths have another size than their map"},
        {kTrouble, "maps or paths have trouble, or have it no longer"},
    };
    for (const auto& each : kinds)
        if (std::strcmp(each.id, id) == 0) return each.text;
    return "changes of the daemon itself";
}

std::string list(const std::vector<std::string>& names, std::size_t all) {
    std::string text;
    for (const auto& name : names)
        text += (text.empty() ? "" : ", ") + name;
    return names.size() < all ? text + ", ..." : text;
}

} // namespace

class Journal::Step {
  public:
    Step(Journal& journal, const Snapshot& after)
      : journal_(journal)
      , after_(after) {}

    void change(const Difference<Manager>& c) {
        if (!c.before || !c.after) return;
        if (c.before->path_manager != c.after->path_manager && room(message_id::kManagerChanged))
            entry(message_id::kManagerChanged, LOG_NOTICE,
                  "Tables are managed by " + c.after->path_manager + ": " +
                      c.after->path_manager_reason,
                  {{"MPAPI_OLD", c.before->path_manager}, {"MPAPI_NEW", c.after->path_manager}});
        means("device-mapper", c.before->device_mapper, c.after->device_mapper);
        means("udev", c.before->udev, c.after->udev);
    }

    void change(const PartDifference<LogicalUnit>& c) {
        const Unit& unit = c.unit();
        if (!c.before) {
            if (room(message_id::kUnitAdded, unit))
                entry(message_id::kUnitAdded, LOG_INFO,
                      of(unit) + "new map with " + std::to_string(unit.paths.size()) + " paths",
                      fields(unit));
            return;
        }
        if (!c.after) {
            if (room(message_id::kUnitRemoved, unit))
                entry(message_id::kUnitRemoved, LOG_INFO, of(unit) + "the map is gone",
                      fields(unit));
            return;
        }
        if (c.after->duplicate_designator && !c.before->duplicate_designator &&
            room(message_id::kDuplicateDesignator, unit))
            entry(message_id::kDuplicateDesignator, LOG_ERR,
                  of(unit) + "another map leads to the same logical unit " + c.after->unit_name,
                  fields(unit));
        if (trouble_began_or_ended(c))
            entry(message_id::kTrouble, c.after->trouble ? LOG_WARNING : LOG_NOTICE,
                  of(unit) + "the map: " + told(c.after->trouble), fields(unit));
    }

    // Trouble of a device that does not answer is told with its path.
    void change(const PartDifference<TargetPortGroup>& c) {
        if (!c.before || !c.after || c.before->access_state == c.after->access_state) return;
        if (!room(message_id::kGroupStateChanged, c.unit())) return;
        const std::string number = std::to_string(c.after->number);
        entry(message_id::kGroupStateChanged, LOG_NOTICE,
              of(c.unit()) + "target port group " + number + ": " + text(c.before->access_state) +
                  " -> " + text(c.after->access_state),
              joined(fields(c.unit()), {{"MPAPI_TPG", number},
                                        {"MPAPI_OLD", text(c.before->access_state)},
                                        {"MPAPI_NEW", text(c.after->access_state)}}));
    }

    void change(const PartDifference<Path>& c) {
        availability(c);
        if (!c.before || !c.after) {
            // With a map that is new or gone its paths are no news.
            const char* id = c.after ? message_id::kPathAdded : message_id::kPathRemoved;
            if (c.unit_before && c.unit_after && room(id, c))
                entry(id, LOG_INFO, of(c) + (c.after ? " is new" : " is gone"), fields(c));
            return;
        }
        const Unit& unit = c.unit();
        if (c.after->identity == Identity::Changed &&
            (c.before->identity != Identity::Changed ||
             c.before->designator != c.after->designator) &&
            room(message_id::kIdentityChanged, c))
            entry(message_id::kIdentityChanged, LOG_ERR,
                  of(c) + " leads to another logical unit: " + c.after->designator +
                      " instead of " + unit.unit.unit_name,
                  joined(fields(c),
                         {{"MPAPI_OLD", unit.unit.unit_name}, {"MPAPI_NEW", c.after->designator}}));
        if (c.after->size_mismatch && !c.before->size_mismatch &&
            room(message_id::kSizeMismatch, c))
            entry(message_id::kSizeMismatch, LOG_WARNING,
                  of(c) + " has " + std::to_string(c.after->size) + " bytes, the map " +
                      std::to_string(unit.unit.size),
                  fields(c));
        if (c.before->state != c.after->state)
            state(c);
        else if (trouble_began_or_ended(c))
            entry(message_id::kTrouble, c.after->trouble ? LOG_WARNING : LOG_NOTICE,
                  of(c) + ": " + told(c.after->trouble), fields(c));
    }

    // Ports, products and algorithms are in the model for reference; they are no news.
    template <typename T>
    void change(const Difference<T>&) {}

  private:
    static std::string of(const Unit& unit) { return unit.unit.name + ": "; }
    static std::string of(const PartDifference<Path>& c) {
        return of(c.unit()) + "path " + c.either().device;
    }

    static Fields fields(const Unit& unit) {
        return {{"MPAPI_LU", unit.unit.key}, {"MPAPI_MAP", unit.unit.name}};
    }
    static Fields fields(const PartDifference<Path>& c) {
        return joined(fields(c.unit()), {{"MPAPI_PATH", std::to_string(c.either().id)},
                                         {"MPAPI_DEVICE", c.either().device}});
    }

    void state(const PartDifference<Path>& c) {
        const bool okay = c.after->state == PathState::Okay;
        const bool unknown = c.after->state == PathState::Unknown;
        const char* id = okay      ? message_id::kPathRestored
                         : unknown ? message_id::kPathUnknown
                                   : message_id::kPathFailed;
        if (!room(id, c)) return;
        std::string message = of(c) + ": " + text(c.before->state) + " -> " + text(c.after->state);
        if (unknown && c.after->trouble) message += " (" + told(c.after->trouble) + ")";
        entry(id, okay ? LOG_NOTICE : LOG_WARNING, message,
              joined(fields(c),
                     {{"MPAPI_OLD", text(c.before->state)}, {"MPAPI_NEW", text(c.after->state)}}));
    }

    template <typename T>
    bool trouble_began_or_ended(const PartDifference<T>& c) {
        return static_cast<bool>(c.before->trouble) != static_cast<bool>(c.after->trouble) &&
               room(message_id::kTrouble, c.unit());
    }

    static std::string told(const Shared<Trouble>& trouble) {
        return trouble ? trouble->command + ": " + trouble->reason : "answers as it should again";
    }

    // Once for a unit, with the first of its paths that changed: events of a unit are in a row.
    void availability(const PartDifference<Path>& c) {
        if (!c.unit_before || !c.unit_after || c.unit_after->unit.id == told_unit_) return;
        told_unit_ = c.unit_after->unit.id;
        const bool before = has_usable(*c.unit_before);
        const bool now = has_usable(*c.unit_after);
        if (before && !now && room(message_id::kNoPath, c.unit()))
            entry(message_id::kNoPath, LOG_ERR, of(c.unit()) + "no usable path is left",
                  fields(c.unit()));
        if (!before && now && room(message_id::kPathAgain, c.unit()))
            entry(message_id::kPathAgain, LOG_NOTICE, of(c.unit()) + "has a usable path again",
                  fields(c.unit()));
    }

    void means(const char* what, const std::string& before, const std::string& now) {
        if (before == now || !room(message_id::kManagerChanged)) return;
        entry(message_id::kManagerChanged, now.empty() ? LOG_NOTICE : LOG_WARNING,
              std::string(what) + ": " + (now.empty() ? "works" : now),
              {{"MPAPI_OLD", before}, {"MPAPI_NEW", now}});
    }

    // Counts one of this kind; whether it gets an entry of its own. Asked before anything is put
    // together for it: a burst may have 50 000.
    Kind* counted(const char* id) {
        auto& kinds = journal_.kinds_;
        auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [id](const Kind& each) { return each.id == id; });
        if (kind == kinds.end()) {
            kinds.emplace_back();
            kind = std::prev(kinds.end());
            kind->id = id;
        }
        return ++kind->count <= kEntriesOfAKind ? nullptr : &*kind;
    }
    bool room(const char* id) { return !counted(id); }
    bool room(const char* id, const Unit& unit) {
        Kind* kind = counted(id);
        if (!kind) return true;
        if (kind->units.insert(unit.unit.id).second && kind->names.size() < kNames)
            kind->names.push_back(unit.unit.name);
        return false;
    }
    bool room(const char* id, const PartDifference<Path>& c) {
        Kind* kind = counted(id);
        if (!kind) return true;
        const Unit& unit = c.unit();
        if (kind->units.insert(unit.unit.id).second && kind->names.size() < kNames)
            kind->names.push_back(unit.unit.name);
        const Sequence port = c.either().target_port;
        if (port != 0 && kind->ports.insert(port).second && kind->target_ports.size() < kPortNames)
            if (const auto* known = find(after_.target_ports, port))
                kind->target_ports.push_back(known->port_id);
        return false;
    }

    void entry(const char* id, int priority, const std::string& message, const Fields& with) {
        for (auto& kind : journal_.kinds_)
            if (kind.id == id) kind.priority = std::min(kind.priority, priority);
        journal_.send(id, priority, message, with);
    }

    Journal& journal_;
    const Snapshot& after_;
    Sequence told_unit_ = 0;
};

void Journal::send(const char* id, int priority, const std::string& message, const Fields& with) {
    JournalEntry entry{"MESSAGE=" + message, "MESSAGE_ID=" + std::string(id),
                       "PRIORITY=" + std::to_string(priority),
                       "MPAPI_GENERATION=" + std::to_string(generation_)};
    for (const auto& [name, value] : with)
        entry.push_back(std::string(name) + '=' + value);
    sink_(std::move(entry));
}

void Journal::summary(const Kind& kind) {
    const std::string more = std::to_string(kind.count - kEntriesOfAKind);
    const std::string units = std::to_string(kind.units.size());
    std::string message = more + " more " + plural(kind.id);
    if (!kind.units.empty())
        message += ", of " + units + (kind.units.size() == 1 ? " map (" : " maps (") +
                   list(kind.names, kind.units.size()) + ")";
    if (!kind.target_ports.empty())
        message += ", through " + list(kind.target_ports, kind.ports.size());
    send(message_id::kSummary, kind.priority, message,
         {{"MPAPI_KIND", kind.id}, {"MPAPI_COUNT", more}, {"MPAPI_UNITS", units}});
}

void Journal::record(const Snapshot& after, const std::vector<Event>& events,
                     Clock::time_point now) {
    if (began_ && now - *began_ >= kBurst) end_burst();
    if (!began_) began_ = now;
    generation_ = after.generation;
    Step step(*this, after);
    for (const auto& event : events)
        std::visit([&](const auto& change) { step.change(change); }, event);
}

std::optional<Journal::Clock::time_point> Journal::due() const {
    const bool held_back = std::any_of(kinds_.begin(), kinds_.end(), [](const Kind& kind) {
        return kind.count > kEntriesOfAKind;
    });
    return held_back && began_ ? std::optional(*began_ + kBurst) : std::nullopt;
}

void Journal::end_burst() {
    for (const auto& kind : kinds_)
        if (kind.count > kEntriesOfAKind) summary(kind);
    kinds_.clear();
    began_.reset();
}

Journal::Sink Journal::through(JournalQueue::Write write) {
    return [queue = std::make_shared<JournalQueue>(std::move(write))](JournalEntry entry) {
        queue->put(std::move(entry));
    };
}

} // namespace mpapi::publish
