// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/flat/section_writer.hpp"

#include <algorithm>
#include <limits>

namespace mpapi::flat {

namespace {

// Texts recently written, found by a few of their bytes. Most repeat at once (vendor, selector, the
// designator of all paths of a unit), so a small table finds nearly all repetitions of a block.
constexpr std::size_t kRecent = 1024;

// Which ports a group has is the same for all units of an array.
constexpr std::size_t kRecentLists = 8;

// Of the length and the last bytes, loaded at once where there are enough.
std::size_t slot_of(std::string_view text) {
    std::uint64_t word = 0;
    if (text.size() >= sizeof word) {
        std::memcpy(&word, text.data() + text.size() - sizeof word, sizeof word);
    } else {
        for (char c : text)
            word = word << 8 | static_cast<unsigned char>(c);
    }
    word = (word ^ text.size()) * 0x9e3779b97f4a7c15;
    return static_cast<std::size_t>(word >> 54) % kRecent;
}

std::uint64_t time(model::Time value) {
    return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

template <typename E>
U8 number_of(E value) {
    return static_cast<U8>(value);
}

template <typename Flag>
auto flag(bool set, Flag bit) {
    return set ? bit : Flag{};
}

std::uint32_t narrow(std::size_t value) {
    return static_cast<std::uint32_t>(value);
}

} // namespace

SectionWriter::SectionWriter()
  : recent_(kRecent) {}

Text SectionWriter::text(std::string_view value) {
    if (value.empty()) return {};
    Remembered& recent = recent_[slot_of(value)];
    if (recent.section == section_ && recent.text == value) return recent.place;
    const U32 length = narrow(value.size());
    recent.section = section_;
    recent.text = value;
    recent.place = {narrow(sizeof(Section) + texts_bytes_.size())};
    texts_bytes_.append(reinterpret_cast<const char*>(&length), sizeof length);
    texts_bytes_.append(value);
    return recent.place;
}

List SectionWriter::texts(const std::vector<std::string>& values) {
    const List list{narrow(texts_.size()), narrow(values.size())};
    for (const auto& value : values)
        texts_.push_back(text(value));
    return list;
}

template <typename Container>
List SectionWriter::numbers(const Container& values) {
    for (const List& known : recent_numbers_)
        if (std::equal(values.begin(), values.end(), numbers_.begin() + known.first,
                       numbers_.begin() + known.first + known.count))
            return known;
    const List list{narrow(numbers_.size()), narrow(values.size())};
    for (auto value : values)
        numbers_.push_back(U64(value));
    if (recent_numbers_.size() < kRecentLists) recent_numbers_.push_back(list);
    return list;
}

List SectionWriter::settings(const model::Shared<std::vector<model::Setting>>& settings) {
    if (!settings) return {};
    for (const auto& [known, list] : shared_settings_)
        if (known == settings.get()) return list;
    const List list{narrow(settings_.size()), narrow(settings->size())};
    shared_settings_.emplace_back(settings.get(), list);
    for (const auto& each : *settings)
        settings_.push_back({text(each.name), text(each.value), text(each.section), text(each.file),
                             each.line, text(each.written), text(each.note)});
    return list;
}

TroubleRef SectionWriter::trouble(const model::Shared<model::Trouble>& trouble) {
    if (!trouble) return {};
    troubles_.push_back({time(trouble->since), text(trouble->command), text(trouble->reason)});
    return {narrow(troubles_.size())};
}

Manager SectionWriter::record(const model::Manager& v) {
    return {v.ready, text(v.path_manager), text(v.path_manager_reason), text(v.device_mapper),
            text(v.udev)};
}

namespace {

Upkeep record_of(const model::Upkeep& v) {
    return {v.failback_rate, v.probing_rate, number_of(v.auto_failback), number_of(v.auto_probing)};
}

Capabilities record_of(const model::Capabilities& v) {
    Capabilities r;
    r.maximum_weight = v.maximum_weight;
    r.failback_rate_max = v.failback_rate_max;
    r.probing_rate_max = v.probing_rate_max;
    r.flags = static_cast<U8>(flag(v.set_access_states, kSetAccessStates) |
                              flag(v.override_paths, kOverridePaths) |
                              flag(v.disable_paths, kDisablePaths));
    r.load_balance = number_of(v.load_balance);
    r.auto_failback = number_of(v.auto_failback);
    r.failback_rate = number_of(v.failback_rate);
    r.auto_probing = number_of(v.auto_probing);
    r.probing_rate = number_of(v.probing_rate);
    return r;
}

} // namespace

Plugin SectionWriter::record(const model::Plugin& v) {
    return {v.id,
            text(v.name),
            text(v.driver_name),
            text(v.driver_vendor),
            text(v.driver_version),
            text(v.device_file_namespace),
            texts(v.load_balance),
            record_of(v.capabilities),
            record_of(v.upkeep),
            text(v.default_selector)};
}

LoadBalance SectionWriter::record(const model::LoadBalance& v) {
    return {v.id, text(v.selector), text(v.vendor), v.type};
}

DeviceProduct SectionWriter::record(const model::DeviceProduct& v) {
    return {v.id, text(v.vendor), text(v.product), text(v.revision)};
}

InitiatorPort SectionWriter::record(const model::InitiatorPort& v) {
    return {v.id, text(v.port_id), text(v.device_file), text(v.friendly_name),
            number_of(v.transport)};
}

TargetPort SectionWriter::record(const model::TargetPort& v) {
    return {v.id, text(v.port_id), v.relative_port_id, number_of(v.transport)};
}

TargetPortGroup SectionWriter::record(const model::TargetPortGroup& v) {
    TargetPortGroup r;
    r.id = v.id;
    r.number = v.number;
    r.access_state = number_of(v.access_state);
    r.preferred = v.preferred;
    r.supported_states = v.supported_states;
    r.status_code = v.status_code;
    r.explicit_failover = v.explicit_failover;
    r.source = number_of(v.source);
    r.relative_port_ids = numbers(v.relative_port_ids);
    r.target_ports = numbers(v.target_ports);
    r.trouble = trouble(v.trouble);
    return r;
}

Path SectionWriter::record(const model::Path& v) {
    Path r;
    r.id = v.id;
    r.initiator_port = v.initiator_port;
    r.target_port = v.target_port;
    r.device = text(v.device);
    r.major = v.number.major;
    r.minor = v.number.minor;
    r.host = v.address.host;
    r.channel = v.address.channel;
    r.target = v.address.target;
    r.lun = v.address.lun;
    r.device_state = number_of(v.device_state);
    r.state = number_of(v.state);
    r.identity = number_of(v.identity);
    r.identity_source = number_of(v.identity_source);
    r.flags = static_cast<U8>(flag(v.disabled, kDisabled) | flag(v.dm_active, kActive) |
                              flag(v.size_mismatch, kPathSizeMismatch) |
                              flag(v.group_known, kGroupKnown));
    r.target_port_group = v.target_port_group;
    r.relative_port_id = v.relative_port_id;
    r.priority_group = v.priority_group;
    r.fail_count = v.fail_count;
    r.weight = v.weight;
    r.size = v.size;
    r.identity_read_at = time(v.identity_read_at);
    r.selector_arguments = text(v.selector_arguments);
    r.designator = text(v.designator);
    r.trouble = trouble(v.trouble);
    return r;
}

Disk SectionWriter::record(const model::Disk& v) {
    Disk r;
    r.id = v.id;
    r.key = text(v.key);
    r.device = text(v.device);
    r.major = v.number.major;
    r.minor = v.number.minor;
    r.host = v.address.host;
    r.channel = v.address.channel;
    r.target = v.address.target;
    r.lun = v.address.lun;
    r.transport = number_of(v.transport);
    r.device_state = number_of(v.device_state);
    r.unit_name_type = number_of(v.unit_name_type);
    r.vendor = text(v.vendor);
    r.product = text(v.product);
    r.revision = text(v.revision);
    r.unit_name = text(v.unit_name);
    r.serial_number = text(v.serial_number);
    r.initiator_port = v.initiator_port;
    r.target_port = v.target_port;
    r.size = v.size;
    r.exclusion = text(v.exclusion);
    r.exclusion_detail = text(v.exclusion_detail);
    r.trouble = trouble(v.trouble);
    return r;
}

LogicalUnit SectionWriter::record(const model::Unit& unit) {
    const model::LogicalUnit& v = unit.unit;
    LogicalUnit r;
    r.id = v.id;
    r.key = text(v.key);
    r.name = text(v.name);
    r.uuid = text(v.uuid);
    r.major = v.number.major;
    r.minor = v.number.minor;
    r.vendor = text(v.vendor);
    r.product = text(v.product);
    r.revision = text(v.revision);
    r.unit_name = text(v.unit_name);
    r.serial_number = text(v.serial_number);
    r.selector = text(v.selector);
    r.selector_arguments = text(v.selector_arguments);
    r.hardware_handler = text(v.hardware_handler);
    r.features = texts(v.features);
    r.settings = settings(v.settings);
    r.groups = {narrow(groups_.size()), narrow(unit.groups.size())};
    r.paths = {narrow(paths_.size()), narrow(unit.paths.size())};
    r.size = v.size;
    r.current_group = v.current_group;
    r.event_number = v.event_number;
    r.logical_unit_group = v.logical_unit_group;
    r.product_id = v.product_id;
    r.load_balance = v.load_balance;
    r.override_path = v.override_path;
    r.upkeep = record_of(v.upkeep);
    r.flags = static_cast<std::uint16_t>(
        flag(v.queue_if_no_path, kQueueIfNoPath) | flag(v.suspended, kSuspended) |
        flag(v.read_only, kReadOnly) | flag(v.asymmetric, kAsymmetric) |
        flag(v.implicit_alua, kImplicitAlua) | flag(v.explicit_alua, kExplicitAlua) |
        flag(v.size_mismatch, kUnitSizeMismatch) |
        flag(v.duplicate_designator, kDuplicateDesignator));
    r.unit_name_type = number_of(v.unit_name_type);
    r.unit_name_source = number_of(v.unit_name_source);
    r.queueing = number_of(v.queueing);
    r.trouble = trouble(v.trouble);
    return r;
}

void SectionWriter::add(const model::Unit& unit) {
    units_.push_back(record(unit));
    for (const auto& group : unit.groups)
        groups_.push_back(record(group));
    for (const auto& path : unit.paths)
        paths_.push_back(record(path));
}

Result<std::span<const std::byte>> SectionWriter::finish() {
    // The tables' sizes in memory bound the counts too: none has records of less than one byte.
    std::uint64_t size = sizeof(Section) + texts_bytes_.size();
    for_each_table([&](Table Section::*, const auto& records) {
        size += std::as_bytes(std::span(records)).size();
    });
    if (size > std::numeric_limits<std::uint32_t>::max())
        return Error{"write a snapshot", "", "one part of it has more than 4 GiB", 0};

    Section section;
    bytes_.resize(static_cast<std::size_t>(size));
    std::size_t at = sizeof section;
    auto put = [&](std::span<const std::byte> piece) {
        if (!piece.empty()) std::memcpy(bytes_.data() + at, piece.data(), piece.size());
        at += piece.size();
    };
    put(std::as_bytes(std::span(texts_bytes_.data(), texts_bytes_.size())));
    for_each_table([&](Table Section::*table, const auto& records) {
        section.*table = {narrow(at), narrow(records.size())};
        put(std::as_bytes(std::span(records)));
    });
    std::memcpy(bytes_.data(), &section, sizeof section);
    return std::span<const std::byte>(bytes_);
}

void SectionWriter::clear() {
    for_each_table([](Table Section::*, auto& records) { records.clear(); });
    texts_bytes_.clear();
    shared_settings_.clear();
    recent_numbers_.clear();
    ++section_;
}

} // namespace mpapi::flat
