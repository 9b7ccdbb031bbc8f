// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A session ends: what it won is given back, in the order of MS-CSVP 3.2.4.6 and 3.2.4.15.
#include "tests/unit/clusprep/interfaces/played_timers.hpp"
#include "tests/unit/clusprep/interfaces/storage_stage.hpp"

using namespace mpapi;
using namespace mpapi::csvp;

namespace {

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

void what_does_not_go_offline_in_a_rundown_is_tried_again_until_it_does(void**) {
    Timers timers;
    Stage stage(timers.options());
    Storage storage = Storage::ready(stage.machine);
    storage.call<CprepDiskPRArbitrate>({lun0});
    stage.node.failures["take_offline"] = {Hresult::Busy, {"unmount", "/srv", "in use by 17"}};
    assert_true(*storage.rundown()); // who ends does not wait for it
    assert_true(timers.asked == GivingUp::kAgain);
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

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_rundown_takes_offline_what_was_won_then_stops_its_defense),
        cmocka_unit_test(a_rundown_leaves_alone_what_it_did_not_win),
        cmocka_unit_test(a_defense_goes_on_when_its_lun_does_not_go_offline),
        cmocka_unit_test(what_does_not_go_offline_in_a_rundown_is_tried_again_until_it_does),
        cmocka_unit_test(what_comes_online_while_it_is_given_up_goes_offline_again),
        cmocka_unit_test(who_arbitrates_for_what_is_given_up_keeps_it),
        cmocka_unit_test(what_two_objects_won_is_given_back_by_the_last),
        cmocka_unit_test(a_rundown_waits_for_an_arbitration_and_gives_its_prize_back),
        cmocka_unit_test(a_call_that_has_not_reached_the_disk_ends_with_the_object),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
