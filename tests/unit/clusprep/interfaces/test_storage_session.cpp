// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/interfaces/registered_dsms.hpp"
#include "clusprep/interfaces/storage_session.hpp"
#include "clusprep/interfaces/unique_ids.hpp"
#include "tests/unit/clusprep/interfaces/called.hpp"

#include <algorithm>

using namespace mpapi;
using namespace mpapi::csvp;

namespace {

const DiskId lun0 = DiskId::of_number(0), lun1 = DiskId::of_number(1), lun2 = DiskId::of_number(2);

struct Stage {
    PlayedNode node;
    std::vector<EndedCall> told;
    std::vector<EndedCall> failed; // of them
    Machine machine;

    explicit Stage(Options options = {})
      : machine(node, with_report(std::move(options))) {}

    Options with_report(Options options) {
        options.report = [this](const EndedCall& call) {
            told.push_back(call);
            if (!succeeded(call.code)) failed.push_back(call);
        };
        return options;
    }
};

struct Storage : Called<ClusterStorage2> {
    using Called::Called;

    // Prepared, with these attached.
    static Storage ready(Machine& machine, std::initializer_list<DiskId> attached = {lun0, lun1}) {
        Storage storage(machine);
        storage.prepare();
        for (const DiskId& disk : attached)
            assert_result(storage.call<CprepDiskAttach>({disk}).result, Hresult::Ok);
        return storage;
    }

