// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/metrics.hpp"

#include "common/model/identity.hpp"
#include "common/model/names.hpp"
#include "daemon/publish/text.hpp"

#include <array>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace mpapi::publish {

namespace {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Exposition {
  public:
    void family(std::string_view name, std::string_view type, std::string_view help,
                std::string_view unit = {}) {
        name_ = name;
        text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
        if (!unit.empty())
            text_.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
        text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    }

    void sample(std::string_view suffix, Labels labels, std::string_view value) {
        text_.append(name_).append(suffix);
        char before = '{';
        for (const auto& [label, content] : labels) {
            text_ += before;
            text_.append(label).append("=\"");
            escaped(content);
            text_ += '"';
            before = ',';
        }
        if (before == ',') text_ += '}';
        text_.append(" ").append(value).append("\n");
    }

    void sample(std::string_view suffix, Labels labels, std::uint64_t value) {
        sample(suffix, labels, std::string_view(std::to_string(value)));
    }

    void gauge(std::string_view name, std::string_view help, std::uint64_t value) {
        family(name, "gauge", help);
        sample("", {}, value);
    }

    void counter(std::string_view name, std::string_view help, std::uint64_t value) {
        family(name, "counter", help);
        sample("_total", {}, value);
    }

    std::string finish() && {
        text_ += "# EOF\n";
        return std::move(text_);
    }

  private:
    void escaped(std::string_view content) {
        std::string scratch;
        for (char c : presentable(content, scratch)) {
            if (c == '\n') {
                text_ += "\\n";
                continue;
            }
            if (c == '"' || c == '\\') text_ += '\\';
            text_ += c;
        }
    }

    std::string text_;
    std::string_view name_;
};

// Microseconds as seconds in decimal, exactly.
std::string seconds(std::uint64_t usec) {
    std::string text = std::to_string(usec / 1'000'000);
    std::string fraction = std::to_string(usec % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    while (fraction.size() > 1 && fraction.back() == '0')
        fraction.pop_back();
    return text + '.' + fraction;
}

void latency(Exposition& out, const Latency& latency) {
    out.family(
        "mpapi_event_to_signal_seconds", "histogram",
        "From an event of the kernel or an answer of a device until its signal was handed to "
        "the bus.",
        "seconds");
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < Latency::kBounds.size(); ++at) {
        sum += latency.counts[at];
        out.sample("_bucket", {{"le", seconds(Latency::kBounds[at])}}, sum);
    }
    out.sample("_bucket", {{"le", "+Inf"}}, latency.count);
    out.sample("_count", {}, latency.count);
    out.sample("_sum", {}, seconds(latency.sum_usec));
}

struct Census {
    std::array<std::uint64_t, 10> paths{};
    std::array<std::uint64_t, 256> groups{};
    std::array<std::uint64_t, 4> queueing{};
    std::uint64_t path_count = 0;
    std::uint64_t unanswering = 0;
    std::uint64_t without_path = 0;
};

Census count(const model::Snapshot& snapshot) {
    Census census;
    snapshot.units.for_each([&](const model::Unit& unit) {
        ++census.queueing[static_cast<std::size_t>(unit.unit.queueing) % census.queueing.size()];
        bool usable = false;
        for (const auto& path : unit.paths) {
            ++census.paths[static_cast<std::size_t>(path.state) % census.paths.size()];
            census.unanswering += static_cast<bool>(path.trouble);
            usable |= path.state == model::PathState::Okay && !path.disabled;
        }
        census.path_count += unit.paths.size();
        census.without_path += !usable;
        for (const auto& group : unit.groups)
            ++census.groups[static_cast<std::size_t>(group.access_state)];
    });
    return census;
}

constexpr model::AccessState kAccessStates[] = {
    model::AccessState::ActiveOptimized,
    model::AccessState::ActiveNonOptimized,
    model::AccessState::Standby,
    model::AccessState::Unavailable,
    model::AccessState::LogicalBlockDependent,
    model::AccessState::Offline,
    model::AccessState::Transitioning,
    model::AccessState::Active,
    model::AccessState::Unknown,
};

void path_info(Exposition& out, const model::Snapshot& snapshot) {
    out.family("mpapi_path", "info", "What a path is: its device, its map and its ports.");
    std::size_t left = kPathSeries;
    snapshot.units.for_each([&](const model::Unit& unit) {
        for (const auto& path : unit.paths) {
            if (left == 0) return;
            --left;
            const auto* initiator = model::find(snapshot.initiator_ports, path.initiator_port);
            const auto* target = model::find(snapshot.target_ports, path.target_port);
            const std::string id = std::to_string(path.id);
            const std::string lun = std::to_string(model::logical_unit_number(path.address.lun));
            const std::string group =
                path.group_known ? std::to_string(path.target_port_group) : std::string();
            out.sample("_info",
                       {{"path", id},
                        {"device", path.device},
                        {"logical_unit", unit.unit.key},
                        {"map", unit.unit.name},
                        {"initiator_port", initiator ? initiator->port_id : std::string_view()},
                        {"target_port", target ? target->port_id : std::string_view()},
                        {"lun", lun},
                        {"target_port_group", group}},
                       1);
        }
    });
}

void path_failures(Exposition& out, const model::Snapshot& snapshot, const Failures& failures) {
    out.family("mpapi_path_failures", "counter",
               "Failures of a path since the daemon started, for paths that have failed.");
    std::size_t left = failures.paths().empty() ? 0 : kPathSeries;
    if (left == 0) return;
    snapshot.units.for_each([&](const model::Unit& unit) {
        for (const auto& path : unit.paths) {
            const auto count = left ? failures.of(path.id) : 0;
            if (count == 0) continue;
            --left;
            const std::string id = std::to_string(path.id);
            out.sample("_total", {{"path", id}, {"logical_unit", unit.unit.key}}, count);
        }
    });
}

} // namespace

