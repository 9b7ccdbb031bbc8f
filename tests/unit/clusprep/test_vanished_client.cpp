// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The exporter, the classes of MS-CSVP and the audit, put together as clusprepd does it (main.cpp),
// on a clock of the test's. Only the sockets below and the machine behind are played.
//
// A client that vanishes is heard of no more: after three ping periods of 120 s its objects end,
// and what they had won is brought offline first, then its defence stops (MS-DCOM 3.1.1.6,
// MS-CSVP 3.2.4.6).
#include "clusprep/audit.hpp"
#include "clusprep/dcom/object_exporter_interface.hpp"
#include "clusprep/dcom/object_exporter_messages.hpp"
#include "clusprep/dcom/object_interface.hpp"
#include "clusprep/interfaces/classes.hpp"
#include "clusprep/interfaces/cluster_storage2.hpp"
#include "tests/unit/clusprep/dcom/played_exporter.hpp"
#include "tests/unit/clusprep/interfaces/played_node.hpp"
#include "tests/unit/clusprep/interfaces/played_timers.hpp"

#include <chrono>

using namespace mpapi;
using namespace mpapi::csvp;
using namespace std::chrono_literals;

namespace {

using Storage = ClusterStorage2;
using Calls = std::vector<std::string>;

const DiskId lun0 = DiskId::of_number(0), lun1 = DiskId::of_number(1), lun2 = DiskId::of_number(2);
const rpc::PeerAddress address = "192.0.2.77";

struct Daemon {
    dcom::Time now{1000s};
    played::Loop loop;
    Timers timers;
    PlayedNode node;
    std::vector<std::string> told;
    clusprep::Audit audit{[this](const clusprep::Line& line) { told.push_back(line.text); },
                          [this] { return now; },
                          {{Storage::clsid, "IClusterStorage2"}}};
    Machine machine{node, options()};
    std::vector<Class> all = classes(machine);
    dcom::Exporter exporter{{},
                            counting(),
                            [this] { return now; },
                            loop.later(),
                            [](const rpc::Principal&) { return true; },
                            audit};
    dcom::ObjectExporterInterface resolver{exporter};
    dcom::ObjectInterface storage{exporter, Storage::iid, "IClusterStorage2"};

    Daemon() {
        for (const Class& one : all)
            exporter.add_class(one.clsid, *one.factory);
        exporter.set_addresses({"192.0.2.1"}, 49152);
    }
    Options options() {
        Options made = timers.options();
        made.report = [this](const EndedCall& call) { audit.ended_call(call); };
        return made;
    }
    // As the server's timer has it, each five seconds.
    void pass(std::chrono::seconds time) {
        for (const auto end = now + time; now < end;) {
            now += 5s;
            exporter.expire();
            loop.run();
        }
    }
    bool was_told(const std::string& text) const {
        for (const auto& line : told)
            if (line.find(text) != std::string::npos) return true;
        return false;
    }
};

// One object, and a ping set with it in.
struct Client {
    Daemon& daemon;
    dcom::Oid oid = 0;
    ndr::Guid ipid;
    std::uint64_t set = 0;

    explicit Client(Daemon& at)
      : daemon(at) {
        const rpc::Principal anna{"DOMAIN\\anna", {}, {}};
        const std::vector<ndr::Guid> iids{Storage::iid};
        const auto made = daemon.exporter.activate(Storage::clsid, iids, {},
                                                   {anna, rpc::AuthLevel::Privacy, address});
        assert_int_equal(made.result, dcom::kOk);
        const auto& reference = made.interfaces.at(0).object->reference;
        oid = reference.oid;
        ipid = reference.ipid;
        const auto pinged =
            played::call_plain<dcom::ComplexPing>(daemon.resolver, {0, 1, 1, 0, {{oid}}, {}});
        assert_int_equal(pinged.error, 0);
        set = pinged.set;
        succeeds<CprepPrepareNode>();
        succeeds<CprepPrepareNodePhase2>();
    }

