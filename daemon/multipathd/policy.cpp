// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/multipathd/policy.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace mpapi::multipathd {

namespace {

using multipath_conf::ConfFile;
using multipath_conf::ManagerState;

// Vendor, product and revision come from devices: what is remembered of them must end.
constexpr std::size_t most_kinds = 256;

// INQUIRY fills its fields with blanks, which multipathd takes away.
std::string without_blanks(std::string_view text) {
    const auto end = text.find_last_not_of(' ');
    return std::string(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

// protocol_name[] of libmultipath. `bus` is udev's ID_BUS, "" where it is not known.
std::string protocol_of(model::Transport transport, std::string_view bus) {
    switch (transport) {
    case model::Transport::FibreChannel:
        return "scsi:fcp";
    case model::Transport::ParallelScsi:
        return "scsi:spi";
    case model::Transport::Iscsi:
        return "scsi:iscsi";
    case model::Transport::InfiniBand:
        return "scsi:srp";
    case model::Transport::Sas:
        return "scsi:sas";
    case model::Transport::Unknown:
        break;
    }
    if (bus == "ata") return "scsi:ata";
    if (bus == "usb") return "scsi:usb";
    return "scsi:unspec";
}

// What exclusions are judged by; the rest of a configuration may be large.
ConfFile rules_of(const ConfFile& file) {
    ConfFile rules;
    rules.name = file.name;
    for (const auto& section : file.sections)
        if (section.name == "blacklist" || section.name == "blacklist_exceptions" ||
            section.name == "defaults")
            rules.sections.push_back(section);
    return rules;
}

void collect_named(const ConfFile& file, MultipathdPolicy::Wwids& named) {
    for (const auto& section : file.sections)
        if (section.name == "multipaths")
            for (const auto& multipath : section.subsections)
                if (const auto* wwid = multipath.find("wwid")) named.insert(wwid->value);
}

model::Setting published(multipath_conf::Setting&& setting) {
    model::Setting result;
    result.name = std::move(setting.key);
    result.value = std::move(setting.value);
    if (setting.source != multipath_conf::Source::BuiltIn)
        result.section = std::move(setting.section);
    else if (setting.section == "defaults")
        result.section = "built-in";
    else
        result.section = "built-in " + setting.section;
    result.file = std::move(setting.file);
    result.line = setting.line;
    result.written = std::move(setting.written);
    result.note = std::move(setting.note);
    return result;
}

} // namespace

MultipathdPolicy::MultipathdPolicy()
  : exclusions_(manager_) {}

void MultipathdPolicy::set_not_running(ManagerState state, std::string reason) {
    effective_.reset();
    by_kind_.clear();
    own_.clear();
    named_.clear();
    manager_.state = state;
    manager_.state_reason = std::move(reason);
    manager_.files.clear();
    manager_.shown.reset();
    prepare_exclusions();
}

void MultipathdPolicy::set_configuration(std::vector<ConfFile> files,
                                         std::optional<ConfFile> shown) {
    by_kind_.clear();
    own_.clear();
    named_.clear();
    effective_.emplace(files, shown);
    manager_.state = ManagerState::Running;
    manager_.state_reason.clear();
    manager_.files.clear();
    for (const ConfFile& file : files) {
        collect_named(file, named_);
        manager_.files.push_back(rules_of(file));
    }
    manager_.shown.reset();
    if (shown) {
        collect_named(*shown, named_);
        manager_.shown = rules_of(*shown);
    }
    prepare_exclusions();
}

void MultipathdPolicy::set_devices(Watched devices) {
    exclusions_.set_devices(std::move(devices));
}

void MultipathdPolicy::set_wwids(std::optional<Wwids> known, Wwids failed) {
    known_wwids_ = std::move(known);
    failed_wwids_ = std::move(failed);
}

void MultipathdPolicy::set_disabled_on_command_line(bool disabled) {
    manager_.disabled_on_command_line = disabled;
    prepare_exclusions();
}

void MultipathdPolicy::prepare_exclusions() {
    exclusions_ = multipath_conf::Exclusions(manager_);
}

MultipathdPolicy::Settings MultipathdPolicy::work_out(const multipath_conf::MapIdentity& map) {
    std::vector<model::Setting> settings;
    for (auto& setting : effective_->of(map))
        settings.push_back(published(std::move(setting)));
    return settings;
}

MultipathdPolicy::Settings MultipathdPolicy::settings(const model::LogicalUnit& unit,
                                                      model::Transport transport) {
    constexpr std::string_view prefix = "mpath-";
    // multipathd leaves maps alone that others made.
    if (!effective_ || !unit.uuid.starts_with(prefix)) return table_.settings(unit, transport);
    const multipath_conf::MapIdentity map{
        unit.uuid.substr(prefix.size()), without_blanks(unit.vendor), without_blanks(unit.product),
        without_blanks(unit.revision), protocol_of(transport, "")};
    Kind kind{map.vendor, map.product, map.revision, map.protocol};
    if (named_.count(map.wwid) != 0) {
        Own& own = own_[map.wwid];
        if (!own.settings || own.kind != kind) own = {std::move(kind), work_out(map)};
        return own.settings;
    }
    if (by_kind_.size() >= most_kinds) by_kind_.clear();
    Settings& shared = by_kind_[std::move(kind)];
    if (!shared) shared = work_out(map);
    return shared;
}

MultipathdPolicy::Exclusion MultipathdPolicy::exclusion(const daemon::UnmappedDisk& unmapped) {
    const model::Disk& disk = unmapped.disk;
    const daemon::UdevFacts* udev = unmapped.udev;
    multipath_conf::DiskFacts facts;
    facts.name = disk.device;
    facts.device_type = unmapped.device_type;
    facts.vendor = without_blanks(disk.vendor);
    facts.product = without_blanks(disk.product);
    facts.protocol = protocol_of(disk.transport, udev != nullptr ? udev->bus : "");
    if (udev != nullptr) {
        facts.wwid = udev->serial;
        facts.usb = udev->bus == "usb";
        facts.waiting = udev->waiting;
        facts.property_names = udev->property_names;
    }
    facts.users = unmapped.holders;
    facts.paths = unmapped.others_of_unit ? 2 : 1;
    if (known_wwids_) facts.in_wwids_file = known_wwids_->count(facts.wwid) != 0;
    facts.map_failed = failed_wwids_.count(facts.wwid) != 0;
    const auto found = exclusions_.of(facts);
    return {std::string(to_string(found.reason)), found.sentence};
}

} // namespace mpapi::multipathd
