// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/flat/writer.hpp"

#include <algorithm>
#include <limits>

namespace mpapi::flat {

namespace {

// Strings recently written, found by a few of their bytes. Most repeat at once (vendor, selector,
// the designator of all paths of a unit), so a small table finds nearly all repetitions.
constexpr std::size_t kRecent = 1024;

std::size_t slot_of(std::string_view text) {
    std::uint64_t word = 0;
    const std::size_t used = std::min<std::size_t>(text.size(), sizeof word);
    std::memcpy(&word, text.data() + text.size() - used, used);
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

constexpr std::size_t kPiece = std::size_t{64} << 10;

template <typename T>
std::span<const std::byte> bytes_of(const std::vector<T>& values) {
    return std::as_bytes(std::span<const T>(values));
}

} // namespace

// Collects the records of one table and writes them in pieces.
template <typename Record>
class Writer::Cursor {
  public:
    Cursor(Writer& writer, const Table& table)
      : writer_(writer)
      , at_(table.offset) {
        records_.reserve(std::min<std::size_t>(table.count, kPiece / sizeof(Record)));
    }
    Cursor(const Cursor&) = delete;
    Cursor& operator=(const Cursor&) = delete;
    ~Cursor() { flush(); }

    void put(const Record& record) {
        records_.push_back(record);
        if (records_.size() == records_.capacity()) flush();
    }

  private:
    void flush() {
        const auto bytes = bytes_of(records_);
        writer_.put(at_, bytes);
        at_ += bytes.size();
        records_.clear();
    }

