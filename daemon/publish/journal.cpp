// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/journal.hpp"

#include "common/model/names.hpp"
#include "daemon/publish/message_ids.hpp"

#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace mpapi::publish {

using namespace model;

namespace {

using Fields = std::vector<std::pair<std::string_view, std::string>>;

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

} // namespace

class Journal::Step {
  public:
    Step(const Sink& sink, const Snapshot& after)
      : sink_(sink)
      , after_(after) {}

    ~Step() {
        for (const auto& kind : kinds_)
            if (kind.count > kEntriesOfAKind) summary(kind);
    }

    void change(const Difference<Manager>& c) {
        if (!c.before || !c.after) return;
        if (c.before->path_manager != c.after->path_manager)
            entry(message_id::kManagerChanged, LOG_NOTICE,
                  "Tables are managed by " + c.after->path_manager + ": " +
                      c.after->path_manager_reason,
                  {{"MPAPI_OLD", c.before->path_manager}, {"MPAPI_NEW", c.after->path_manager}});
        means("device-mapper", c.before->device_mapper, c.after->device_mapper);
        means("udev", c.before->udev, c.after->udev);
    }

    void change(const PartDifference<LogicalUnit>& c) {
        if (!c.before) {
            return entry(message_id::kUnitAdded, LOG_INFO,
                         of(c.unit()) + "new map with " +
                             std::to_string(c.unit_after->paths.size()) + " paths",
                         fields(c.unit()));
        }
        if (!c.after)
            return entry(message_id::kUnitRemoved, LOG_INFO, of(c.unit()) + "the map is gone",
                         fields(c.unit()));
        if (c.after->duplicate_designator && !c.before->duplicate_designator)
            entry(message_id::kDuplicateDesignator, LOG_ERR,
                  of(c.unit()) + "another map leads to the same logical unit " + c.after->unit_name,
                  fields(c.unit()));
        trouble(c.unit(), "the map", c.before->trouble, c.after->trouble, fields(c.unit()));
    }

    void change(const PartDifference<TargetPortGroup>& c) {
        if (!c.before || !c.after) return;
        auto with = fields(c.unit());
        with.emplace_back("MPAPI_TPG", std::to_string(c.after->number));
        const std::string group = "target port group " + std::to_string(c.after->number);
        if (c.before->access_state != c.after->access_state) {
            with.emplace_back("MPAPI_OLD", text(c.before->access_state));
            with.emplace_back("MPAPI_NEW", text(c.after->access_state));
            entry(message_id::kGroupStateChanged, LOG_NOTICE,
                  of(c.unit()) + group + ": " + text(c.before->access_state) + " -> " +
                      text(c.after->access_state),
                  std::move(with));
        }
        // Trouble of a device that does not answer is told with its path.
    }

    void change(const PartDifference<Path>& c) {
        const Unit& unit = c.unit();
        auto with = fields(unit);
        with.emplace_back("MPAPI_PATH", std::to_string(c.either().id));
        with.emplace_back("MPAPI_DEVICE", c.either().device);
        const std::string path = of(unit) + "path " + c.either().device;
        availability(c);
        if (!c.before) {
            if (c.unit_before)
                entry(message_id::kPathAdded, LOG_INFO, path + " is new", std::move(with));
            return;
        }
        if (!c.after) {
            if (c.unit_after)
                entry(message_id::kPathRemoved, LOG_INFO, path + " is gone", std::move(with));
            return;
        }
        if (c.after->identity == Identity::Changed && (c.before->identity != Identity::Changed ||
                                                       c.before->designator != c.after->designator))
            entry(message_id::kIdentityChanged, LOG_ERR,
                  path + " leads to another logical unit: " + c.after->designator + " instead of " +
                      unit.unit.unit_name,
                  joined(with,
                         {{"MPAPI_OLD", unit.unit.unit_name}, {"MPAPI_NEW", c.after->designator}}));
        if (c.after->size_mismatch && !c.before->size_mismatch)
            entry(message_id::kSizeMismatch, LOG_WARNING,
                  path + " has " + std::to_string(c.after->size) + " bytes, the map " +
                      std::to_string(unit.unit.size),
                  with);
        if (c.before->state != c.after->state) {
            const bool okay = c.after->state == PathState::Okay;
            const bool unknown = c.after->state == PathState::Unknown;
            std::string message =
                path + ": " + text(c.before->state) + " -> " + text(c.after->state);
            if (unknown && c.after->trouble)
                message += " (" + c.after->trouble->command + ": " + c.after->trouble->reason + ")";
            entry(okay      ? message_id::kPathRestored
                  : unknown ? message_id::kPathUnknown
                            : message_id::kPathFailed,
                  okay ? LOG_NOTICE : LOG_WARNING, message,
                  joined(std::move(with), {{"MPAPI_OLD", text(c.before->state)},
                                           {"MPAPI_NEW", text(c.after->state)}}));
        } else {
            trouble(unit, "path " + c.after->device, c.before->trouble, c.after->trouble, with);
        }
    }

