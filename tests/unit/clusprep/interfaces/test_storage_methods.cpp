// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What each method of a session does, and how it is told.
#include "clusprep/interfaces/registered_dsms.hpp"
#include "clusprep/interfaces/unique_ids.hpp"
#include "tests/unit/clusprep/interfaces/storage_stage.hpp"

#include <algorithm>

using namespace mpapi;
using namespace mpapi::csvp;

namespace {

void raw_reads_carry_data_and_latency(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    stage.node.luns[0].sectors[5] = std::vector<std::uint8_t>(512, 0xa5);
    auto read = storage.call<CprepDiskRawRead>({lun0, 5, 512});
    assert_result(read.result, Hresult::Ok);
    assert_int_equal(read.data_read, 512);
    assert_int_equal(read.latency, 7);
    assert_true(read.data == std::vector<std::uint8_t>(512, 0xa5));
    // Part of a sector, and up to 1 MiB.
    assert_true(storage.call<CprepDiskRawRead>({lun0, 5, 3}).data ==
                std::vector<std::uint8_t>(3, 0xa5));
    assert_int_equal(storage.call<CprepDiskRawRead>({lun0, 0, 1024 * 1024}).data.size(),
                     1024 * 1024);
    stage.node.luns[0].most_read = 100; // a device that gives less
    read = storage.call<CprepDiskRawRead>({lun0, 5, 512});
    assert_int_equal(read.data_read, 100);
    assert_int_equal(read.data.size(), 100);
}

void an_absurd_size_is_refused_before_anything_is_asked(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    for (const std::uint32_t size : {0u, 1024u * 1024 + 1, 0xffffffffu}) {
        const auto read = storage.call<CprepDiskRawRead>({lun0, 0, size});
        assert_result(read.result, Hresult::InvalidParameter);
        assert_int_equal(read.data_read, 0);
    }
    assert_result(storage.call<CprepDiskGetUniqueIds>({lun0, 0xffffffff}).result,
                  Hresult::InvalidParameter);
    assert_result(storage.call<CprepDiskGetDsms>({0xffffffff}).result, Hresult::InvalidParameter);
    assert_result(storage
                      .call<CprepDiskWriteFileData>({lun0, 0, u"x", 1024 * 1024 + 1,
                                                     std::vector<std::uint8_t>(1024 * 1024 + 1)})
                      .result,
                  Hresult::InvalidParameter);
    assert_true(stage.node.calls.empty());
}

void a_raw_write_is_512_bytes_on_a_scratch_sector(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    const auto sectors = storage.call<CprepDiskGetArbSectors>({lun0});
    assert_int_equal(sectors.sector_x, 11);
    assert_int_equal(sectors.sector_y, 12);
    const std::vector<std::uint8_t> data(512, 0x5a);
    auto written = storage.call<CprepDiskRawWrite>({lun0, 12, 512, data});
    assert_result(written.result, Hresult::Ok);
    assert_int_equal(written.data_written, 512);
    assert_int_equal(written.latency, 7);
    assert_true(stage.node.luns[0].sectors[12] == data);
    // Anything else: an error, and 0 bytes.
    written = storage.call<CprepDiskRawWrite>({lun0, 13, 512, data});
    assert_result(written.result, Hresult::AccessDenied);
    assert_int_equal(written.data_written, 0);
    written = storage.call<CprepDiskRawWrite>({lun0, 12, 1024, std::vector<std::uint8_t>(1024)});
    assert_result(written.result, Hresult::InvalidParameter);
    assert_int_equal(written.data_written, 0);
    assert_result(storage.call<CprepDiskRawWrite>({lun0, 12, 0, {}}).result,
                  Hresult::InvalidParameter);
    stage.node.failures["write"] = {Hresult::IoDevice, {"write", "", ""}};
    written = storage.call<CprepDiskRawWrite>({lun0, 12, 512, data});
    assert_result(written.result, Hresult::IoDevice);
    assert_int_equal(written.data_written, 0);
    // Who never asked which sectors they are is held to them all the same.
    assert_result(storage.call<CprepDiskRawWrite>({lun1, 1, 512, data}).result,
                  Hresult::AccessDenied);
    stage.node.failures["find_scratch_sectors"] = {Hresult::DiskFull, {"find", "", ""}};
    Storage another = Storage::ready(stage.machine);
    assert_result(another.call<CprepDiskGetArbSectors>({lun0}).result, Hresult::DiskFull);
    assert_result(another.call<CprepDiskRawWrite>({lun0, 12, 512, data}).result, Hresult::DiskFull);
}

void an_option_lets_raw_writes_go_anywhere(void**) {
    Options options;
    options.write_anywhere = true;
    Stage stage(options);
    Storage storage = Storage::ready(stage.machine);
    assert_result(
        storage.call<CprepDiskRawWrite>({lun0, 99, 512, std::vector<std::uint8_t>(512)}).result,
        Hresult::Ok);
    assert_int_equal(stage.node.calls.size(), 1);
}

void online_counts_partitions_and_set_online_only_begins(void**) {
    Stage stage;
    stage.node.luns[0].state.online = false;
    Storage storage = Storage::ready(stage.machine);
    assert_result(storage.call<CprepDiskIsOnline>({lun0}).result, Hresult::NotReady);
    const auto online = storage.call<CprepDiskOnline>({lun0});
    assert_result(online.result, Hresult::Ok);
    assert_int_equal(online.partitions, 3);
    assert_result(storage.call<CprepDiskIsOnline>({lun0}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskOffline>({lun0}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskIsOnline>({lun0}).result, Hresult::NotReady);
    // The list is held back, then the operation itself; the answer waits for the first alone.
    stage.node.hold = true;
    const Pending pending = storage.begin<CprepDiskSetOnline>({lun0});
    stage.node.let_one_go();
    assert_result(storage.end<CprepDiskSetOnline>(pending).result, Hresult::Ok);
    assert_int_equal(stage.node.held.size(), 1);
    stage.node.failures["bring_online"] = {Hresult::Busy, {"bring online", "", "in use"}};
    stage.node.held.clear();
    stage.node.hold = false;
    // One that fails before it is awaited says so; one that fails later is for the log.
    assert_result(storage.call<CprepDiskSetOnline>({lun0}).result, Hresult::Busy);
    stage.failed.clear();
    stage.node.hold = true;
    const Pending later = storage.begin<CprepDiskSetOnline>({lun0});
    stage.node.let_go();
    assert_result(storage.end<CprepDiskSetOnline>(later).result, Hresult::Ok);
    assert_int_equal(stage.failed.size(), 1);
}

void what_needs_an_online_lun_fails_with_invalid_state(void**) {
    Stage stage;
    stage.node.luns[0].state.online = false;
    Storage storage = Storage::ready(stage.machine);
    assert_result(storage.call<CprepDiskWriteFileData>({lun0, 0, u"x", 1, {1}}).result,
                  Hresult::InvalidState);
    assert_result(storage.call<CprepDiskVerifyFileData>({lun0, 0, u"x", 1, {1}}).result,
                  Hresult::InvalidState);
    assert_result(storage.call<CprepDiskDeleteFile>({lun0, 0, u"x"}).result, Hresult::InvalidState);
    assert_result(storage.call<CprepDiskDiskPartitionIsNtfs>({lun0, 0}).result,
                  Hresult::InvalidState);
    assert_result(storage.call<CprepDiskGetFSName>({lun0, 0}).result, Hresult::InvalidState);
    assert_true(stage.node.calls.empty());
}

void file_systems_have_their_names_of_over_there(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    const auto name = [&](const DiskId& disk, std::uint32_t partition) {
        const auto out = storage.call<CprepDiskGetFSName>({disk, partition});
        assert_result(out.result, Hresult::Ok);
        return std::u16string(out.file_system.data());
    };
    assert_true(name(lun0, 0) == u"NTFS");
    assert_true(name(lun0, 1) == u"EXT4");
    assert_true(name(lun0, 2) == u"RAW");
    assert_true(name(lun1, 0) == u"FAT");
    assert_result(storage.call<CprepDiskGetFSName>({lun0, 3}).result, Hresult::InvalidParameter);
    assert_result(storage.call<CprepDiskDiskPartitionIsNtfs>({lun0, 0}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskDiskPartitionIsNtfs>({lun0, 1}).result, Hresult::WrongDisk);
    assert_result(storage.call<CprepDiskDiskPartitionIsNtfs>({lun0, 2}).result, Hresult::WrongDisk);
    assert_result(storage.call<CprepDiskDiskPartitionIsNtfs>({lun0, 0xffffffff}).result,
                  Hresult::InvalidParameter);
}

void partitions_count_from_the_configured_base(void**) {
    Options options;
    options.partition_base = 1;
    Stage stage(options);
    Storage storage = Storage::ready(stage.machine);
    assert_result(storage.call<CprepDiskDiskPartitionIsNtfs>({lun0, 1}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskDiskPartitionIsNtfs>({lun0, 0}).result,
                  Hresult::InvalidParameter);
    assert_result(storage.call<CprepDiskWriteFileData>({lun0, 3, u"x", 0, {}}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskWriteFileData>({lun0, 4, u"x", 0, {}}).result,
                  Hresult::InvalidParameter);
    assert_result(storage.call<CprepDiskDeleteFile>({lun0, 0, u"x"}).result,
                  Hresult::InvalidParameter);
    assert_int_equal(storage.call<CprepDiskOnline>({lun0}).partitions, 3);
}

void a_file_is_written_verified_and_deleted(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    const FileContent content = {lun0, 0, u"\\probe\\file.txt", 3, {1, 2, 3}};
    assert_result(storage.call<CprepDiskWriteFileData>(content).result, Hresult::Ok);
    assert_int_equal(stage.node.luns[0].partitions[0].files.count("probe/file.txt"), 1);
    assert_result(storage.call<CprepDiskVerifyFileData>(content).result, Hresult::Ok);
    stage.node.luns[0].partitions[0].files["probe/file.txt"][1] = 9;
    assert_result(storage.call<CprepDiskVerifyFileData>(content).result, Hresult::CrcMismatch);
    assert_result(storage.call<CprepDiskDeleteFile>({lun0, 0, u"probe/file.txt"}).result,
                  Hresult::Ok);
    assert_result(storage.call<CprepDiskVerifyFileData>(content).result, Hresult::FileNotFound);
    assert_result(storage.call<CprepDiskDeleteFile>({lun0, 0, u"probe/file.txt"}).result,
                  Hresult::FileNotFound);
    stage.node.calls.clear();
    assert_result(storage.call<CprepDiskDeleteFile>({lun0, 0, u"..\\etc\\passwd"}).result,
                  Hresult::InvalidName);
    assert_true(stage.node.calls.empty());
}

void unique_ids_need_a_buffer_that_holds_them(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    const std::uint32_t needed =
        static_cast<std::uint32_t>(encode_unique_ids(stage.node.luns[0].ids).size());
    for (const std::uint32_t size : {0u, needed - 1}) {
        const auto out = storage.call<CprepDiskGetUniqueIds>({lun0, size});
        assert_result(out.result, Hresult::InsufficientBuffer);
        assert_int_equal(out.data_out, 0);
        assert_int_equal(out.needed, needed);
        assert_true(out.data.empty());
    }
    const auto out = storage.call<CprepDiskGetUniqueIds>({lun0, needed});
    assert_result(out.result, Hresult::Ok);
    assert_int_equal(out.data_out, needed);
    const auto ids = decode_unique_ids(out.data);
    assert_ok(ids);
    assert_true(*ids == stage.node.luns[0].ids);
    stage.node.luns[0].ids.clear();
    assert_result(storage.call<CprepDiskGetUniqueIds>({lun0, 1024}).result, Hresult::NotSupported);
}

void dsms_come_whole_or_with_more_data(void**) {
    Stage stage;
    Storage storage(stage.machine);
    storage.prepare();
    const std::uint32_t needed = 4 + 2 * 144;
    auto out = storage.call<CprepDiskGetDsms>({needed});
    assert_result(out.result, Hresult::Ok);
    assert_int_equal(out.reserved, needed); // or length_is drops them
    const auto dsms = decode_dsms(out.dsms);
    assert_ok(dsms);
    assert_true(*dsms == stage.node.dsm_table);
    out = storage.call<CprepDiskGetDsms>({needed - 1});
    assert_result(out.result, Hresult::MoreData);
    assert_int_equal(out.reserved, 0);
    stage.node.dsm_table.clear();
    assert_int_equal(storage.call<CprepDiskGetDsms>({4}).dsms.size(), 4);
}

void persistent_reservations_go_to_the_node_each_as_itself(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    assert_result(storage.call<CprepDiskPRReserve>({lun0}).result, Hresult::Busy);
    assert_int_equal(storage.call<CprepDiskIsPRPresent>({lun0}).present, 0);
    assert_result(storage.call<CprepDiskPRRegister>({lun0}).result, Hresult::Ok);
    assert_int_equal(storage.call<CprepDiskIsPRPresent>({lun0}).present, 0); // keys are no reserves
    assert_result(storage.call<CprepDiskPRReserve>({lun0}).result, Hresult::Ok);
    assert_int_equal(storage.call<CprepDiskIsPRPresent>({lun0}).present, 1);
    assert_result(storage.call<CprepDiskPRPreempt>({lun0}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskPRRelease>({lun0}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskPRUnRegister>({lun0}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskPRClear>({lun0}).result, Hresult::Busy);
    const std::vector<std::string> expected = {"reserve lun0",        "reservation_present lun0",
                                               "register_key lun0",   "reservation_present lun0",
                                               "reserve lun0",        "reservation_present lun0",
                                               "preempt lun0",        "release lun0",
                                               "unregister_key lun0", "clear lun0"};
    assert_true(stage.node.calls == expected);
}

void stop_defense_wants_a_lun_that_is_owned_and_offline(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    assert_result(storage.call<CprepDiskStopDefense>({lun0}).result, Hresult::InvalidState);
    assert_result(storage.call<CprepDiskPRArbitrate>({lun0}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskStopDefense>({lun0}).result, Hresult::InvalidState);
    assert_result(storage.call<CprepDiskOffline>({lun0}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskStopDefense>({lun0}).result, Hresult::Ok);
    assert_int_equal(stage.node.luns[0].state.ownership, Ownership::NotOwned);
    assert_result(storage.call<CprepDiskStopDefense>({lun0}).result, Hresult::InvalidState);
    stage.node.luns[0].state.ownership = Ownership::OwnedByAnother;
    assert_result(storage.call<CprepDiskStopDefense>({lun0}).result, Hresult::InvalidState);
    assert_result(storage.call<CprepDiskPRArbitrate>({lun0}).result, Hresult::Busy);
}

void what_changes_something_is_told_and_what_only_looks_is_not(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    storage.call<CprepDiskGetProps>({lun0});
    storage.call<CprepDiskIsOnline>({lun0});
    assert_true(stage.told.empty());
    storage.call<CprepDiskPRArbitrate>({lun0});
    assert_int_equal(stage.told.size(), 1);
    assert_text_equal(stage.told[0].method, "CprepDiskPRArbitrate");
    assert_text_equal(stage.told[0].user, "EXAMPLE\\admin");
    assert_text_equal(stage.told[0].peer.address, "192.0.2.99");
    assert_text_equal(stage.told[0].subject, "disk 0");
    assert_result(stage.told[0].code, Hresult::Ok);
    // A refusal is told once, with the node's reason where it has one.
    storage.call<CprepDiskPRClear>({lun2});
    assert_int_equal(stage.told.size(), 2);
    assert_result(stage.told[1].code, Hresult::FileNotFound);
    assert_false(stage.told[1].error.has_value());
    stage.node.failures["take_offline"] = {Hresult::Busy, {"unmount", "/srv", "in use by 17"}};
    storage.call<CprepDiskOffline>({lun0});
    assert_int_equal(stage.told.size(), 3);
    assert_text_equal(stage.told[2].error.value().message(), "unmount /srv: in use by 17");
    storage.call<CprepDiskDeleteFile>({lun0, 7, u"\\dir\\file"});
    assert_text_equal(stage.told.back().subject, "disk 0, partition 7, file \\dir\\file");
}

void reserved_opnums_answer_not_implemented_and_none_is_beyond_38(void**) {
    Stage stage;
    Storage storage(stage.machine);
    for (const int opnum : {8, 9, 10, 11, 15, 16, 21}) {
        const dcom::Answer answer = storage.raw(static_cast<std::uint16_t>(opnum), {});
        assert_int_equal(answer.fault, 0);
        assert_true(answer.stub == (std::vector<std::uint8_t>{0x01, 0x40, 0x00, 0x80}));
    }
    assert_int_equal(storage.raw(39, {}).fault, 0x1c010002);
    assert_int_equal(storage.raw(2, {}).fault, 0x1c010002);
    assert_int_equal(storage.raw(0xffff, {}).fault, 0x1c010002);
}

void a_stub_that_is_none_is_a_fault(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    const std::vector<std::uint8_t> tags_differ = {1, 0, 0, 0, 0, 0, 0, 0};
    const std::vector<std::uint8_t> no_tag = {2, 0, 2, 0, 0, 0, 0, 0};
    const std::vector<std::uint8_t> one_more = {0xa0, 0x0f, 0xa0, 0x0f, 0, 0, 0, 0, 0};
    const std::vector<std::uint8_t> cut = {0xa0, 0x0f, 0xa0, 0x0f, 0, 0, 0};
    for (const auto& stub : {tags_differ, no_tag, one_more, cut, std::vector<std::uint8_t>()})
        assert_int_equal(storage.raw(CprepDiskAttach::opnum, stub).fault, 0x6f7);
    assert_int_equal(storage.raw(8, {{0}}).fault, 0x6f7);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(raw_reads_carry_data_and_latency),
        cmocka_unit_test(an_absurd_size_is_refused_before_anything_is_asked),
        cmocka_unit_test(a_raw_write_is_512_bytes_on_a_scratch_sector),
        cmocka_unit_test(an_option_lets_raw_writes_go_anywhere),
        cmocka_unit_test(online_counts_partitions_and_set_online_only_begins),
        cmocka_unit_test(what_needs_an_online_lun_fails_with_invalid_state),
        cmocka_unit_test(file_systems_have_their_names_of_over_there),
        cmocka_unit_test(partitions_count_from_the_configured_base),
        cmocka_unit_test(a_file_is_written_verified_and_deleted),
        cmocka_unit_test(unique_ids_need_a_buffer_that_holds_them),
        cmocka_unit_test(dsms_come_whole_or_with_more_data),
        cmocka_unit_test(persistent_reservations_go_to_the_node_each_as_itself),
        cmocka_unit_test(stop_defense_wants_a_lun_that_is_owned_and_offline),
        cmocka_unit_test(what_changes_something_is_told_and_what_only_looks_is_not),
        cmocka_unit_test(reserved_opnums_answer_not_implemented_and_none_is_beyond_38),
        cmocka_unit_test(a_stub_that_is_none_is_a_fault),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