    void ping() {
        const auto answer = played::call_plain<dcom::SimplePing>(daemon.resolver, {set});
        assert_int_equal(answer.error, 0);
    }
    template <typename Method>
    void succeeds(const typename Method::In& in = {}) {
        const auto out = played::call_object<Method>(daemon.storage, in, ipid);
        assert_text_equal(text(out.result), text(Hresult::Ok));
    }
    void wins(const DiskId& disk) {
        succeeds<CprepDiskAttach>({disk});
        succeeds<CprepDiskPRArbitrate>({disk});
    }
    // The fault of a call, 0 when there is none.
    std::uint32_t fault() {
        auto call = played::a_call(CprepDiskIsReadable::opnum,
                                   played::object_stub(CprepDiskIsReadable::In{lun0}));
        call.object = ipid;
        return played::answer_of(daemon.storage, std::move(call)).fault;
    }
};

void what_a_client_won_that_vanished_goes_offline_then_its_defense_stops(void**) {
    Daemon daemon;
    Client lost(daemon);
    lost.wins(lun0);
    lost.wins(lun1);
    lost.succeeds<CprepDiskOffline>({lun1});
    Client faithful(daemon);
    faithful.wins(lun2);
    daemon.node.calls.clear();

    // Until the last second of the third period nothing happens to either.
    for (int period = 0; period < 3; ++period) {
        daemon.pass(period < 2 ? 120s : 115s);
        faithful.ping();
    }
    assert_true(daemon.node.calls.empty());
    assert_int_equal(daemon.exporter.objects().size(), 2);
    assert_int_equal(daemon.node.luns[0].state.ownership, Ownership::OwnedByThisServer);

    daemon.pass(5s);
    assert_true(daemon.node.calls ==
                Calls({"take_offline lun0", "stop_defense lun0", "stop_defense lun1"}));
    for (const std::size_t at : {0u, 1u}) {
        assert_int_equal(daemon.node.luns[at].state.ownership, Ownership::NotOwned);
        assert_false(daemon.node.luns[at].state.online);
    }
    assert_int_equal(lost.fault(), dcom::kInvalidObject);
    assert_true(daemon.was_told("IClusterStorage2 of DOMAIN\\anna, has ended: nothing was heard"));
    // The other client's object is untouched, however long.
    for (int period = 0; period < 5; ++period) {
        daemon.pass(120s);
        faithful.ping();
    }
    assert_int_equal(daemon.exporter.objects().size(), 1);
    assert_int_equal(faithful.fault(), 0);
    assert_int_equal(daemon.node.luns[2].state.ownership, Ownership::OwnedByThisServer);
    assert_true(daemon.node.luns[2].state.online);
}

void a_call_is_a_sign_of_life_too(void**) {
    Daemon daemon;
    Client client(daemon);
    client.wins(lun0);
    daemon.pass(300s);
    client.succeeds<CprepDiskIsOnline>({lun0});
    daemon.pass(355s);
    assert_int_equal(daemon.node.luns[0].state.ownership, Ownership::OwnedByThisServer);
    daemon.pass(5s);
    assert_int_equal(daemon.node.luns[0].state.ownership, Ownership::NotOwned);
}

void the_defense_goes_on_until_the_lun_is_offline(void**) {
    Daemon daemon;
    Client lost(daemon);
    lost.wins(lun0);
    daemon.node.failures["take_offline"] = {Hresult::Busy, {"unmount", "/srv", "in use by 17"}};
    daemon.node.calls.clear();
    daemon.pass(360s);
    assert_int_equal(daemon.exporter.objects().size(), 0); // who holds it is gone all the same
    assert_true(daemon.node.calls == Calls({"take_offline lun0"}));
    assert_int_equal(daemon.node.luns[0].state.ownership, Ownership::OwnedByThisServer);
    assert_true(daemon.was_told("in use by 17"));
    daemon.node.failures.clear();
    assert_int_equal(daemon.timers.expire(), 1);
    assert_true(daemon.node.calls ==
                Calls({"take_offline lun0", "take_offline lun0", "stop_defense lun0"}));
    assert_int_equal(daemon.node.luns[0].state.ownership, Ownership::NotOwned);
}

void an_arbitration_under_way_is_waited_for_and_its_prize_given_back(void**) {
    Daemon daemon;
    Client lost(daemon);
    lost.succeeds<CprepDiskAttach>({lun0});
    daemon.node.hold = true;
    auto call = played::a_call(CprepDiskPRArbitrate::opnum,
                               played::object_stub(CprepDiskPRArbitrate::In{lun0}));
    call.object = lost.ipid;
    bool answered = false;
    daemon.storage.call(std::move(call),
                        rpc::Reply([&](const rpc::Reply::Answer&) { answered = true; }));
    daemon.node.let_one_go(); // the list: now the arbitration is under way
    daemon.pass(360s);
    assert_false(answered);
    assert_int_equal(lost.fault(), dcom::kInvalidObject);
    daemon.node.let_go();
    daemon.loop.run();
    assert_true(answered);
    assert_int_equal(daemon.node.luns[0].state.ownership, Ownership::NotOwned);
    assert_false(daemon.node.luns[0].state.online);
    assert_int_equal(daemon.exporter.objects().size(), 0);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_a_client_won_that_vanished_goes_offline_then_its_defense_stops),
        cmocka_unit_test(a_call_is_a_sign_of_life_too),
        cmocka_unit_test(the_defense_goes_on_until_the_lun_is_offline),
        cmocka_unit_test(an_arbitration_under_way_is_waited_for_and_its_prize_given_back),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