    void prepare() {
        assert_result(call<CprepPrepareNode>().result, Hresult::Ok);
        assert_result(call<CprepPrepareNodePhase2>().result, Hresult::Ok);
    }
};

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

void a_rundown_takes_offline_what_was_won_then_stops_its_defense(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    storage.call<CprepDiskPRArbitrate>({lun0});
    storage.call<CprepDiskPRArbitrate>({lun1});
    storage.call<CprepDiskOffline>({lun1});
    stage.node.calls.clear();
    assert_true(*storage.rundown());
    const std::vector<std::string> expected = {"take_offline lun0", "stop_defense lun0",
                                               "stop_defense lun1"};
    assert_true(stage.node.calls == expected);
    assert_true(stage.failed.empty());
}

void a_rundown_leaves_alone_what_it_did_not_win(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    storage.call<CprepDiskPRArbitrate>({lun0});
    stage.node.luns[0].state.ownership = Ownership::OwnedByAnother; // lost meanwhile
    storage.call<CprepDiskPRArbitrate>({lun1});
    storage.call<CprepDiskOffline>({lun1});
    storage.call<CprepDiskStopDefense>({lun1});
    stage.node.calls.clear();
    assert_true(*storage.rundown());
    assert_true(stage.node.calls.empty());
}

void a_defense_goes_on_when_its_lun_does_not_go_offline(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    storage.call<CprepDiskPRArbitrate>({lun0});
    stage.node.failures["take_offline"] = {Hresult::Busy, {"unmount", "/srv", "in use by 17"}};
    stage.node.calls.clear();
    assert_true(*storage.rundown());
    assert_true(stage.node.calls == std::vector<std::string>{"take_offline lun0"});
    assert_int_equal(stage.node.luns[0].state.ownership, Ownership::OwnedByThisServer);
    assert_int_equal(stage.failed.size(), 1);
    assert_text_equal(stage.failed[0].method, "rundown");
    assert_text_equal(stage.failed[0].error.value().message(), "unmount /srv: in use by 17");
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

// A later of which the test is the clock.
struct Timers {
    std::vector<std::weak_ptr<std::function<void()>>> set;

    GivingUp::Later later() {
        return [this](std::chrono::seconds time, std::function<void()> then) {
            assert_true(time == GivingUp::kAgain);
            auto timer = std::make_shared<std::function<void()>>(std::move(then));
            set.push_back(timer);
            return timer;
        };
    }
    unsigned expire() { // how many there were
        unsigned expired = 0;
        for (const auto& each : std::exchange(set, {}))
            if (const auto timer = each.lock()) {
                ++expired;
                (*timer)();
            }
        return expired;
    }
    Options options() {
        Options options;
        options.later = later();
        return options;
    }
};

void what_does_not_go_offline_in_a_rundown_is_tried_again_until_it_does(void**) {
    Timers timers;
    Stage stage(timers.options());
    Storage storage = Storage::ready(stage.machine);
    storage.call<CprepDiskPRArbitrate>({lun0});
    stage.node.failures["take_offline"] = {Hresult::Busy, {"unmount", "/srv", "in use by 17"}};
    assert_true(*storage.rundown()); // who ends does not wait for it
    assert_int_equal(timers.expire(), 1);
    assert_int_equal(stage.failed.size(), 1); // the same reason is told once
    stage.node.failures.clear();
    assert_int_equal(timers.expire(), 1);
    assert_int_equal(stage.node.luns[0].state.ownership, Ownership::NotOwned);
    assert_false(stage.node.luns[0].state.online);
    assert_int_equal(timers.expire(), 0);
}

void what_comes_online_while_it_is_given_up_goes_offline_again(void**) {
    Timers timers;
    Stage stage(timers.options());
    Storage storage = Storage::ready(stage.machine);
    storage.call<CprepDiskPRArbitrate>({lun0});
    stage.node.hold = true;
    const auto ended = storage.rundown();
    stage.node.let_one_go(); // the state; then it goes offline
    stage.node.luns[0].state.online = true;
    stage.node.let_go(); // the defense of what is online does not stop
    stage.node.hold = false;
    assert_true(*ended);
    assert_int_equal(stage.node.luns[0].state.ownership, Ownership::OwnedByThisServer);
    assert_int_equal(timers.expire(), 1);
    assert_int_equal(stage.node.luns[0].state.ownership, Ownership::NotOwned);
    assert_false(stage.node.luns[0].state.online);
}

void who_arbitrates_for_what_is_given_up_keeps_it(void**) {
    Timers timers;
    Stage stage(timers.options());
    Storage storage = Storage::ready(stage.machine), other = Storage::ready(stage.machine);
    storage.call<CprepDiskPRArbitrate>({lun0});
    stage.node.failures["take_offline"] = {Hresult::Busy, {"unmount", "/srv", "in use by 17"}};
    assert_true(*storage.rundown());
    stage.node.failures.clear();
    assert_result(other.call<CprepDiskPRArbitrate>({lun0}).result, Hresult::Ok);
    assert_int_equal(timers.expire(), 0);
    assert_int_equal(stage.node.luns[0].state.ownership, Ownership::OwnedByThisServer);
    assert_true(stage.node.luns[0].state.online);
}

void what_two_objects_won_is_given_back_by_the_last(void**) {
    Stage stage;
    Storage one = Storage::ready(stage.machine), other = Storage::ready(stage.machine);
    one.call<CprepDiskPRArbitrate>({lun0});
    other.call<CprepDiskPRArbitrate>({lun0});
    stage.node.calls.clear();
    assert_true(*one.rundown());
    assert_true(stage.node.calls.empty());
    assert_true(*other.rundown());
    assert_int_equal(stage.node.calls.size(), 2);
    assert_int_equal(stage.node.luns[0].state.ownership, Ownership::NotOwned);
}

void a_rundown_waits_for_an_arbitration_and_gives_its_prize_back(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    stage.node.hold = true;
    const Pending pending = storage.begin<CprepDiskPRArbitrate>({lun0});
    stage.node.let_one_go(); // the list: now the arbitration is under way
    const auto ended = storage.rundown();
    assert_false(*ended);
    stage.node.let_go();
    assert_true(pending->has_value());
    assert_true(*ended);
    assert_int_equal(stage.node.luns[0].state.ownership, Ownership::NotOwned);
    assert_false(stage.node.luns[0].state.online);
}

void a_call_that_has_not_reached_the_disk_ends_with_the_object(void**) {
    Stage stage;
    Storage storage = Storage::ready(stage.machine);
    stage.node.hold = true;
    const Pending pending = storage.begin<CprepDiskPRRegister>({lun0});
    const auto ended = storage.rundown();
    stage.node.let_go();
    assert_true(*ended);
    assert_result(storage.end<CprepDiskPRRegister>(pending).result, Hresult::Aborted);
    assert_true(stage.node.calls.empty());
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
        cmocka_unit_test(a_rundown_takes_offline_what_was_won_then_stops_its_defense),
        cmocka_unit_test(a_rundown_leaves_alone_what_it_did_not_win),
        cmocka_unit_test(a_defense_goes_on_when_its_lun_does_not_go_offline),
        cmocka_unit_test(what_does_not_go_offline_in_a_rundown_is_tried_again_until_it_does),
        cmocka_unit_test(what_comes_online_while_it_is_given_up_goes_offline_again),
        cmocka_unit_test(who_arbitrates_for_what_is_given_up_keeps_it),
        cmocka_unit_test(what_changes_something_is_told_and_what_only_looks_is_not),
        cmocka_unit_test(what_two_objects_won_is_given_back_by_the_last),
        cmocka_unit_test(a_rundown_waits_for_an_arbitration_and_gives_its_prize_back),
        cmocka_unit_test(a_call_that_has_not_reached_the_disk_ends_with_the_object),
        cmocka_unit_test(reserved_opnums_answer_not_implemented_and_none_is_beyond_38),
        cmocka_unit_test(a_stub_that_is_none_is_a_fault),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
