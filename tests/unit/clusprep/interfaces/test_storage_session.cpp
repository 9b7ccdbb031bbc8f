// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The state of a session: prepared or not, which LUN an identifier means, what is attached.
#include "tests/unit/clusprep/interfaces/storage_stage.hpp"

using namespace mpapi;
using namespace mpapi::csvp;

namespace {

// Calls every method that has a DISKID, CprepDiskGetProps and CprepDiskAttach apart, and gives the
// result with the method's name to `check`.
template <typename Check>
void each_on_disk(Storage& storage, const DiskId& disk, Check check) {
    const auto one = [&]<typename Method>(Method, typename Method::In in) {
        check(Method::name, storage.call<Method>(in).result);
    };
    one(CprepDiskRawRead(), {disk, 0, 512});
    one(CprepDiskRawWrite(), {disk, 11, 512, std::vector<std::uint8_t>(512)});
    one(CprepDiskStopDefense(), {disk});
    one(CprepDiskOnline(), {disk});
    one(CprepDiskVerifyUnique(), {disk});
    one(CprepDiskWriteFileData(), {disk, 0, u"x", 1, {1}});
    one(CprepDiskVerifyFileData(), {disk, 0, u"x", 1, {1}});
    one(CprepDiskDeleteFile(), {disk, 0, u"x"});
    one(CprepDiskOffline(), {disk});
    one(CprepDiskGetUniqueIds(), {disk, 1024});
    one(CprepDiskPRArbitrate(), {disk});
    one(CprepDiskPRRegister(), {disk});
    one(CprepDiskPRUnRegister(), {disk});
    one(CprepDiskPRReserve(), {disk});
    one(CprepDiskPRRelease(), {disk});
    one(CprepDiskDiskPartitionIsNtfs(), {disk, 0});
    one(CprepDiskGetArbSectors(), {disk});
    one(CprepDiskIsPRPresent(), {disk});
    one(CprepDiskPRPreempt(), {disk});
    one(CprepDiskPRClear(), {disk});
    one(CprepDiskIsOnline(), {disk});
    one(CprepDiskSetOnline(), {disk});
    one(CprepDiskGetFSName(), {disk, 0});
    one(CprepDiskIsReadable(), {disk});
}

void before_it_is_prepared_every_method_fails_with_invalid_server_state(void**) {
    Stage stage;
    Storage storage(stage.machine);
    const auto expect_all = [&] {
        each_on_disk(storage, lun0, [](const char* method, Hresult result) {
            if (result != Hresult::InvalidServerState)
                fail_msg("%s: %s", method, text(result).c_str());
        });
        assert_result(storage.call<CprepDiskGetProps>({lun0}).result, Hresult::InvalidServerState);
        assert_result(storage.call<CprepDiskAttach>({lun0}).result, Hresult::InvalidServerState);
        assert_result(storage.call<CprepDiskGetDsms>({1024}).result, Hresult::InvalidServerState);
    };
    expect_all();
    assert_result(storage.call<CprepPrepareNodePhase2>().result, Hresult::InvalidServerState);
    assert_result(storage.call<CprepPrepareNode>().result, Hresult::Ok);
    expect_all();
    assert_result(storage.call<CprepPrepareNode>().result, Hresult::InvalidServerState);
    assert_result(storage.call<CprepPrepareNodePhase2>().result, Hresult::Ok);
    assert_result(storage.call<CprepPrepareNode>().result, Hresult::InvalidServerState);
    assert_result(storage.call<CprepPrepareNodePhase2>().result, Hresult::InvalidServerState);
    assert_true(stage.node.calls.empty()); // no disk was asked anything
}

void preparing_tells_versions_and_the_number_of_luns(void**) {
    Stage stage;
    Storage storage(stage.machine);
    const auto versions = storage.call<CprepPrepareNode>();
    assert_int_equal(versions.major_version, 6);
    assert_int_equal(versions.minor_version, 1);
    assert_int_equal(storage.call<CprepPrepareNodePhase2>({1}).disks, 3);
}

void a_list_that_fails_leaves_the_node_preparing(void**) {
    Stage stage;
    Storage storage(stage.machine);
    storage.call<CprepPrepareNode>();
    stage.node.failures["list"] = {Hresult::AccessDenied, {"list", "", "not allowed"}};
    assert_result(storage.call<CprepPrepareNodePhase2>().result, Hresult::AccessDenied);
    assert_int_equal(stage.failed.size(), 1);
    assert_text_equal(stage.failed[0].method, "CprepPrepareNodePhase2");
    assert_text_equal(stage.failed[0].user, "EXAMPLE\\admin");
    assert_text_equal(stage.failed[0].peer.address, "192.0.2.99");
    stage.node.failures.clear();
    assert_result(storage.call<CprepPrepareNodePhase2>().result, Hresult::Ok);
}

void of_two_second_phases_at_once_one_is_too_late(void**) {
    Stage stage;
    Storage storage(stage.machine);
    storage.call<CprepPrepareNode>();
    stage.node.hold = true;
    const Pending first = storage.begin<CprepPrepareNodePhase2>();
    const Pending second = storage.begin<CprepPrepareNodePhase2>();
    stage.node.let_go();
    assert_result(storage.end<CprepPrepareNodePhase2>(first).result, Hresult::Ok);
    assert_result(storage.end<CprepPrepareNodePhase2>(second).result, Hresult::InvalidServerState);
}

void a_lun_that_is_not_attached_is_file_not_found(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine, {});
    const auto expect = [](const char* method, Hresult result) {
        const bool two = std::string(method) == "CprepDiskIsOnline" ||
                         std::string(method) == "CprepDiskSetOnline";
        if (result != (two ? Hresult::NotFound : Hresult::FileNotFound))
            fail_msg("%s: %s", method, text(result).c_str());
    };
    each_on_disk(storage, lun0, expect);
    each_on_disk(storage, DiskId::of_number(77), expect); // nor is one that does not exist
    each_on_disk(storage, DiskId::of_signature(0xdead), expect);
    each_on_disk(storage, DiskId(), expect); // CprepIdUnknown
    assert_true(stage.node.calls.empty());
    assert_result(storage.call<CprepDiskAttach>({DiskId::of_number(77)}).result,
                  Hresult::FileNotFound);
    assert_result(storage.call<CprepDiskGetProps>({DiskId::of_number(77)}).result,
                  Hresult::FileNotFound);
}

