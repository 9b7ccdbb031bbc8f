// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/dcom/object_table.hpp"

#include "bytes.hpp"
#include "played_objects.hpp"

#include <set>

using namespace mpapi;
using namespace mpapi::dcom;
using namespace mpapi::ndr::literals;
using namespace std::chrono_literals;

namespace {

const rpc::Principal anna{"DOMAIN\\anna", {}, rpc::AuthType::Ntlm};
const rpc::Principal bert{"DOMAIN\\bert", {}, rpc::AuthType::Ntlm};
const rpc::PeerAddress address = "192.0.2.1";

struct Table {
    played::Factory factory;
    played::Loop loop;
    std::vector<Oid> ended;
    Time now{1000s};
    ObjectTable table;

    explicit Table(const ObjectLimits& limits = {})
      : table(limits, counting(), loop.later(), [this](Oid oid) { ended.push_back(oid); }) {}

    ObjectTable::Interfaces activate(const std::vector<ndr::Guid>& iids,
                                     const rpc::Principal& who = anna) {
        const Caller caller{who, rpc::AuthLevel::Privacy, address};
        return table.activate(factory, caller, iids, 5, now);
    }
    ndr::Guid one(const rpc::Principal& who = anna) {
        const auto made = activate({played::storage_iid}, who);
        assert_int_equal(made.result, kOk);
        return made.each.at(0).ipid;
    }
    HResult release(const ndr::Guid& ipid, std::uint32_t open, std::uint32_t secure = 0,
                    const std::string& holder = anna.name) {
        const HResult result = table.release(ipid, open, secure, holder, now);
        loop.run();
        return result;
    }
    Object* find(const ndr::Guid& ipid, const ndr::Guid& iid = played::storage_iid) {
        return table.find(ipid, iid, now);
    }
};

void assert_story(const Table& table, const played::Story& expected) {
    std::string actual, wanted;
    for (const auto& line : table.factory.story)
        actual += line + "; ";
    for (const auto& line : expected)
        wanted += line + "; ";
    assert_text_equal(actual, wanted);
}

void an_object_is_made_with_the_interfaces_that_it_has(void**) {
    Table t;
    const auto made = t.activate({played::storage_iid, kUnknownIid, played::newer_iid});
    assert_int_equal(made.result, kNotAllInterfaces);
    assert_int_equal(made.each.size(), 3);
    assert_int_equal(made.each[0].result, kOk);
    assert_int_equal(made.each[1].result, kOk);
    assert_int_equal(made.each[2].result, kNoInterface);
    assert_true(made.each[2].ipid.is_nil());
    assert_true(t.find(made.each[0].ipid) != nullptr);
    assert_true(t.table.contains(made.oid));
    assert_story(t, {"made"});
}

void no_object_is_made_without_an_interface_that_it_has(void**) {
    Table t;
    const auto made = t.activate({played::newer_iid});
    assert_int_equal(made.result, kNoInterface);
    assert_int_equal(made.each.size(), 1);
    assert_int_equal(made.each[0].result, kNoInterface);
    assert_int_equal(t.table.size(), 0);
    assert_story(t, {});
}

void an_interface_is_found_by_its_ipid_and_as_itself_only(void**) {
    Table t;
    const auto ipid = t.one();
    assert_true(t.find(ipid) != nullptr);
    assert_null(t.find(ipid, played::setup_iid));
    assert_null(t.find({}));
    assert_null(t.find("11111111-2222-3333-4444-555555555555"_guid));
}

void an_interface_asked_for_again_is_the_same_one(void**) {
    Table t;
    const auto ipid = t.one();
    const std::vector<ndr::Guid> iids{played::storage_iid, played::setup_iid};
    const auto more = t.table.query(ipid, iids, 1, t.now);
    assert_int_equal(more.result, kOk);
    assert_true(more.each[0].ipid == ipid);
    assert_true(more.each[1].ipid != ipid);
    assert_true(t.find(more.each[1].ipid, played::setup_iid) == t.find(ipid));
    // Its references are counted on top.
    assert_int_equal(t.release(ipid, 5), kOk);
    assert_true(t.find(ipid) != nullptr);
    assert_int_equal(t.release(ipid, 1), kOk);
    assert_null(t.find(ipid));
    assert_true(t.find(more.each[1].ipid, played::setup_iid) != nullptr);
    assert_story(t, {"made"});
}

void a_query_says_what_of_it_could_be_had(void**) {
    Table t;
    const auto ipid = t.one();
    const std::vector<ndr::Guid> some{played::setup_iid, played::newer_iid};
    const std::vector<ndr::Guid> none{played::newer_iid};
    assert_int_equal(t.table.query(ipid, some, 1, t.now).result, kFalse);
    assert_int_equal(t.table.query(ipid, none, 1, t.now).result, kNoInterface);
    assert_int_equal(t.table.query({}, some, 1, t.now).result, kInvalidObject);
    assert_true(t.table.query({}, some, 1, t.now).each.empty());
}

void the_last_release_runs_the_object_down(void**) {
    Table t;
    const auto ipid = t.one();
    assert_int_equal(t.release(ipid, 4), kOk);
    assert_story(t, {"made"});
    assert_int_equal(t.release(ipid, 1), kOk);
    assert_story(t, {"made", "run down", "destroyed"});
    assert_int_equal(t.ended.size(), 1);
    assert_int_equal(t.release(ipid, 1), kInvalidObject);
    assert_int_equal(t.table.size(), 0);
}

void more_than_there_is_releases_all(void**) {
    Table t;
    const auto ipid = t.one();
    assert_int_equal(t.release(ipid, 0xffffffff), kOk);
    assert_story(t, {"made", "run down", "destroyed"});
}

void private_references_are_those_of_their_holder(void**) {
    Table t;
    const auto ipid = t.one();
    assert_int_equal(t.table.add_references(ipid, 0, 2, anna.name, t.now), kOk);
    assert_int_equal(t.release(ipid, 5), kOk);
    assert_int_equal(t.release(ipid, 0, 2, bert.name), kOk); // has none
    assert_true(t.find(ipid) != nullptr);
    assert_int_equal(t.release(ipid, 0, 2), kOk);
    assert_story(t, {"made", "run down", "destroyed"});
}

void an_interface_without_references_keeps_no_object(void**) {
    Table t;
    const auto ipid = t.one();
    const std::vector<ndr::Guid> iids{played::setup_iid};
    const auto more = t.table.query(ipid, iids, 0, t.now);
    assert_int_equal(t.release(ipid, 5), kOk);
    assert_story(t, {"made", "run down", "destroyed"});
    assert_null(t.find(more.each[0].ipid, played::setup_iid));
}

void an_object_nothing_is_heard_of_for_three_periods_is_run_down(void**) {
    Table t;
    const auto silent = t.one();
    const auto called = t.one();
    const auto pinged = t.activate({played::storage_iid});
    t.now += 359s;
    t.table.expire(t.now);
    assert_int_equal(t.table.size(), 3);
    t.find(called);
    t.table.touch(pinged.oid, t.now);
    t.now += 1s;
    t.table.expire(t.now);
    t.loop.run();
    assert_int_equal(t.table.size(), 2);
    assert_null(t.find(silent));
    t.now += 359s;
    t.table.expire(t.now);
    t.loop.run();
    assert_int_equal(t.table.size(), 0);
    assert_int_equal(t.ended.size(), 3);
}

void an_object_that_is_run_down_is_not_found_and_stays_until_it_has_ended(void**) {
    Table t;
    t.factory.hold_rundown = true;
    const auto made = t.activate({played::storage_iid});
    t.release(made.each[0].ipid, 5);
    assert_story(t, {"made", "run down"});
    assert_null(t.find(made.each[0].ipid));
    assert_false(t.table.contains(made.oid));
    assert_int_equal(t.table.size(), 1);
    t.factory.rundowns.at(0)();
    assert_story(t, {"made", "run down"}); // not in the middle of its own function
    t.factory.rundowns.at(0)();            // nor twice
    t.loop.run();
    assert_story(t, {"made", "run down", "destroyed"});
}

void objects_are_limited_for_each_client_and_in_total(void**) {
    Table t({3, 2, 64});
    t.factory.hold_rundown = true;
    const auto first = t.one();
    t.one();
    const auto refused = t.activate({played::storage_iid});
    assert_int_equal(refused.result, kOutOfMemory);
    assert_true(refused.error.has_value());
    assert_contains(refused.error->message(), "client's limit of 2");
    t.one(bert);
    const auto full = t.activate({played::storage_iid}, bert);
    assert_int_equal(full.result, kOutOfMemory);
    assert_contains(full.error->message(), "limit of 3 objects");
    // One that is still being run down counts.
    t.release(first, 5);
    assert_int_equal(t.activate({played::storage_iid}).result, kOutOfMemory);
    t.factory.rundowns.at(0)();
    t.loop.run();
    assert_int_equal(t.activate({played::storage_iid}).result, kOk);
}

void holders_of_private_references_are_limited(void**) {
    Table t({10, 10, 1});
    const auto ipid = t.one();
    assert_int_equal(t.table.add_references(ipid, 0, 1, anna.name, t.now), kOk);
    assert_int_equal(t.table.add_references(ipid, 0, 1, anna.name, t.now), kOk);
    assert_int_equal(t.table.add_references(ipid, 1, 1, bert.name, t.now), kOutOfMemory);
    assert_int_equal(t.table.add_references({}, 1, 0, bert.name, t.now), kInvalidObject);
}

void a_class_that_fails_makes_no_object(void**) {
    Table t;
    t.factory.failure = Error{"reach", "mpapid", "it does not run"};
    const auto made = t.activate({played::storage_iid});
    assert_int_equal(made.result, kOutOfMemory);
    assert_text_equal(made.error->message(), "reach mpapid: it does not run");
    assert_int_equal(t.table.size(), 0);
}

void all_can_be_ended_at_once(void**) {
    Table t;
    bool done = false;
    t.table.end_all([&] { done = true; });
    assert_true(done);
    done = false;
    t.one();
    t.one(bert);
    t.table.end_all([&] { done = true; });
    assert_false(done);
    t.loop.run();
    assert_true(done);
    assert_int_equal(t.table.size(), 0);
}

void what_ends_after_the_table_is_gone_does_no_harm(void**) {
    played::Factory factory;
    played::Loop loop;
    factory.hold_rundown = true;
    {
        ObjectTable table({}, counting(), loop.later(), [](Oid) {});
        const std::vector<ndr::Guid> iids{played::storage_iid};
        const auto made =
            table.activate(factory, {anna, rpc::AuthLevel::Privacy, address}, iids, 1, {});
        table.release(made.each.at(0).ipid, 1, 0, anna.name, {});
    }
    factory.rundowns.at(0)();
    loop.run();
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_object_is_made_with_the_interfaces_that_it_has),
        cmocka_unit_test(no_object_is_made_without_an_interface_that_it_has),
        cmocka_unit_test(an_interface_is_found_by_its_ipid_and_as_itself_only),
        cmocka_unit_test(an_interface_asked_for_again_is_the_same_one),
        cmocka_unit_test(a_query_says_what_of_it_could_be_had),
        cmocka_unit_test(the_last_release_runs_the_object_down),
        cmocka_unit_test(more_than_there_is_releases_all),
        cmocka_unit_test(private_references_are_those_of_their_holder),
        cmocka_unit_test(an_interface_without_references_keeps_no_object),
        cmocka_unit_test(an_object_nothing_is_heard_of_for_three_periods_is_run_down),
        cmocka_unit_test(an_object_that_is_run_down_is_not_found_and_stays_until_it_has_ended),
        cmocka_unit_test(objects_are_limited_for_each_client_and_in_total),
        cmocka_unit_test(holders_of_private_references_are_limited),
        cmocka_unit_test(a_class_that_fails_makes_no_object),
        cmocka_unit_test(all_can_be_ended_at_once),
        cmocka_unit_test(what_ends_after_the_table_is_gone_does_no_harm),
    };
    return cmocka_run_group_tests_name("object table", tests, nullptr, nullptr);
}
