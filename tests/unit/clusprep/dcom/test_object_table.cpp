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
const rpc::PeerAddress home = "192.0.2.1";
const rpc::PeerAddress away = "192.0.2.2";

struct Table {
    played::Factory factory;
    played::Loop loop;
    std::vector<Oid> ended;
    Ending how{};
    std::vector<std::string> used_by_another;
    Time now{1000s};
    ObjectTable table;

    explicit Table(const ObjectLimits& limits = {})
      : table(limits, counting(), loop.later(),
              {[this](const KnownObject& object, Ending why) {
                   assert_true(object.clsid == played::storage_class);
                   ended.push_back(object.oid);
                   how = why;
               },
               [this](const Caller& caller, const KnownObject& object) {
                   used_by_another.push_back(caller.principal.name + " " + object.client);
               }}) {}

    ObjectTable::Interfaces activate(const std::vector<ndr::Guid>& iids,
                                     const rpc::Principal& who = anna,
                                     const rpc::PeerAddress& from = home) {
        const Caller caller{who, rpc::AuthLevel::Privacy, from};
        return table.activate(played::storage_class, factory, caller, iids, 5, now);
    }
    ndr::Guid one(const rpc::Principal& who = anna) {
        const auto made = activate({played::storage_iid}, who);
        assert_int_equal(made.result, kOk);
        return made.each.at(0).ipid;
    }
    HResult release(const ndr::Guid& ipid, std::uint32_t open, std::uint32_t secure = 0,
                    const rpc::Principal& who = anna) {
        const Caller caller{who, rpc::AuthLevel::Privacy, home};
        const HResult result = table.release(ipid, open, secure, caller, now);
        loop.run();
        return result;
    }
    Object* find(const ndr::Guid& ipid, const ndr::Guid& iid = played::storage_iid,
                 const rpc::Principal& who = anna) {
        return table.find(ipid, iid, {who, rpc::AuthLevel::Privacy, home}, now);
    }
    ObjectTable::Interfaces query(const ndr::Guid& ipid, const std::vector<ndr::Guid>& iids,
                                  std::uint32_t references, const rpc::Principal& who = anna) {
        const Caller caller{who, rpc::AuthLevel::Privacy, home};
        return table.query(ipid, iids, references, caller, now);
    }
    HResult add(const ndr::Guid& ipid, std::uint32_t open, std::uint32_t secure,
                const rpc::Principal& who = anna) {
        const Caller caller{who, rpc::AuthLevel::Privacy, home};
        return table.add_references(ipid, open, secure, caller, now);
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
    const auto more = t.query(ipid, iids, 1);
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
    assert_int_equal(t.query(ipid, some, 1).result, kFalse);
    assert_int_equal(t.query(ipid, none, 1).result, kNoInterface);
    assert_int_equal(t.query({}, some, 1).result, kInvalidObject);
    assert_true(t.query({}, some, 1).each.empty());
}

void the_last_release_runs_the_object_down(void**) {
    Table t;
    const auto ipid = t.one();
    assert_int_equal(t.release(ipid, 4), kOk);
    assert_story(t, {"made"});
    assert_int_equal(t.release(ipid, 1), kOk);
    assert_story(t, {"made", "run down", "destroyed"});
    assert_int_equal(t.ended.size(), 1);
    assert_int_equal(t.how, Ending::Released);
    assert_int_equal(t.release(ipid, 1), kInvalidObject);
    assert_int_equal(t.table.size(), 0);
}

void more_than_there_is_releases_all(void**) {
    Table t;
    const auto ipid = t.one();
    assert_int_equal(t.release(ipid, 0xffffffff), kOk);
    assert_story(t, {"made", "run down", "destroyed"});
}

void private_references_keep_it_like_public_ones(void**) {
    Table t;
    const auto ipid = t.one();
    assert_int_equal(t.add(ipid, 1, 2), kOk);
    assert_int_equal(t.release(ipid, 6), kOk);
    assert_true(t.find(ipid) != nullptr);
    assert_int_equal(t.release(ipid, 0, 2), kOk);
    assert_story(t, {"made", "run down", "destroyed"});
    assert_int_equal(t.add(ipid, 1, 0), kInvalidObject);
}

void to_another_client_an_object_is_not_there_and_the_attempt_is_told(void**) {
    Table t;
    const auto ipid = t.one();
    assert_null(t.find(ipid, played::storage_iid, bert));
    assert_int_equal(t.query(ipid, {played::setup_iid}, 1, bert).result, kInvalidObject);
    assert_int_equal(t.add(ipid, 1, 1, bert), kInvalidObject);
    assert_int_equal(t.release(ipid, 1000000, 1000000, bert), kInvalidObject);
    assert_int_equal(t.used_by_another.size(), 4);
    assert_text_equal(t.used_by_another.front(), "DOMAIN\\bert DOMAIN\\anna");
    assert_story(t, {"made"});
    assert_true(t.find(ipid) != nullptr);
    // It is no sign of life either.
    t.now += 359s;
    t.find(ipid, played::storage_iid, bert);
    t.now += 1s;
    t.table.expire(t.now);
    t.loop.run();
    assert_story(t, {"made", "run down", "destroyed"});
    // What is nobody's is no news.
    t.used_by_another.clear();
    assert_null(t.find(ipid, played::storage_iid, bert));
    assert_true(t.used_by_another.empty());
}

void an_account_is_the_same_by_whichever_mechanism(void**) {
    Table t;
    const std::string sid = "S-1-5-21-1-2-3-1107", group = "S-1-5-21-1-2-3-513";
    const auto ipid = t.one({"DOMAIN\\anna", {sid, group}, rpc::AuthType::Ntlm});
    const auto found = [&](const rpc::Principal& who) {
        return t.find(ipid, played::storage_iid, who) != nullptr;
    };
    assert_true(found({"anna@REALM", {sid, group}, rpc::AuthType::Kerberos}));
    assert_false(found({"bert@REALM", {"S-1-5-21-1-2-3-1108", group}, rpc::AuthType::Kerberos}));
    assert_false(found({"anna@REALM", {}, rpc::AuthType::Kerberos}));
    const auto local = t.one({"NODE1\\anna", {"S-1-5-32-544"}, rpc::AuthType::Ntlm});
    assert_null(t.find(local, played::storage_iid, {"NODE1\\bert", {"S-1-5-32-544"}, {}}));
}

void an_interface_without_references_keeps_no_object(void**) {
    Table t;
    const auto ipid = t.one();
    const std::vector<ndr::Guid> iids{played::setup_iid};
    const auto more = t.query(ipid, iids, 0);
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
    assert_int_equal(t.how, Ending::Silent);
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

void objects_are_limited_for_each_client_each_address_and_in_total(void**) {
    Table t({4, 2, 3});
    t.factory.hold_rundown = true;
    const auto first = t.one();
    t.one();
    const auto refused = t.activate({played::storage_iid});
    assert_int_equal(refused.result, kOutOfMemory);
    assert_true(refused.error.has_value());
    assert_contains(refused.error->message(), "limit of 2 objects of this client");
    t.one(bert);
    const auto crowded = t.activate({played::storage_iid}, bert);
    assert_int_equal(crowded.result, kOutOfMemory);
    assert_contains(crowded.error->message(), "limit of 3 objects of this address");
    assert_int_equal(t.activate({played::storage_iid}, bert, away).result, kOk);
    const auto full = t.activate({played::storage_iid}, {"DOMAIN\\carl", {}, {}}, away);
    assert_int_equal(full.result, kOutOfMemory);
    assert_contains(full.error->message(), "limit of 4 objects of all clients");
    // One that is still being run down counts.
    t.release(first, 5);
    assert_int_equal(t.activate({played::storage_iid}).result, kOutOfMemory);
    t.factory.rundowns.at(0)();
    t.loop.run();
    assert_int_equal(t.activate({played::storage_iid}).result, kOk);
}

void two_hundred_clients_of_one_account_on_one_host_are_not_too_many(void**) {
    Table t;
    for (int i = 0; i < 200; ++i)
        assert_int_equal(t.activate({played::storage_iid}).result, kOk);
    // Nor are as many again, for those that were killed stay for three ping periods.
    for (int i = 0; i < 200; ++i)
        assert_int_equal(t.activate({played::storage_iid}).result, kOk);
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
    assert_int_equal(t.how, Ending::Stopped);
}

void what_ends_after_the_table_is_gone_does_no_harm(void**) {
    played::Factory factory;
    played::Loop loop;
    factory.hold_rundown = true;
    {
        ObjectTable table({}, counting(), loop.later(), {[](const KnownObject&, Ending) {}, {}});
        const Caller caller{anna, rpc::AuthLevel::Privacy, home};
        const std::vector<ndr::Guid> iids{played::storage_iid};
        const auto made = table.activate(played::storage_class, factory, caller, iids, 1, {});
        table.release(made.each.at(0).ipid, 1, 0, caller, {});
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
        cmocka_unit_test(private_references_keep_it_like_public_ones),
        cmocka_unit_test(to_another_client_an_object_is_not_there_and_the_attempt_is_told),
        cmocka_unit_test(an_account_is_the_same_by_whichever_mechanism),
        cmocka_unit_test(an_interface_without_references_keeps_no_object),
        cmocka_unit_test(an_object_nothing_is_heard_of_for_three_periods_is_run_down),
        cmocka_unit_test(an_object_that_is_run_down_is_not_found_and_stays_until_it_has_ended),
        cmocka_unit_test(objects_are_limited_for_each_client_each_address_and_in_total),
        cmocka_unit_test(two_hundred_clients_of_one_account_on_one_host_are_not_too_many),
        cmocka_unit_test(a_class_that_fails_makes_no_object),
        cmocka_unit_test(all_can_be_ended_at_once),
        cmocka_unit_test(what_ends_after_the_table_is_gone_does_no_harm),
    };
    return cmocka_run_group_tests_name("object table", tests, nullptr, nullptr);
}
