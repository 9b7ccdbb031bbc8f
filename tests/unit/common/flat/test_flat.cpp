// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/flat/reader.hpp"
#include "common/flat/writer.hpp"

#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <cstring>
#include <map>

using namespace mpapi;
using model::Sequence;

namespace {

constexpr std::uint64_t kBuild = flat::build_hash("0.1.0");

model::Path make_path(Sequence id) {
    model::Path path;
    path.id = id;
    path.initiator_port = 1;
    path.target_port = 2;
    path.device = "sd" + std::to_string(id);
    path.number = {8, static_cast<std::uint32_t>(16 * id)};
    path.address = {3, 1, 4, 0x4005};
    path.device_state = model::DeviceState::TransportOffline;
    path.state = model::PathState::LogicalUnitError;
    path.identity = model::Identity::Changed;
    path.identity_source = model::Source::Vpd;
    path.disabled = id % 2;
    path.dm_active = true;
    path.size_mismatch = id % 3;
    path.group_known = true;
    path.target_port_group = 0x1234;
    path.relative_port_id = 7;
    path.priority_group = 2;
    path.fail_count = 9;
    path.weight = 200;
    path.size = 1ull << 45;
    path.identity_read_at = 1'700'000'000'000'001;
    path.selector_arguments = "1000";
    path.designator = "6001405abc";
    path.trouble = model::Trouble{77, "READ CAPACITY", "no answer"};
    return path;
}

std::shared_ptr<model::Unit> make_unit(Sequence id) {
    auto unit = std::make_shared<model::Unit>();
    unit->read_times = std::make_shared<model::ReadTimes>();
    unit->read_times->device_mapper = 5;
    unit->read_times->target_port_groups = 6;
    auto& lu = unit->unit;
    lu.id = id;
    lu.key = "36001405" + std::to_string(id);
    lu.name = "mpath" + std::to_string(id);
    lu.uuid = "mpath-" + lu.key;
    lu.number = {253, 3};
    lu.vendor = "ACME";
    lu.product = "Array";
    lu.revision = "1";
    lu.unit_name = "6001405abc";
    lu.unit_name_type = model::NameType::Naa;
    lu.unit_name_source = model::Source::Inquiry;
    lu.serial_number = std::string("\xff\0x", 3);
    lu.logical_unit_group = 0x1234;
    lu.selector = "round-robin";
    lu.selector_arguments = "0";
    lu.hardware_handler = "1 alua";
    lu.features = {"queue_if_no_path", "retain_attached_hw_handler"};
    lu.size = 123456789;
    lu.current_group = 2;
    lu.event_number = 11;
    lu.queueing = model::Queueing::GroupSwitch;
    lu.queue_if_no_path = lu.read_only = lu.explicit_alua = lu.duplicate_designator = true;
    lu.product_id = 4;
    lu.load_balance = 5;
    lu.override_path = 31;
    lu.upkeep = {model::Switch::Off, 60, model::Switch::Unknown, 7};
    lu.settings = std::vector<model::Setting>{
        {"a", "b", "defaults", "/etc/multipath.conf", 3, "B", "A note."},
        {"c", "", "built-in", "", 0, "", ""}};
    model::TargetPortGroup group;
    group.id = 10 * id;
    group.number = 0x1234;
    group.access_state = model::AccessState::Transitioning;
    group.preferred = true;
    group.supported_states = 0xdf;
    group.status_code = 2;
    group.source = model::Source::Rtpg;
    group.relative_port_ids = {1, 7, 65535};
    group.target_ports = {2};
    unit->groups = {group};
    for (Sequence n = 0; n < id; ++n)
        unit->paths.push_back(make_path(100 * id + n));
    return unit;
}

template <typename T>
model::Table<T> table(std::vector<T> rows) {
    return std::make_shared<const std::vector<T>>(std::move(rows));
}

void assert_upkeep_equal(const flat::Upkeep& actual, const model::Upkeep& expected) {
    assert_int_equal(actual.auto_failback, static_cast<int>(expected.auto_failback));
    assert_int_equal(actual.failback_rate, expected.failback_rate);
    assert_int_equal(actual.auto_probing, static_cast<int>(expected.auto_probing));
    assert_int_equal(actual.probing_rate, expected.probing_rate);
}

model::Snapshot make_snapshot() {
    model::Snapshot snapshot;
    snapshot.instance = 0xfedcba9876543210;
    snapshot.generation = 42;
    snapshot.made_at = 1'700'000'000'000'000;
    snapshot.manager = {1, true, "observe", "no multipathd", "", "no udev"};
    snapshot.plugins = table<model::Plugin>(
        {{1,
          "dm_multipath",
          "dm",
          "Linux",
          "1.14",
          "/dev/mapper/*",
          {"round-robin"},
          {true, false, true, 255, model::SettingSupport::Both, model::SettingSupport::Plugin,
           model::SettingSupport::LogicalUnit, 3600, model::SettingSupport::None,
           model::SettingSupport::Both, 300},
          {model::Switch::On, 30, model::Switch::Off, 5},
          "service-time 0"}});
    snapshot.load_balances = table<model::LoadBalance>({{5, "round-robin", "Linux", 2}});
    snapshot.products = table<model::DeviceProduct>({{4, "ACME", "Array", "1"}});
    snapshot.initiator_ports =
        table<model::InitiatorPort>({{1, "iqn,1", model::Transport::Iscsi, "/sys/x", "friendly"}});
    snapshot.target_ports =
        table<model::TargetPort>({{2, "iqn,t,1", model::Transport::FibreChannel, 7}});
    model::Disk disk;
    disk.id = 3;
    disk.key = "naa.5";
    disk.device = "sdz";
    disk.address = {1, 2, 3, 4};
    disk.transport = model::Transport::Sas;
    disk.exclusion = "in-use";
    disk.exclusion_detail = "mounted";
    snapshot.disks.put(std::make_shared<const model::Disk>(disk));
    for (Sequence id = 1; id <= 3; ++id)
        snapshot.units.put(make_unit(id));
    return snapshot;
}

void assert_view_equal(std::string_view actual, std::string_view expected) {
    assert_text_equal(std::string(actual), std::string(expected));
    assert_int_equal(actual.size(), expected.size());
}

void assert_trouble_equal(const flat::SectionView& reader, const flat::TroubleRef& actual,
                          const model::Shared<model::Trouble>& expected) {
    const flat::Trouble* trouble = reader.trouble(actual);
    assert_int_equal(!!trouble, static_cast<bool>(expected));
    if (!trouble) return;
    assert_int_equal(trouble->since, expected->since);
    assert_view_equal(reader.text(trouble->command), expected->command);
    assert_view_equal(reader.text(trouble->reason), expected->reason);
}

void assert_path_equal(const flat::SectionView& reader, const flat::Path& actual,
                       const model::Path& expected) {
    assert_int_equal(actual.id, expected.id);
    assert_int_equal(actual.initiator_port, expected.initiator_port);
    assert_int_equal(actual.target_port, expected.target_port);
    assert_view_equal(reader.text(actual.device), expected.device);
    assert_int_equal(actual.major, expected.number.major);
    assert_int_equal(actual.minor, expected.number.minor);
    assert_int_equal(actual.host, expected.address.host);
    assert_int_equal(actual.channel, expected.address.channel);
    assert_int_equal(actual.target, expected.address.target);
    assert_int_equal(actual.lun, expected.address.lun);
    assert_int_equal(actual.device_state, expected.device_state);
    assert_int_equal(actual.state, expected.state);
    assert_int_equal(actual.identity, expected.identity);
    assert_int_equal(actual.identity_source, expected.identity_source);
    assert_int_equal(!!(actual.flags & flat::kDisabled), expected.disabled);
    assert_int_equal(!!(actual.flags & flat::kActive), expected.dm_active);
    assert_int_equal(!!(actual.flags & flat::kPathSizeMismatch), expected.size_mismatch);
    assert_int_equal(!!(actual.flags & flat::kGroupKnown), expected.group_known);
    assert_int_equal(actual.target_port_group, expected.target_port_group);
    assert_int_equal(actual.relative_port_id, expected.relative_port_id);
    assert_int_equal(actual.priority_group, expected.priority_group);
    assert_int_equal(actual.fail_count, expected.fail_count);
    assert_int_equal(actual.weight, expected.weight);
    assert_int_equal(actual.size, expected.size);
    assert_int_equal(actual.identity_read_at, expected.identity_read_at);
    assert_view_equal(reader.text(actual.selector_arguments), expected.selector_arguments);
    assert_view_equal(reader.text(actual.designator), expected.designator);
    assert_trouble_equal(reader, actual.trouble, expected.trouble);
}

void assert_group_equal(const flat::SectionView& reader, const flat::TargetPortGroup& actual,
                        const model::TargetPortGroup& expected) {
    assert_int_equal(actual.id, expected.id);
    assert_int_equal(actual.number, expected.number);
    assert_int_equal(actual.access_state, expected.access_state);
    assert_int_equal(actual.preferred, expected.preferred);
    assert_int_equal(actual.supported_states, expected.supported_states);
    assert_int_equal(actual.status_code, expected.status_code);
    assert_int_equal(actual.explicit_failover, expected.explicit_failover);
    assert_int_equal(actual.source, expected.source);
    const auto ports = reader.numbers(actual.relative_port_ids);
    assert_true(std::equal(ports.begin(), ports.end(), expected.relative_port_ids.begin(),
                           expected.relative_port_ids.end()));
    const auto known = reader.numbers(actual.target_ports);
    assert_true(std::equal(known.begin(), known.end(), expected.target_ports.begin(),
                           expected.target_ports.end()));
    assert_trouble_equal(reader, actual.trouble, expected.trouble);
}

void assert_unit_equal(const flat::UnitView& view, const model::Unit& unit) {
    const auto& reader = view.section;
    const auto& actual = *view.unit;
    const auto& expected = unit.unit;
    assert_int_equal(actual.id, expected.id);
    assert_view_equal(reader.text(actual.key), expected.key);
    assert_view_equal(reader.text(actual.name), expected.name);
    assert_view_equal(reader.text(actual.uuid), expected.uuid);
    assert_int_equal(actual.major, expected.number.major);
    assert_int_equal(actual.minor, expected.number.minor);
    assert_view_equal(reader.text(actual.vendor), expected.vendor);
    assert_view_equal(reader.text(actual.product), expected.product);
    assert_view_equal(reader.text(actual.revision), expected.revision);
    assert_view_equal(reader.text(actual.unit_name), expected.unit_name);
    assert_view_equal(reader.text(actual.serial_number), expected.serial_number);
    assert_int_equal(actual.logical_unit_group, expected.logical_unit_group);
    assert_view_equal(reader.text(actual.selector), expected.selector);
    assert_view_equal(reader.text(actual.selector_arguments), expected.selector_arguments);
    assert_view_equal(reader.text(actual.hardware_handler), expected.hardware_handler);
    assert_int_equal(reader.texts(actual.features).size(), expected.features.size());
    for (std::size_t n = 0; n < expected.features.size(); ++n)
        assert_view_equal(reader.text(reader.texts(actual.features)[n]), expected.features[n]);
    const auto settings = reader.settings_of(actual);
    assert_int_equal(settings.size(), expected.settings ? expected.settings->size() : 0);
    for (std::size_t n = 0; n < settings.size(); ++n) {
        assert_view_equal(reader.text(settings[n].name), (*expected.settings)[n].name);
        assert_view_equal(reader.text(settings[n].value), (*expected.settings)[n].value);
        assert_view_equal(reader.text(settings[n].section), (*expected.settings)[n].section);
        assert_view_equal(reader.text(settings[n].file), (*expected.settings)[n].file);
        assert_int_equal(settings[n].line, (*expected.settings)[n].line);
        assert_view_equal(reader.text(settings[n].written), (*expected.settings)[n].written);
        assert_view_equal(reader.text(settings[n].note), (*expected.settings)[n].note);
    }
    assert_int_equal(actual.size, expected.size);
    assert_int_equal(actual.current_group, expected.current_group);
    assert_int_equal(actual.event_number, expected.event_number);
    assert_int_equal(actual.product_id, expected.product_id);
    assert_int_equal(actual.load_balance, expected.load_balance);
    assert_int_equal(actual.override_path, expected.override_path);
    assert_upkeep_equal(actual.upkeep, expected.upkeep);
    assert_int_equal(view.read_times.table, unit.read_times->device_mapper.load());
    assert_int_equal(view.read_times.groups, unit.read_times->target_port_groups.load());
    assert_int_equal(actual.flags, flat::kQueueIfNoPath | flat::kReadOnly | flat::kExplicitAlua |
                                       flat::kDuplicateDesignator);
    assert_int_equal(actual.unit_name_type, expected.unit_name_type);
    assert_int_equal(actual.unit_name_source, expected.unit_name_source);
    assert_int_equal(actual.queueing, expected.queueing);
    assert_trouble_equal(reader, actual.trouble, expected.trouble);
    assert_int_equal(reader.groups_of(actual).size(), unit.groups.size());
    for (std::size_t n = 0; n < unit.groups.size(); ++n)
        assert_group_equal(reader, reader.groups_of(actual)[n], unit.groups[n]);
    assert_int_equal(reader.paths_of(actual).size(), unit.paths.size());
    for (std::size_t n = 0; n < unit.paths.size(); ++n)
        assert_path_equal(reader, reader.paths_of(actual)[n], unit.paths[n]);
}

using Bytes = std::vector<std::byte>;

// A file in memory, and what was done to make it.
class MemoryFile final : public flat::File {
  public:
    explicit MemoryFile(const Bytes* previous = nullptr)
      : previous_(previous) {}