void what_is_attached_is_so_for_one_object_only(void**) {
    Stage stage;
    Storage one = Storage::ready(stage.machine, {lun0});
    Storage other = Storage::ready(stage.machine, {});
    assert_result(one.call<CprepDiskIsReadable>({lun0}).result, Hresult::Ok);
    assert_result(other.call<CprepDiskIsReadable>({lun0}).result, Hresult::FileNotFound);
    assert_result(one.call<CprepDiskIsReadable>({lun1}).result, Hresult::FileNotFound);
}

void a_lun_is_named_by_guid_signature_or_number(void**) {
    Stage stage;
    Storage storage(stage.machine);
    storage.prepare();
    const auto gpt = storage.call<CprepDiskGetProps>({lun0});
    assert_result(gpt.result, Hresult::Ok);
    assert_int_equal(gpt.props.disk_id.type, DiskIdType::Guid);
    assert_text_equal(gpt.props.disk_id.guid.text(), "0f0e0d0c-0b0a-0908-0706-050403020100");
    assert_int_equal(storage.call<CprepDiskGetProps>({gpt.props.disk_id}).props.disk_number, 0);
    const auto mbr = storage.call<CprepDiskGetProps>({DiskId::of_signature(0x1234abcd)});
    assert_int_equal(mbr.props.disk_number, 1);
    assert_true(mbr.props.disk_id == DiskId::of_signature(0x1234abcd));
    const auto raw = storage.call<CprepDiskGetProps>({lun2});
    assert_true(raw.props.disk_id == lun2);
    // Attached by one name is attached by each.
    storage.call<CprepDiskAttach>({gpt.props.disk_id});
    assert_result(storage.call<CprepDiskIsReadable>({lun0}).result, Hresult::Ok);
}

void properties_are_those_of_the_lun(void**) {
    Stage stage;
    Storage storage(stage.machine);
    storage.prepare();
    const DiskProps props = storage.call<CprepDiskGetProps>({lun0}).props;
    assert_int_equal(props.bus_type, 9);
    assert_int_equal(props.stack_type, DiskStackType::StorPort);
    assert_true(props.scsi_address == (ScsiAddress{8, 3, 0, 1, 5}));
    assert_int_equal(props.is_clusterable, 1);
    assert_true(std::u16string(props.adapter_description.data()) == u"Software iSCSI initiator");
    assert_int_equal(props.paths, 2);
    assert_int_equal(props.flags, DiskStyleGpt | DiskBasic | DiskMpio);
    assert_int_equal(storage.call<CprepDiskGetProps>({lun2}).props.is_clusterable, 0);
}

