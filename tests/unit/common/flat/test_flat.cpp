// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/flat/reader.hpp"
#include "common/flat/writer.hpp"

#include "tests/unit/cmocka.hpp"

#include <algorithm>
#include <cstring>

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

model::Snapshot make_snapshot() {
    model::Snapshot snapshot;
    snapshot.instance = 0xfedcba9876543210;
    snapshot.generation = 42;
    snapshot.made_at = 1'700'000'000'000'000;
    snapshot.manager = {1, true, "observe", "no multipathd", "", "no udev"};
    snapshot.plugins = table<model::Plugin>(
        {{1, "dm_multipath", "dm", "Linux", "1.14", "/dev/mapper/*", {"round-robin"}}});
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
    snapshot.disks = table<model::Disk>({disk});
    for (Sequence id = 1; id <= 3; ++id)
        snapshot.units.put(make_unit(id));
    return snapshot;
}

void assert_view_equal(std::string_view actual, std::string_view expected) {
    assert_text_equal(std::string(actual), std::string(expected));
    assert_int_equal(actual.size(), expected.size());
}

void assert_trouble_equal(const flat::Reader& reader, const flat::Trouble& actual,
                          const model::Shared<model::Trouble>& expected) {
    assert_int_equal(actual.since, expected ? expected->since : 0);
    assert_view_equal(reader.text(actual.command), expected ? expected->command : "");
    assert_view_equal(reader.text(actual.reason), expected ? expected->reason : "");
}

void assert_path_equal(const flat::Reader& reader, const flat::Path& actual,
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
    assert_int_equal(actual.size, expected.size);
    assert_int_equal(actual.identity_read_at, expected.identity_read_at);
    assert_view_equal(reader.text(actual.selector_arguments), expected.selector_arguments);
    assert_view_equal(reader.text(actual.designator), expected.designator);
    assert_trouble_equal(reader, actual.trouble, expected.trouble);
}