    Status write(std::uint64_t offset, std::span<const std::byte> bytes) override {
        if (fails) return Error{"write", "", "full", 0};
        assert_true(std::none_of(pieces_.begin(), pieces_.end(), [&](const auto& piece) {
            return offset < piece.first + piece.second && piece.first < offset + bytes.size();
        }));
        pieces_.emplace(offset, bytes.size());
        if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
        std::copy(bytes.begin(), bytes.end(),
                  content.begin() + static_cast<std::ptrdiff_t>(offset));
        return Done{};
    }
    Status copy(std::uint64_t from, std::uint64_t to, std::uint64_t size) override {
        ++copies;
        copied += size;
        return write(to, std::span(*previous_).subspan(from, size));
    }
    Status read_previous(std::uint64_t offset, std::span<std::byte> into) override {
        const auto part = std::span(*previous_).subspan(offset, into.size());
        std::copy(part.begin(), part.end(), into.begin());
        return Done{};
    }

    Bytes content;
    bool fails = false;
    unsigned copies = 0;
    std::uint64_t copied = 0;

  private:
    const Bytes* previous_;
    std::map<std::uint64_t, std::size_t> pieces_;
};

Bytes write_whole(const model::Snapshot& snapshot) {
    MemoryFile file;
    assert_ok(flat::write(snapshot, kBuild, file, nullptr));
    return std::move(file.content);
}

// Everything in the file is what is in the snapshot, found by walking and by id.
void assert_shows(const Bytes& bytes, const model::Snapshot& snapshot) {
    const auto opened = flat::Reader::open(bytes, kBuild);
    assert_ok(opened);
    const auto& reader = *opened;
    std::size_t paths = 0, groups = 0;
    std::vector<Sequence> ids;
    reader.for_each_unit([&](const flat::UnitView& unit) { ids.push_back(unit.unit->id); });
    assert_int_equal(ids.size(), snapshot.units.size());
    assert_int_equal(reader.unit_count(), snapshot.units.size());
    assert_true(std::is_sorted(ids.begin(), ids.end()));
    reader.for_each_unit([&](const flat::UnitView& view) {
        const model::Unit* unit = snapshot.units.find(view.unit->id);
        assert_non_null(unit);
        assert_unit_equal(view, *unit);
        assert_ptr_equal(reader.find_unit(view.unit->id)->unit, view.unit);
        for (const auto& path : unit->paths) {
            const auto found = reader.find_path(path.id);
            assert_true(found.has_value());
            assert_ptr_equal(found->of.unit, view.unit);
            assert_path_equal(found->of.section, *found->path, path);
        }
        for (const auto& group : unit->groups) {
            const auto found = reader.find_group(group.id);
            assert_true(found.has_value());
            assert_ptr_equal(found->of.unit, view.unit);
            assert_group_equal(found->of.section, *found->group, group);
        }
        paths += unit->paths.size();
        groups += unit->groups.size();
    });
    assert_int_equal(reader.path_count(), paths);
    assert_int_equal(reader.group_count(), groups);
}

void a_snapshot_is_read_as_it_was_written(void**) {
    const auto snapshot = make_snapshot();
    const Bytes bytes = write_whole(snapshot);
    assert_shows(bytes, snapshot);
    const auto reader = *flat::Reader::open(bytes, kBuild);
    assert_int_equal(reader.header().instance, snapshot.instance);
    assert_int_equal(reader.header().generation, 42);
    assert_int_equal(reader.header().made_at, snapshot.made_at);
    const auto common = reader.common();
    const flat::Manager manager = common.manager();
    assert_int_equal(manager.ready, 1);
    assert_view_equal(common.text(manager.path_manager), "observe");
    assert_view_equal(common.text(manager.path_manager_reason), "no multipathd");
    assert_view_equal(common.text(manager.device_mapper), "");
    assert_view_equal(common.text(manager.udev), "no udev");
    assert_view_equal(common.text(common.plugins()[0].name), "dm_multipath");
    const flat::Plugin& plugin = common.plugins()[0];
    const model::Plugin& told = snapshot.plugins->front();
    assert_upkeep_equal(plugin.upkeep, told.upkeep);
    assert_view_equal(common.text(plugin.default_selector), "service-time 0");
    assert_int_equal(plugin.capabilities.flags, flat::kSetAccessStates | flat::kDisablePaths);
    assert_int_equal(plugin.capabilities.maximum_weight, 255);
    assert_int_equal(plugin.capabilities.load_balance, 3);
    assert_int_equal(plugin.capabilities.auto_failback, 1);
    assert_int_equal(plugin.capabilities.failback_rate, 2);
    assert_int_equal(plugin.capabilities.failback_rate_max, 3600);
    assert_int_equal(plugin.capabilities.auto_probing, 0);
    assert_int_equal(plugin.capabilities.probing_rate, 3);
    assert_int_equal(plugin.capabilities.probing_rate_max, 300);
    assert_view_equal(common.text(common.texts(common.plugins()[0].load_balance)[0]),
                      "round-robin");
    assert_view_equal(common.text(common.load_balances()[0].selector), "round-robin");
    assert_int_equal(common.load_balances()[0].type, 2);
    assert_view_equal(common.text(flat::find(common.products(), 4)->product), "Array");
    assert_null(flat::find(common.products(), 5));
    const auto* port = flat::find(common.initiator_ports(), 1);
    assert_view_equal(common.text(port->port_id), "iqn,1");
    assert_view_equal(common.text(port->friendly_name), "friendly");
    assert_int_equal(port->transport, model::Transport::Iscsi);
    assert_view_equal(common.text(common.target_ports()[0].port_id), "iqn,t,1");
    assert_int_equal(common.target_ports()[0].relative_port_id, 7);
    const auto disk = reader.find_disk(3);
    assert_true(disk.has_value());
    assert_view_equal(disk->section.text(disk->disk->exclusion), "in-use");
    assert_view_equal(disk->section.text(disk->disk->exclusion_detail), "mounted");
    assert_int_equal(disk->disk->lun, 4);
    unsigned disks = 0;
    reader.for_each_disk([&](const flat::DiskView& each) { disks += each.disk->id == 3; });
    assert_int_equal(disks, 1);
}

void an_empty_snapshot_can_be_read(void**) {
    const Bytes bytes = write_whole(model::Snapshot{});
    const auto reader = flat::Reader::open(bytes, kBuild);
    assert_ok(reader);
    assert_int_equal(reader->unit_count(), 0);
    assert_false(reader->find_unit(1).has_value());
    assert_false(reader->find_path(1).has_value());
    assert_false(reader->find_disk(1).has_value());
}

void what_is_not_there_is_not_found(void**) {
    const Bytes bytes = write_whole(make_snapshot());
    const auto reader = *flat::Reader::open(bytes, kBuild);
    for (const Sequence id : {Sequence{0}, Sequence{4}, Sequence{199}, ~Sequence{0}}) {
        assert_false(reader.find_unit(id).has_value());
        assert_false(reader.find_path(id).has_value());
        assert_false(reader.find_group(id).has_value());
    }
    assert_false(reader.find_disk(2).has_value());
    assert_false(reader.find_disk(4).has_value());
}

void repeated_texts_take_their_place_once(void**) {
    auto snapshot = make_snapshot();
    const std::size_t before = write_whole(snapshot).size();
    auto unit = make_unit(4);
    unit->unit.settings = snapshot.units.find(1)->unit.settings;
    unit->paths.clear();
    snapshot.units.put(unit);
    const std::size_t after = write_whole(snapshot).size();
    const auto own = unit->unit.key.size() + unit->unit.name.size() + unit->unit.uuid.size() +
                     3 * sizeof(flat::U32);
    const auto records = sizeof(flat::LogicalUnit) + sizeof(flat::TargetPortGroup) +
                         unit->unit.features.size() * sizeof(flat::Text) + sizeof(flat::ReadTimes) +
                         sizeof(flat::Member);
    assert_int_equal(after - before, own + records);
}

// Units enough for many blocks; ids of paths interleaved as discovery by host makes them.
model::Snapshot make_large_snapshot() {
    auto snapshot = make_snapshot();
    for (Sequence id = 1000; id < 1500; ++id) {
        auto unit = make_unit(2);
        unit->unit.id = id;
        unit->unit.key = "3600" + std::to_string(id);
        unit->groups[0].id = 100'000 + id;
        unit->paths[0].id = 200'000 + id;
        unit->paths[1].id = 300'000 + id;
        snapshot.units.put(unit);
    }
    return snapshot;
}

// Writes snapshot after snapshot, each from the file before it.
struct Series {
    Bytes last;
    std::optional<flat::Contents> contents;
    unsigned copies = 0;
    std::uint64_t copied = 0;