void a_lun_that_vanished_keeps_its_number_and_is_missing(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    const PlayedDisk gone = stage.node.luns[0];
    stage.node.luns.erase(stage.node.luns.begin());
    PlayedDisk added = gone;
    added.disk.key = "lun9";
    added.disk.signature = 0x99u;
    stage.node.luns.insert(stage.node.luns.begin(), added);
    const auto props = storage.call<CprepDiskGetProps>({lun0});
    assert_result(props.result, Hresult::Ok);
    assert_int_equal(props.props.flags & DiskMissing, DiskMissing);
    assert_int_equal(props.props.is_clusterable, 0);
    assert_int_equal(
        storage.call<CprepDiskGetProps>({DiskId::of_signature(0x99)}).props.disk_number,
        3); // a number of its own
    assert_int_equal(storage.call<CprepDiskGetProps>({lun1}).props.bus_type, 6);
    assert_result(storage.call<CprepDiskIsReadable>({lun0}).result, Hresult::DeviceGone);
    assert_result(storage.call<CprepDiskIsReadable>({props.props.disk_id}).result,
                  Hresult::FileNotFound); // what was on it is not there
    Storage another = Storage::ready(stage.machine, {});
    assert_result(another.call<CprepDiskAttach>({lun0}).result, Hresult::FileNotFound);
    stage.node.luns.push_back(gone);
    assert_int_equal(storage.call<CprepDiskGetProps>({lun0}).props.flags & DiskMissing, 0);
    assert_result(storage.call<CprepDiskIsReadable>({lun0}).result, Hresult::Ok);
}

void of_two_with_one_identifier_the_attached_one_is_meant(void**) {
    Stage stage;
    stage.node.luns[0].disk.signature = 0x1234abcdu; // as lun1
    const DiskId both = DiskId::of_signature(0x1234abcd);
    Storage storage(stage.machine);
    storage.prepare();
    assert_int_equal(storage.call<CprepDiskGetProps>({both}).props.disk_number, 0);
    assert_result(storage.call<CprepDiskVerifyUnique>({both}).result, Hresult::FileNotFound);
    storage.call<CprepDiskAttach>({lun1});
    assert_int_equal(storage.call<CprepDiskGetProps>({both}).props.disk_number, 1);
    assert_result(storage.call<CprepDiskPRRegister>({both}).result, Hresult::Ok);
    assert_text_equal(stage.node.calls.back(), "register_key lun1");
    // Attaching by that identifier attaches no second one.
    assert_result(storage.call<CprepDiskAttach>({both}).result, Hresult::Ok);
    assert_result(storage.call<CprepDiskIsReadable>({lun0}).result, Hresult::FileNotFound);
}

void two_luns_with_one_identifier_are_a_duplicate_tag(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    const DiskId signature = DiskId::of_signature(0x1234abcd);
    assert_result(storage.call<CprepDiskVerifyUnique>({signature}).result, Hresult::Ok);
    stage.node.luns[2].disk.signature = 0x1234abcdu;
    assert_result(storage.call<CprepDiskVerifyUnique>({signature}).result, Hresult::DuplicateTag);
    assert_result(storage.call<CprepDiskVerifyUnique>({lun1}).result, Hresult::Ok); // by number
    stage.node.luns.pop_back();
    assert_result(storage.call<CprepDiskVerifyUnique>({signature}).result, Hresult::Ok);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(before_it_is_prepared_every_method_fails_with_invalid_server_state),
        cmocka_unit_test(preparing_tells_versions_and_the_number_of_luns),
        cmocka_unit_test(a_list_that_fails_leaves_the_node_preparing),
        cmocka_unit_test(of_two_second_phases_at_once_one_is_too_late),
        cmocka_unit_test(a_lun_that_is_not_attached_is_file_not_found),
        cmocka_unit_test(what_is_attached_is_so_for_one_object_only),
        cmocka_unit_test(a_lun_is_named_by_guid_signature_or_number),
        cmocka_unit_test(properties_are_those_of_the_lun),
        cmocka_unit_test(a_lun_that_vanished_keeps_its_number_and_is_missing),
        cmocka_unit_test(of_two_with_one_identifier_the_attached_one_is_meant),
        cmocka_unit_test(two_luns_with_one_identifier_are_a_duplicate_tag),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