void assert_group_equal(const flat::Reader& reader, const flat::TargetPortGroup& actual,
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

void assert_unit_equal(const flat::Reader& reader, const flat::LogicalUnit& actual,
                       const model::Unit& unit) {
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
    assert_view_equal(reader.text(actual.selector), expected.selector);
    assert_view_equal(reader.text(actual.selector_arguments), expected.selector_arguments);
    assert_view_equal(reader.text(actual.hardware_handler), expected.hardware_handler);
    assert_int_equal(reader.texts(actual.features).size(), expected.features.size());
    for (std::size_t n = 0; n < expected.features.size(); ++n)
        assert_view_equal(reader.text(reader.texts(actual.features)[n]), expected.features[n]);
    const auto settings = reader.settings_of(actual);
    assert_int_equal(settings.size(), expected.settings->size());
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
    assert_int_equal(actual.table_read_at, 5);
    assert_int_equal(actual.groups_read_at, 6);
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

void a_snapshot_is_read_as_it_was_written(void**) {
    const auto snapshot = make_snapshot();
    const auto bytes = flat::write(snapshot, kBuild);
    assert_ok(bytes);
    const auto opened = flat::Reader::open(*bytes, kBuild);
    assert_ok(opened);
    const auto& reader = *opened;
    assert_int_equal(reader.header().instance, snapshot.instance);
    assert_int_equal(reader.header().generation, 42);
    assert_int_equal(reader.header().made_at, snapshot.made_at);
    assert_int_equal(reader.header().manager.ready, 1);
    assert_view_equal(reader.text(reader.header().manager.path_manager), "observe");
    assert_view_equal(reader.text(reader.header().manager.path_manager_reason), "no multipathd");
    assert_view_equal(reader.text(reader.header().manager.device_mapper), "");
    assert_view_equal(reader.text(reader.header().manager.udev), "no udev");
    assert_view_equal(reader.text(reader.plugins()[0].name), "dm_multipath");
    assert_view_equal(reader.text(reader.texts(reader.plugins()[0].load_balance)[0]),
                      "round-robin");
    assert_view_equal(reader.text(reader.load_balances()[0].selector), "round-robin");
    assert_int_equal(reader.load_balances()[0].type, 2);
    assert_view_equal(reader.text(reader.products()[0].product), "Array");
    assert_view_equal(reader.text(reader.initiator_ports()[0].port_id), "iqn,1");
    assert_view_equal(reader.text(reader.initiator_ports()[0].friendly_name), "friendly");
    assert_int_equal(reader.initiator_ports()[0].transport, model::Transport::Iscsi);
    assert_view_equal(reader.text(reader.target_ports()[0].port_id), "iqn,t,1");
    assert_int_equal(reader.target_ports()[0].relative_port_id, 7);
    assert_view_equal(reader.text(reader.disks()[0].exclusion), "in-use");
    assert_view_equal(reader.text(reader.disks()[0].exclusion_detail), "mounted");
    assert_int_equal(reader.disks()[0].lun, 4);
    assert_int_equal(reader.units().size(), 3);
    for (const auto& unit : reader.units())
        assert_unit_equal(reader, unit, *snapshot.units.find(unit.id));
}

void an_empty_snapshot_can_be_read(void**) {
    const auto bytes = flat::write(model::Snapshot{}, kBuild);
    assert_ok(bytes);
    assert_int_equal(bytes->size(), sizeof(flat::Header));
    const auto reader = flat::Reader::open(*bytes, kBuild);
    assert_ok(reader);
    assert_true(reader->units().empty());
}

void repeated_strings_take_their_place_once(void**) {
    auto snapshot = make_snapshot();
    const auto small = flat::write(snapshot, kBuild);
    auto unit = make_unit(4);
    unit->unit.settings = snapshot.units.find(1)->unit.settings;
    unit->paths.clear();
    snapshot.units.put(unit);
    const auto large = flat::write(snapshot, kBuild);
    const auto reader = flat::Reader::open(*large, kBuild);
    const auto before = flat::Reader::open(*small, kBuild);
    const auto own = unit->unit.key.size() + unit->unit.name.size() + unit->unit.uuid.size();
    assert_int_equal(reader->header().strings.count - before->header().strings.count, own);
    assert_int_equal(reader->header().settings.count, before->header().settings.count);
}

void another_version_is_refused(void**) {
    auto bytes = *flat::write(make_snapshot(), kBuild);
    assert_false(flat::Reader::open(bytes, flat::build_hash("0.1.1")).has_value());
    bytes[0] = std::byte{0};
    assert_false(flat::Reader::open(bytes, kBuild).has_value());
}

void a_file_of_another_length_is_refused(void**) {
    auto bytes = *flat::write(make_snapshot(), kBuild);
    for (std::size_t length = 0; length < bytes.size(); ++length)
        assert_false(flat::Reader::open(std::span(bytes).first(length), kBuild).has_value());
    bytes.push_back({});
    assert_false(flat::Reader::open(bytes, kBuild).has_value());
}

void a_table_that_ends_beyond_the_file_is_refused(void**) {
    const auto good = *flat::write(make_snapshot(), kBuild);
    const std::size_t first = offsetof(flat::Header, plugins);
    const std::size_t tables = (sizeof(flat::Header) - first) / sizeof(flat::Table);
    assert_int_equal(tables, 13);
    for (std::size_t n = 0; n < tables; ++n) {
        auto bytes = good;
        flat::Table table;
        std::byte* place = bytes.data() + first + n * sizeof table;
        std::memcpy(&table, place, sizeof table);
        flat::Table wrong = table;
        wrong.count = 0xffffffff;
        std::memcpy(place, &wrong, sizeof wrong);
        assert_false(flat::Reader::open(bytes, kBuild).has_value());
        wrong = table;
        wrong.offset = ~std::uint64_t{0};
        std::memcpy(place, &wrong, sizeof wrong);
        assert_false(flat::Reader::open(bytes, kBuild).has_value());
        wrong = table;
        wrong.record_size = table.record_size + 1;
        std::memcpy(place, &wrong, sizeof wrong);
        assert_false(flat::Reader::open(bytes, kBuild).has_value());
    }
}

void a_reference_that_leads_nowhere_reads_as_empty(void**) {
    const auto bytes = *flat::write(make_snapshot(), kBuild);
    const auto reader = *flat::Reader::open(bytes, kBuild);
    assert_true(reader.text({0xffffffff, 1}).empty());
    assert_true(reader.text({0, 0xffffffff}).empty());
    assert_true(reader.text({reader.header().strings.count, 1}).empty());
    assert_true(reader.texts({1, 0xffffffff}).empty());
    assert_true(reader.numbers({0xffffffff, 0xffffffff}).empty());
    flat::LogicalUnit unit = reader.units()[0];
    unit.paths = {5, 2};
    assert_true(reader.paths_of(unit).empty());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_is_read_as_it_was_written),
        cmocka_unit_test(an_empty_snapshot_can_be_read),
        cmocka_unit_test(repeated_strings_take_their_place_once),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(a_file_of_another_length_is_refused),
        cmocka_unit_test(a_table_that_ends_beyond_the_file_is_refused),
        cmocka_unit_test(a_reference_that_leads_nowhere_reads_as_empty),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
