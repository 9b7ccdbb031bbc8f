// SPDX-License-Identifier: LGPL-2.1-or-later
#include "discovery/search/searches.hpp"

#include "discovery/network/ipv4.hpp"
#include "discovery/wire/messages.hpp"

#include "../../cmocka.hpp"

#include <cerrno>

using namespace mpapi;
using namespace mpapi::discovery;
using namespace std::chrono_literals;

namespace {

// Time, the network's answers, and what an observer was told, as one text.
class World final : private SearchObserver {
  public:
    World() { searches.set_observer(this); }

    std::uint64_t begin(const char* interface = "", std::chrono::milliseconds timeout = 3s) {
        const auto number = searches.begin({interface, timeout, 1000}, [this](
                                                                           const std::string& on) {
            told += "ask(" + on + ") ";
            return reachable ? Status(Done{}) : Status(Error{"send", "mail", "no way", ENETDOWN});
        });
        assert_ok(number);
        return *number;
    }
    Outcome answer(const char* name, std::uint32_t from = 0x0a000002, int on = 0) {
        const auto message = make_answer(name);
        assert_ok(message);
        return searches.take({from,
                              2,
                              Datagram::Type::DirectUnique,
                              workstation_name("US"),
                              {std::string(kDiscovererMailslot), *message}},
                             interfaces[on], false);
    }
    void later(std::chrono::milliseconds time) {
        now += time;
        real += time;
        if (due && now >= *due) searches.pass();
    }
    std::string took() { return std::exchange(told, ""); }
    Search::State state(std::uint64_t number) { return searches.find(number)->state; }

    bool reachable = true;
    Searches::Time now{1h};
    std::chrono::system_clock::time_point real{1000h};
    std::optional<Searches::Time> due;
    Interface interfaces[2]{{2, "eth0", true, false, {{0x0a000001, 24}}},
                            {3, "eth1", true, false, {{0x0a000101, 24}}}};
    std::string told;
    Searches searches{{[this] { return now; }, [this] { return real; }}};