    Writer& writer_;
    std::uint64_t at_;
    std::vector<Record> records_;
};

void Writer::put(std::uint64_t offset, std::span<const std::byte> bytes) {
    if (status_ && !bytes.empty()) status_ = sink_(offset, bytes);
}

template <typename Record>
void Writer::reserve(Table& table, std::size_t count) {
    table.offset = head_size_;
    table.count = narrow(count);
    table.record_size = sizeof(Record);
    head_size_ += count * sizeof(Record);
}

Writer::Writer(const model::Snapshot& snapshot, std::uint64_t build, Sink sink)
  : snapshot_(snapshot)
  , sink_(std::move(sink))
  , recent_(kRecent) {
    header_.magic = kMagic;
    header_.layout = kLayout;
    header_.header_size = sizeof(Header);
    header_.build = build;
    header_.instance = snapshot.instance;
    header_.generation = snapshot.generation;
    header_.made_at = time(snapshot.made_at);
    std::size_t groups = 0;
    std::size_t paths = 0;
    snapshot.units.for_each([&](const model::Unit& unit) {
        groups += unit.groups.size();
        paths += unit.paths.size();
    });
    reserve<Plugin>(header_.plugins, snapshot.plugins->size());
    reserve<LoadBalance>(header_.load_balances, snapshot.load_balances->size());
    reserve<DeviceProduct>(header_.products, snapshot.products->size());
    reserve<InitiatorPort>(header_.initiator_ports, snapshot.initiator_ports->size());
    reserve<TargetPort>(header_.target_ports, snapshot.target_ports->size());
    reserve<LogicalUnit>(header_.units, snapshot.units.size());
    reserve<TargetPortGroup>(header_.groups, groups);
    reserve<Path>(header_.paths, paths);
    reserve<Disk>(header_.disks, snapshot.disks->size());
}

Text Writer::text(std::string_view value) {
    if (value.empty()) return {};
    Remembered& recent = recent_[slot_of(value)];
    if (recent.text == value) return recent.place;
    recent.text = value;
    recent.place = {narrow(strings_.size()), narrow(value.size())};
    strings_.append(value);
    return recent.place;
}

List Writer::texts(const std::vector<std::string>& values) {
    const List list{narrow(texts_.size()), narrow(values.size())};
    for (const auto& value : values)
        texts_.push_back(text(value));
    return list;
}

template <typename Container>
List Writer::numbers(const Container& values) {
    const List list{narrow(numbers_.size()), narrow(values.size())};
    for (auto value : values)
        numbers_.push_back(U64(value));
    return list;
}

List Writer::settings(const model::Shared<std::vector<model::Setting>>& settings) {
    if (!settings) return {};
    const auto [known, added] = shared_settings_.try_emplace(settings.get());
    if (!added) return known->second;
    known->second = {narrow(settings_.size()), narrow(settings->size())};
    for (const auto& each : *settings)
        settings_.push_back({text(each.name), text(each.value), text(each.section), text(each.file),
                             each.line, text(each.written), text(each.note)});
    return known->second;
}

Trouble Writer::trouble(const model::Shared<model::Trouble>& trouble) {
    if (!trouble) return {};
    return {std::max<std::uint64_t>(time(trouble->since), 1), text(trouble->command),
            text(trouble->reason)};
}

Plugin Writer::record(const model::Plugin& v) {
    return {v.id,
            text(v.name),
            text(v.driver_name),
            text(v.driver_vendor),
            text(v.driver_version),
            text(v.device_file_namespace),
            texts(v.load_balance)};
}

LoadBalance Writer::record(const model::LoadBalance& v) {
    return {v.id, text(v.selector), text(v.vendor), v.type};
}

DeviceProduct Writer::record(const model::DeviceProduct& v) {
    return {v.id, text(v.vendor), text(v.product), text(v.revision)};
}

InitiatorPort Writer::record(const model::InitiatorPort& v) {
    return {v.id, text(v.port_id), text(v.device_file), text(v.friendly_name),
            number_of(v.transport)};
}

TargetPort Writer::record(const model::TargetPort& v) {
    return {v.id, text(v.port_id), v.relative_port_id, number_of(v.transport)};
}

TargetPortGroup Writer::record(const model::TargetPortGroup& v) {
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

Path Writer::record(const model::Path& v) {
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
    r.size = v.size;
    r.identity_read_at = time(v.identity_read_at);
    r.selector_arguments = text(v.selector_arguments);
    r.designator = text(v.designator);
    r.trouble = trouble(v.trouble);
    return r;
}

Disk Writer::record(const model::Disk& v) {
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

LogicalUnit Writer::record(const model::Unit& unit, std::uint32_t first_group,
                           std::uint32_t first_path) {
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
    r.groups = {first_group, narrow(unit.groups.size())};
    r.paths = {first_path, narrow(unit.paths.size())};
    r.size = v.size;
    r.current_group = v.current_group;
    r.event_number = v.event_number;
    r.product_id = v.product_id;
    r.load_balance = v.load_balance;
    r.groups_read_at = time(unit.read_times->target_port_groups.load(std::memory_order_relaxed));
    r.table_read_at = time(unit.read_times->device_mapper.load(std::memory_order_relaxed));
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

template <typename Record, typename Value>
void Writer::write_table(const Table& table, const model::Table<Value>& values) {
    Cursor<Record> out(*this, table);
    for (const auto& value : *values)
        out.put(record(value));
}

void Writer::write_units() {
    Cursor<LogicalUnit> units(*this, header_.units);
    Cursor<TargetPortGroup> groups(*this, header_.groups);
    Cursor<Path> paths(*this, header_.paths);
    std::size_t group_count = 0;
    std::size_t path_count = 0;
    snapshot_.units.for_each([&](const model::Unit& unit) {
        units.put(record(unit, narrow(group_count), narrow(path_count)));
        for (const auto& group : unit.groups)
            groups.put(record(group));
        for (const auto& path : unit.paths)
            paths.put(record(path));
        group_count += unit.groups.size();
        path_count += unit.paths.size();
    });
}

Status Writer::write() {
    strings_.reserve(snapshot_.units.size() * 256);
    write_table<Plugin>(header_.plugins, snapshot_.plugins);
    write_table<LoadBalance>(header_.load_balances, snapshot_.load_balances);
    write_table<DeviceProduct>(header_.products, snapshot_.products);
    write_table<InitiatorPort>(header_.initiator_ports, snapshot_.initiator_ports);
    write_table<TargetPort>(header_.target_ports, snapshot_.target_ports);
    write_units();
    write_table<Disk>(header_.disks, snapshot_.disks);
    const auto& manager = snapshot_.manager;
    header_.manager = {manager.ready, text(manager.path_manager), text(manager.path_manager_reason),
                       text(manager.device_mapper), text(manager.udev)};

    constexpr std::size_t most = std::numeric_limits<std::uint32_t>::max();
    if (strings_.size() > most || settings_.size() > most || texts_.size() > most ||
        numbers_.size() > most)
        return Error{"write a snapshot", "", "it has more than 4 GiB of strings", 0};
    std::uint64_t at = head_size_;
    auto follow = [&](Table& table, std::span<const std::byte> bytes, std::size_t record_size) {
        table.offset = at;
        table.count = narrow(bytes.size() / record_size);
        table.record_size = narrow(record_size);
        put(at, bytes);
        at += bytes.size();
    };
    follow(header_.settings, bytes_of(settings_), sizeof(Setting));
    follow(header_.texts, bytes_of(texts_), sizeof(Text));
    follow(header_.numbers, bytes_of(numbers_), sizeof(U64));
    follow(header_.strings, std::as_bytes(std::span(strings_.data(), strings_.size())), 1);
    header_.total_size = at;
    put(0, std::as_bytes(std::span(&header_, 1)));
    return std::move(status_);
}

Result<std::vector<std::byte>> write(const model::Snapshot& snapshot, std::uint64_t build) {
    std::vector<std::byte> file;
    Writer writer(snapshot, build, [&](std::uint64_t offset, std::span<const std::byte> bytes) {
        if (file.size() < offset + bytes.size()) file.resize(offset + bytes.size());
        std::memcpy(file.data() + offset, bytes.data(), bytes.size());
        return Status(Done{});
    });
    if (auto status = writer.write(); !status) return std::move(status).error();
    return file;
}

} // namespace mpapi::flat