    void write(const model::Snapshot& snapshot) {
        MemoryFile file(&last);
        auto made = flat::write(snapshot, kBuild, file, contents ? &*contents : nullptr);
        assert_ok(made);
        contents = std::move(*made);
        copies = file.copies;
        copied = file.copied;
        last = std::move(file.content);
        assert_shows(last, snapshot);
    }
};

void what_did_not_change_is_copied_from_the_previous_file(void**) {
    auto snapshot = make_large_snapshot();
    Series series;
    series.write(snapshot);
    assert_int_equal(series.copied, 0);

    auto changed = std::make_shared<model::Unit>(*snapshot.units.find(1250));
    changed->paths[0].state = model::PathState::PathError;
    changed->paths[0].designator = "another length";
    snapshot.units.put(changed);
    snapshot.generation = 43;
    series.write(snapshot);
    assert_true(series.copied > series.last.size() / 2);
    assert_true(series.copies <= 3); // before and behind the changed block, at most disks besides
    assert_true(series.last == write_whole(snapshot));
}

void read_times_are_those_of_now_also_in_copied_blocks(void**) {
    auto snapshot = make_large_snapshot();
    Series series;
    series.write(snapshot);
    snapshot.units.find(1400)->read_times->device_mapper = 777;
    series.write(snapshot);
    assert_true(series.copied > 0);
    const auto reader = *flat::Reader::open(series.last, kBuild);
    assert_int_equal(reader.find_unit(1400)->read_times.table, 777);
}

void paths_and_units_that_come_and_go_are_found_and_lost(void**) {
    auto snapshot = make_large_snapshot();
    Series series;
    series.write(snapshot);

    auto changed = std::make_shared<model::Unit>(*snapshot.units.find(1100));
    changed->paths.erase(changed->paths.begin());
    changed->paths.push_back(make_path(900'000));
    snapshot.units.put(changed);
    series.write(snapshot);
    {
        const auto reader = *flat::Reader::open(series.last, kBuild);
        assert_false(reader.find_path(201'100).has_value());
        assert_int_equal(reader.find_path(900'000)->of.unit->id, 1100);
    }

    for (Sequence id = 1000; id < 1300; ++id) // whole blocks, and one in part
        snapshot.units.erase(id);
    series.write(snapshot);
    assert_false(flat::Reader::open(series.last, kBuild)->find_path(900'000).has_value());

    for (Sequence id = 2; id < 200; ++id) // blocks are split
        snapshot.units.put([&] {
            auto unit = make_unit(1);
            unit->unit.id = 1000 + id;
            unit->groups[0].id = 500'000 + id;
            unit->paths[0].id = 600'000 - id;
            return unit;
        }());
    series.write(snapshot);

    snapshot.units = {};
    series.write(snapshot);
    series.write(make_large_snapshot());
    assert_int_equal(series.copied, 0);
}

void a_block_that_is_gone_lends_its_place_to_no_other(void**) {
    // The model is dropped between two files and another is made, perhaps at the same addresses.
    Series series;
    for (unsigned n = 0; n < 20; ++n) {
        auto snapshot = make_large_snapshot();
        auto changed = std::make_shared<model::Unit>(*snapshot.units.find(1));
        changed->unit.name = "round" + std::to_string(n);
        snapshot.units.put(changed);
        series.write(snapshot);
        assert_int_equal(series.copied, 0);
    }
}

void a_file_that_cannot_be_written_is_an_error(void**) {
    MemoryFile file;
    file.fails = true;
    assert_false(flat::write(make_snapshot(), kBuild, file, nullptr).has_value());
}

void another_version_is_refused(void**) {
    Bytes bytes = write_whole(make_snapshot());
    assert_false(flat::Reader::open(bytes, flat::build_hash("0.1.1")).has_value());
    bytes[0] = std::byte{0};
    assert_false(flat::Reader::open(bytes, kBuild).has_value());
}

void a_file_of_another_length_is_refused(void**) {
    Bytes bytes = write_whole(make_snapshot());
    for (std::size_t length = 0; length < bytes.size(); ++length)
        assert_false(flat::Reader::open(std::span(bytes).first(length), kBuild).has_value());
    bytes.push_back({});
    assert_false(flat::Reader::open(bytes, kBuild).has_value());
}

template <typename Record>
void change(Bytes& bytes, std::size_t offset, auto&& edit) {
    Record record;
    std::memcpy(&record, bytes.data() + offset, sizeof record);
    edit(record);
    std::memcpy(bytes.data() + offset, &record, sizeof record);
}

void a_directory_that_ends_beyond_the_file_is_refused(void**) {
    const Bytes good = write_whole(make_snapshot());
    const std::size_t first = offsetof(flat::Header, units);
    const std::size_t count = (sizeof(flat::Header) - first) / sizeof(flat::Directory);
    assert_int_equal(count, 5);
    for (std::size_t n = 0; n < count; ++n) {
        auto refused = [&](auto&& edit) {
            Bytes bytes = good;
            change<flat::Directory>(bytes, first + n * sizeof(flat::Directory), edit);
            assert_false(flat::Reader::open(bytes, kBuild).has_value());
        };
        refused([](flat::Directory& d) { d.count = 0xffffffff; });
        refused([](flat::Directory& d) { d.offset = ~std::uint64_t{0}; });
        refused([](flat::Directory& d) { d.record_size = d.record_size + 1; });
    }
}

void a_section_that_ends_beyond_the_file_is_empty(void**) {
    const Bytes good = write_whole(make_snapshot());
    const std::size_t units = flat::Reader::open(good, kBuild)->header().units.offset;
    auto without = [&](auto&& edit) {
        Bytes bytes = good;
        change<flat::Block>(bytes, units, [&](flat::Block& block) { edit(block.section); });
        const auto reader = *flat::Reader::open(bytes, kBuild);
        assert_false(reader.find_unit(1).has_value());
        assert_false(reader.find_path(100).has_value());
        assert_false(reader.find_group(10).has_value());
        reader.for_each_unit([](const flat::UnitView&) { fail_msg("there is none"); });
    };
    without([](flat::Place& place) { place.offset = ~std::uint64_t{0}; });
    without([](flat::Place& place) { place.size = 0xffffffff; });
    without([](flat::Place& place) { place.size = sizeof(flat::Section) - 1; });
    without([](flat::Place& place) { place.size = 0; });
}

void a_text_ends_with_its_section(void**) {
    Bytes bytes(sizeof(flat::Section) + sizeof(flat::U32) + 3, std::byte{'x'});
    const flat::Text text{sizeof(flat::Section)};
    auto read = [&](std::uint32_t length) {
        const flat::U32 value = length;
        std::memcpy(bytes.data() + text.place, &value, sizeof value);
        return flat::SectionView(bytes).text(text);
    };
    assert_view_equal(read(3), "xxx");
    assert_view_equal(read(4), "");
    assert_view_equal(read(0xffffffff), "");
    assert_view_equal(flat::SectionView(bytes).text({text.place + 4}), "");
}

void a_reference_that_leads_nowhere_reads_as_empty(void**) {
    const Bytes bytes = write_whole(make_snapshot());
    const auto reader = *flat::Reader::open(bytes, kBuild);
    const auto view = *reader.find_unit(1);
    const auto& section = view.section;
    assert_true(section.text({0}).empty());
    assert_true(section.text({0xffffffff}).empty());
    assert_true(section.texts({1, 0xffffffff}).empty());
    assert_true(section.numbers({0xffffffff, 0xffffffff}).empty());
    assert_null(section.trouble({0xffffffff}));
    assert_null(section.trouble({0}));
    flat::LogicalUnit unit = *view.unit;
    unit.paths = {5, 2};
    assert_true(section.paths_of(unit).empty());
    assert_true(flat::SectionView().units().empty());
    assert_int_equal(flat::SectionView().manager().ready, 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_is_read_as_it_was_written),
        cmocka_unit_test(an_empty_snapshot_can_be_read),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(repeated_texts_take_their_place_once),
        cmocka_unit_test(what_did_not_change_is_copied_from_the_previous_file),
        cmocka_unit_test(read_times_are_those_of_now_also_in_copied_blocks),
        cmocka_unit_test(paths_and_units_that_come_and_go_are_found_and_lost),
        cmocka_unit_test(a_block_that_is_gone_lends_its_place_to_no_other),
        cmocka_unit_test(a_file_that_cannot_be_written_is_an_error),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(a_file_of_another_length_is_refused),
        cmocka_unit_test(a_directory_that_ends_beyond_the_file_is_refused),
        cmocka_unit_test(a_section_that_ends_beyond_the_file_is_empty),
        cmocka_unit_test(a_text_ends_with_its_section),
        cmocka_unit_test(a_reference_that_leads_nowhere_reads_as_empty),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
