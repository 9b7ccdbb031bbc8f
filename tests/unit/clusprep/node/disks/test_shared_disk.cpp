// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/node/disks/shared_disk.hpp"
#include "tests/unit/cmocka.hpp"

using namespace mpapi;
using namespace mpapi::node;

namespace {

SharedDisk good() {
    SharedDisk disk;
    disk.partition_style = "gpt";
    disk.disk_guid = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
    disk.bus_type = "iscsi";
    disk.path_count = 4;
    disk.adapter_description = "host3 (iscsi_tcp)";
    disk.host = 3;
    disk.target = 1;
    disk.lun = 7;
    disk.flags = {"multipath", "redundant", "basic"};
    disk.identified = true;
    disk.persistent_reservations = "yes";
    return disk;
}

void a_lun_has_what_the_disk_tells(void**) {
    const csvp::Disk lun = as_lun("/a", good());
    assert_text_equal(lun.key, "/a");
    assert_true(std::get<ndr::Guid>(lun.signature) ==
                *ndr::parse_guid("c12a7328-f81f-11d2-ba4b-00a0c93ec93b"));
    assert_true(lun.bus == csvp::BusType::Iscsi);
    assert_true(lun.address == (csvp::DiskAddress{3, 0, 1, 7}));
    assert_true(lun.clusterable);
    assert_text_equal(lun.adapter, "host3 (iscsi_tcp)");
    assert_int_equal(lun.paths, 4);
    assert_int_equal(lun.flags,
                     csvp::DiskMpio | csvp::DiskRedundant | csvp::DiskBasic | csvp::DiskStyleGpt);
}

void a_signature_counts_only_under_its_style(void**) {
    SharedDisk disk = good();
    disk.partition_style = "mbr";
    disk.mbr_signature = 0x1234;
    assert_int_equal(std::get<std::uint32_t>(as_lun("/a", disk).signature), 0x1234);
    disk.mbr_signature = 0;
    assert_true(as_lun("/a", disk).signature == csvp::DiskSignature{});
    disk.partition_style = "none";
    disk.mbr_signature = 0x1234;
    assert_true(as_lun("/a", disk).signature == csvp::DiskSignature{});
    assert_true((as_lun("/a", disk).flags & csvp::DiskStyleRaw) != 0);
    disk.partition_style = "gpt";
    disk.disk_guid = "no guid";
    assert_true(as_lun("/a", disk).signature == csvp::DiskSignature{});
}

void each_bus_has_its_number(void**) {
    const std::pair<const char*, csvp::BusType> rows[] = {
        {"parallel-scsi", csvp::BusType::Scsi}, {"fibre-channel", csvp::BusType::Fibre},
        {"iscsi", csvp::BusType::Iscsi},        {"sas", csvp::BusType::Sas},
        {"ata", csvp::BusType::Sata},           {"usb", csvp::BusType::Usb},
    };
    SharedDisk disk = good();
    for (const auto& [name, type] : rows) {
        disk.bus_type = name;
        assert_true(as_lun("/a", disk).bus == type);
    }
}

void each_flag_has_its_bit(void**) {
    // MS-CSVP 2.2.5.
    const std::pair<const char*, std::uint32_t> rows[] = {
        {"boot", csvp::DiskBoot},
        {"system", csvp::DiskSystem},
        {"swap", csvp::DiskPageFile},
        {"hibernate", csvp::DiskHibernate},
        {"crash-dump", csvp::DiskCrashDump},
        {"removable", csvp::DiskRemovable},
        {"system-bus", csvp::DiskSystemBus},
        {"basic", csvp::DiskBasic},
        {"dynamic", csvp::DiskDynamic},
        {"unreadable", csvp::DiskUnreadable},
        {"multipath", csvp::DiskMpio},
        {"clustered-other", csvp::DiskClusteredOther},
        {"missing", csvp::DiskMissing},
        {"redundant", csvp::DiskRedundant},
        {"read-only", 0},
        {"duplicate-identity", 0},
    };
    SharedDisk disk = good();
    for (const auto& [name, bit] : rows) {
        disk.flags = {name};
        assert_int_equal(as_lun("/a", disk).flags, bit | csvp::DiskStyleGpt);
    }
}

void buses_without_a_number_are_unknown(void**) {
    SharedDisk disk = good();
    for (const char* name : {"nvme", "virtio", "infiniband", "unknown", "", "what"}) {
        disk.bus_type = name;
        assert_true(as_lun("/a", disk).bus == csvp::BusType::Unknown);
    }
    disk.bus_type = "fibre-channel";
    assert_true(as_lun("/a", disk).bus == csvp::BusType::Fibre);
}

void what_speaks_against_a_cluster_makes_it_not_clusterable(void**) {
    SharedDisk disk = good();
    disk.in_use = true;
    assert_false(as_lun("/a", disk).clusterable);
    disk = good();
    disk.identified = false;
    assert_false(as_lun("/a", disk).clusterable);
    disk = good();
    disk.persistent_reservations = "unknown";
    assert_false(as_lun("/a", disk).clusterable);
    assert_false((as_lun("/a", disk).flags & csvp::DiskClusterNotSupported) != 0);
    disk.persistent_reservations = "no";
    assert_false(as_lun("/a", disk).clusterable);
    assert_true((as_lun("/a", disk).flags & csvp::DiskClusterNotSupported) != 0);
    disk = good();
    disk.flags.emplace_back("missing");
    assert_false(as_lun("/a", disk).clusterable);
}

void state_is_told_in_words(void**) {
    SharedDisk disk = good();
    assert_true(state_of(disk).online);
    assert_true(state_of(disk).ownership == csvp::Ownership::NotOwned);
    disk.online = false;
    disk.ownership = "this-node";
    assert_false(state_of(disk).online);
    assert_true(state_of(disk).ownership == csvp::Ownership::OwnedByThisServer);
    disk.ownership = "unconfirmed";
    assert_true(state_of(disk).ownership == csvp::Ownership::OwnedByThisServer);
    disk.ownership = "another-node";
    assert_true(state_of(disk).ownership == csvp::Ownership::OwnedByAnother);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_lun_has_what_the_disk_tells),
        cmocka_unit_test(a_signature_counts_only_under_its_style),
        cmocka_unit_test(each_bus_has_its_number),
        cmocka_unit_test(each_flag_has_its_bit),
        cmocka_unit_test(buses_without_a_number_are_unknown),
        cmocka_unit_test(what_speaks_against_a_cluster_makes_it_not_clusterable),
        cmocka_unit_test(state_is_told_in_words),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