    // Ports, products and algorithms are in the model for reference; they are no news.
    template <typename T>
    void change(const Difference<T>&) {}

  private:
    struct Kind {
        const char* id;
        unsigned count = 0;
        std::string example;
    };

    static std::string of(const Unit& unit) { return unit.unit.name + ": "; }

    static Fields fields(const Unit& unit) {
        return {{"MPAPI_LU", unit.unit.key}, {"MPAPI_MAP", unit.unit.name}};
    }

    // Once for a unit, with the first of its paths that changed: events of a unit are in a row.
    void availability(const PartDifference<Path>& c) {
        if (!c.unit_before || !c.unit_after || c.unit_after->unit.id == told_unit_) return;
        told_unit_ = c.unit_after->unit.id;
        const bool before = has_usable(*c.unit_before);
        const bool now = has_usable(*c.unit_after);
        if (before && !now)
            entry(message_id::kNoPath, LOG_ERR, of(c.unit()) + "no usable path is left",
                  fields(c.unit()));
        if (!before && now)
            entry(message_id::kPathAgain, LOG_NOTICE, of(c.unit()) + "has a usable path again",
                  fields(c.unit()));
    }

    void means(const char* what, const std::string& before, const std::string& now) {
        if (before == now) return;
        entry(message_id::kManagerChanged, now.empty() ? LOG_NOTICE : LOG_WARNING,
              std::string(what) + ": " + (now.empty() ? "works" : now),
              {{"MPAPI_OLD", before}, {"MPAPI_NEW", now}});
    }

    void trouble(const Unit& unit, const std::string& what, const Shared<Trouble>& before,
                 const Shared<Trouble>& now, Fields with) {
        if (static_cast<bool>(before) == static_cast<bool>(now)) return;
        entry(message_id::kTrouble, now ? LOG_WARNING : LOG_NOTICE,
              of(unit) + what + ": " +
                  (now ? now->command + ": " + now->reason : "answers as it should again"),
              std::move(with));
    }

    void entry(const char* id, int priority, const std::string& message, Fields with) {
        auto kind = std::find_if(kinds_.begin(), kinds_.end(),
                                 [id](const Kind& each) { return each.id == id; });
        if (kind == kinds_.end()) kind = kinds_.insert(kinds_.end(), Kind{id, 0, message});
        if (++kind->count > kEntriesOfAKind) return;
        send(id, priority, message, with);
    }

    void summary(const Kind& kind) {
        const std::string more = std::to_string(kind.count - kEntriesOfAKind);
        send(message_id::kSummary, LOG_NOTICE, more + " more at once like: " + kind.example,
             {{"MPAPI_KIND", kind.id}, {"MPAPI_COUNT", more}});
    }

    void send(const char* id, int priority, const std::string& message, const Fields& with) {
        std::vector<std::string> fields{"MESSAGE=" + message, "MESSAGE_ID=" + std::string(id),
                                        "PRIORITY=" + std::to_string(priority),
                                        "MPAPI_GENERATION=" + std::to_string(after_.generation)};
        for (const auto& [name, value] : with)
            fields.push_back(std::string(name) + '=' + value);
        sink_(fields);
    }

    const Sink& sink_;
    const Snapshot& after_;
    std::vector<Kind> kinds_;
    Sequence told_unit_ = 0;
};

void Journal::record(const Snapshot& after, const std::vector<Event>& events) {
    Step step(sink_, after);
    for (const auto& event : events)
        std::visit([&](const auto& change) { step.change(change); }, event);
}

void Journal::to_journald(const std::vector<std::string>& fields) {
    std::vector<iovec> parts;
    for (const auto& field : fields)
        parts.push_back({const_cast<char*>(field.data()), field.size()});
    // Without journald there is nobody to tell, and a failure here is nobody's news.
    (void)sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

} // namespace mpapi::publish