std::string open_metrics(const model::Snapshot& snapshot, const Figures& figures) {
    Exposition out;
    const Census census = count(snapshot);

    out.family("mpapi_build", "info", "The daemon.");
    out.sample("_info", {{"version", MPAPI_VERSION}}, 1);
    out.gauge("mpapi_ready", "Whether all that existed at the start has been looked at.",
              snapshot.manager.ready);
    out.gauge("mpapi_generation", "Steps of the model since the daemon started.",
              snapshot.generation);

    out.family("mpapi_logical_units", "gauge", "Maps, by why their I/O waits.");
    for (std::size_t at = 0; at < census.queueing.size(); ++at)
        out.sample("", {{"queueing", model::name_of(static_cast<model::Queueing>(at))}},
                   census.queueing[at]);
    out.gauge("mpapi_logical_units_without_path", "Maps that have no usable path.",
              census.without_path);
    out.family("mpapi_paths", "gauge", "Paths by state.");
    for (std::size_t at = 0; at < census.paths.size(); ++at)
        out.sample("", {{"state", model::name_of(static_cast<model::PathState>(at))}},
                   census.paths[at]);
    out.gauge("mpapi_paths_unanswering",
              "Paths whose device did not answer a command, or answered nonsense.",
              census.unanswering);
    out.family("mpapi_target_port_groups", "gauge",
               "Target port groups of logical units by access state.");
    for (const auto state : kAccessStates)
        out.sample("", {{"access_state", model::name_of(state)}},
                   census.groups[static_cast<std::size_t>(state)]);
    out.gauge("mpapi_disks", "SCSI disks that are in no map.", snapshot.disks.size());

    out.counter("mpapi_failures", "Failures of paths, of those too that are gone.",
                figures.failures.total());
    path_failures(out, snapshot, figures.failures);
    path_info(out, snapshot);
    out.gauge("mpapi_path_series_omitted", "Paths without a line of their own above.",
              census.path_count > kPathSeries ? census.path_count - kPathSeries : 0);

    out.counter("mpapi_commands", "SCSI commands sent to devices.", figures.work.commands);
    out.counter("mpapi_commands_stalled", "Commands written off because they did not return.",
                figures.work.commands_stalled);
    out.gauge("mpapi_commands_stuck", "Commands written off that have not come back yet.",
              figures.work.commands_stuck);
    out.gauge("mpapi_workers", "Threads that send commands, the stuck ones included.",
              figures.work.workers);
    out.gauge("mpapi_jobs_waiting", "Commands that wait for a worker.", figures.work.jobs_waiting);
    out.counter("mpapi_signals", "Signals handed to the bus.", figures.signals);
    latency(out, figures.latency);
    return std::move(out).finish();
}

} // namespace mpapi::publish