  private:
    void search_added(const Search& s) override { told += "+" + std::to_string(s.number) + " "; }
    void search_changed(const Search& s) override {
        if (s.state != Search::State::Running)
            told += std::to_string(s.number) + ":" + name_of(s.state) + " ";
    }
    void search_removed(const Search& s) override { told += "-" + std::to_string(s.number) + " "; }
    void server_answered(const Search& s, const Server& server) override {
        told += std::to_string(s.number) + "<" + server.name + "," + ipv4_text(server.address) +
                "," + server.interface + "," + std::to_string(server.took.count()) + "> ";
    }
    void server_added(const Server& server) override { told += "added " + server.name + " "; }
    void server_moved(const Server& server) override { told += "moved " + server.name + " "; }
    void server_gone(const Server& server) override { told += "gone " + server.name + " "; }
    void due_at(std::optional<Searches::Time> when) override { due = when; }
};

void each_server_is_told_once_with_address_interface_and_time(void**) {
    World world;
    world.begin();
    world.later(2ms);
    assert_true(world.answer("node1.example.org") == Outcome::Heard);
    assert_true(world.answer("NODE1.example.org", 0x0a000102, 1) == Outcome::Heard);
    assert_text_equal(world.took(), "+1 ask() 1<node1.example.org,10.0.0.2,eth0,2000> "
                                    "added node1.example.org ");
    assert_int_equal(world.searches.collection().size(), 1);
    assert_int_equal(world.searches.find(1)->found, 1);
}

void a_search_ends_when_its_time_is_over(void**) {
    World world;
    world.begin("", 3s);
    world.later(2999ms);
    assert_true(world.state(1) == Search::State::Running);
    world.later(1ms);
    assert_true(world.state(1) == Search::State::Done);
    assert_true(world.answer("late") == Outcome::Unasked);
}

void what_nobody_asked_for_is_not_taken(void**) {
    World world;
    assert_true(world.answer("node1") == Outcome::Unasked);
    world.begin("eth1");
    assert_true(world.answer("node1") == Outcome::Unasked); // on eth0
    assert_int_equal(world.searches.collection().size(), 0);
    assert_true(world.answer("node1", 0x0a000102, 1) == Outcome::Heard);
}

void who_is_no_neighbour_is_not_heard(void**) {
    World world;
    world.begin();
    assert_true(world.answer("node1", 0x0b000002) == Outcome::Foreign);
}

void answers_are_verified_as_the_specification_says(void**) {
    World world;
    world.begin();
    Mail mail{0x0a000002, 2, Datagram::Type::DirectUnique, {}, {"", Octets(259)}};
    assert_true(world.searches.take(mail, world.interfaces[0], false) == Outcome::Size);
    mail.write.data.push_back(0);
    assert_true(world.searches.take(mail, world.interfaces[0], false) == Outcome::Version);
    mail.write.data[0] = 1;
    assert_true(world.searches.take(mail, world.interfaces[0], false) == Outcome::Name);
}

void one_source_has_sixteen_names(void**) {
    World world;
    world.begin();
    for (int i = 0; i < 16; ++i)
        assert_true(world.answer(("n" + std::to_string(i)).c_str()) == Outcome::Heard);
    assert_true(world.answer("n16") == Outcome::Limited);
    assert_true(world.answer("n3") == Outcome::Heard); // known
    assert_true(world.answer("n16", 0x0a000003) == Outcome::Heard);
}

void a_question_that_could_not_be_sent_fails_the_search(void**) {
    World world;
    world.reachable = false;
    world.begin();
    assert_true(world.state(1) == Search::State::Failed);
    assert_contains(world.searches.find(1)->message, "no way");
    assert_text_equal(world.took(), "+1 ask() 1:failed ");
}

void its_owner_and_root_may_cancel_a_search(void**) {
    World world;
    world.begin();
    assert_int_equal(world.searches.cancel(1, 7).error().errnum, EACCES);
    assert_int_equal(world.searches.cancel(2, 0).error().errnum, ENOENT);
    assert_ok(world.searches.cancel(1, 1000));
    assert_true(world.state(1) == Search::State::Canceled);
    assert_ok(world.searches.cancel(1, 0)); // it stays as it ended
    assert_true(world.state(1) == Search::State::Canceled);
}

void searches_at_a_time_are_bounded(void**) {
    World world;
    for (std::size_t i = 0; i < Searches::kMostRunning; ++i)
        world.begin();
    const auto more = world.searches.begin({}, [](const std::string&) { return Status(Done{}); });
    assert_false(more.has_value());
    assert_int_equal(more.error().errnum, EBUSY);
}

void what_has_ended_is_forgotten_after_ten_minutes(void**) {
    World world;
    world.begin();
    world.later(3s);
    world.later(10min - 1ms);
    assert_non_null(world.searches.find(1));
    world.later(1ms);
    assert_null(world.searches.find(1));
    assert_false(world.due.has_value());
}

void what_has_ended_makes_room_for_newer_ones(void**) {
    World world;
    for (int i = 0; i < 200; ++i) {
        world.begin("", 100ms);
        world.later(100ms);
    }
    std::size_t count = 0;
    world.searches.for_each([&](const Search&) { ++count; });
    assert_in_range(count, Searches::kMostNewer, Searches::kMostNewer + 1);
}

void who_misses_three_searches_leaves_the_collection(void**) {
    World world;
    const auto search = [&](bool both, const char* on = "") {
        world.begin(on);
        world.later(1ms);
        world.answer("stays");
        if (both) world.answer("leaves", 0x0a000003);
        world.later(3s);
        return world.took();
    };
    search(true);
    search(false);
    search(false, "eth1"); // he is not there: nobody missed him
    search(true);
    search(false);
    search(false);
    assert_int_equal(world.searches.collection().size(), 2);
    assert_contains(search(false), "gone leaves");
    assert_int_equal(world.searches.collection().size(), 1);
}

void a_wall_clock_that_is_set_keeps_nobody_and_loses_nobody(void**) {
    World world;
    world.begin();
    world.answer("stays");
    world.answer("leaves", 0x0a000003);
    world.later(3s);
    for (int i = 0; i < 3; ++i) {
        world.begin();
        world.answer("stays");
        world.real -= 24h; // within a search and between two
        world.later(3s);
    }
    assert_contains(world.took(), "gone leaves");
    assert_int_equal(world.searches.collection().size(), 1);
    assert_text_equal(world.searches.collection().servers()[0].name, "stays");
}

void a_server_with_another_address_has_moved(void**) {
    World world;
    world.begin();
    world.answer("node1");
    world.later(3s);
    world.took();
    world.begin();
    world.answer("node1", 0x0a000009);
    assert_contains(world.took(), "moved node1");
    assert_int_equal(world.searches.collection().servers()[0].address, 0x0a000009);
}

void the_collection_is_bounded(void**) {
    Collection collection(2);
    const auto add = [&](const char* name, int hour) {
        return collection.add({name, 1, "eth0", 0us, {}}, Collection::Time(1h * hour));
    };
    add("a", 2);
    add("b", 1);
    const auto change = add("c", 3);
    assert_true(change.news == Collection::News::Added);
    assert_true(change.gone.has_value());
    assert_text_equal(change.gone->name, "b");
    assert_int_equal(collection.size(), 2);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_server_is_told_once_with_address_interface_and_time),
        cmocka_unit_test(a_search_ends_when_its_time_is_over),
        cmocka_unit_test(what_nobody_asked_for_is_not_taken),
        cmocka_unit_test(who_is_no_neighbour_is_not_heard),
        cmocka_unit_test(answers_are_verified_as_the_specification_says),
        cmocka_unit_test(one_source_has_sixteen_names),
        cmocka_unit_test(a_question_that_could_not_be_sent_fails_the_search),
        cmocka_unit_test(its_owner_and_root_may_cancel_a_search),
        cmocka_unit_test(searches_at_a_time_are_bounded),
        cmocka_unit_test(what_has_ended_is_forgotten_after_ten_minutes),
        cmocka_unit_test(what_has_ended_makes_room_for_newer_ones),
        cmocka_unit_test(who_misses_three_searches_leaves_the_collection),
        cmocka_unit_test(a_wall_clock_that_is_set_keeps_nobody_and_loses_nobody),
        cmocka_unit_test(a_server_with_another_address_has_moved),
        cmocka_unit_test(the_collection_is_bounded),
    };
    return cmocka_run_group_tests_name("searches", tests, nullptr, nullptr);
}
