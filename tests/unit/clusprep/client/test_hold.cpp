// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A disk that is held, and what ends it.
#include "clusprep/client/hold.hpp"
#include "tests/unit/clusprep/client/played_remote.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>

using namespace mpapi;
using namespace mpapi::client;
using namespace std::chrono_literals;

namespace {

constexpr std::uint16_t is_online = csvp::CprepDiskIsOnline::opnum;

Failure silence() {
    return {Failure::Kind::Unreachable, "", "", 0, {"call RPC server", "", "", ETIMEDOUT}};
}

// Holds disk 0 online; at each wait the next thing happens, and after the last the user interrupts.
struct Holder : Desk {
    std::deque<std::function<void()>> then;
    std::vector<std::chrono::milliseconds> waits;

    int hold(const std::string& options = "") {
        const auto words = split_words("clusprep flow online n1 0 --hold " + options);
        assert_ok(words);
        std::vector<const char*> arguments;
        for (const std::string& word : *words)
            arguments.push_back(word.c_str());
        const Parsed parsed = parse(static_cast<int>(arguments.size()), arguments.data());
        assert_true(std::holds_alternative<Invocation>(parsed));
        const auto& invocation = std::get<Invocation>(parsed);
        Server server(remote, invocation.command.node, listener);
        assert_int_equal(perform(invocation, server, console, clock), exit_done);
        listener.calls.clear();
        return client::hold(invocation, server, console, clock,
                            [&](std::chrono::milliseconds limit) -> Result<bool> {
                                time += limit;
                                waits.push_back(limit);
                                if (then.empty()) return true;
                                const auto happens = std::move(then.front());
                                then.pop_front();
                                happens();
                                return false;
                            });
    }
    void silent() { remote.instead.emplace(is_online, silence()); }
};

void a_hold_asks_the_object_until_the_user_interrupts(void**) {
    Holder holder;
    holder.then = {[] {}, [] {}, [] {}};
    assert_int_equal(holder.hold(), exit_done);
    assert_text_equal(holder.listener.text(),
                      "CprepDiskIsOnline CprepDiskIsOnline CprepDiskIsOnline");
    assert_true(holder.waits == std::vector<std::chrono::milliseconds>({0s, 30s, 30s, 30s}));
    assert_text_equal(holder.err, "");
}

void a_node_that_has_forgotten_the_object_ends_it(void**) {
    Holder holder;
    holder.then = {[] {},
                   [&] {
                       holder.remote.instead.emplace(
                           is_online, Failure{Failure::Kind::Fault, "", "", 0x80010114, {}});
                   }};
    assert_int_equal(holder.hold(), exit_failed);
    assert_true(holder.err.starts_with("clusprep: n1: CprepDiskIsOnline: "));
    assert_true(holder.err.find("has forgotten our object") != std::string::npos);
    assert_true(holder.err.ends_with("the node does not keep the disk any more: do not write to it "
                                     "before it is taken again\n"));
}

void a_node_where_nobody_serves_any_more_ends_it(void**) {
    Holder holder;
    holder.then = {[] {},
                   [&] {
                       holder.remote.instead.emplace(
                           is_online, Failure{Failure::Kind::Unreachable,
                                              "",
                                              "",
                                              0,
                                              {"connect", "n1:50000", "", ECONNREFUSED}});
                   }};
    assert_int_equal(holder.hold(), exit_unreachable);
    assert_true(holder.err.find("Connection refused") != std::string::npos);
    assert_true(holder.err.find("does not keep the disk any more") != std::string::npos);
}

void a_disk_that_went_offline_ends_it(void**) {
    Holder holder;
    holder.then = {[] {}, [&] { holder.node.luns[0].state.online = false; }};
    assert_int_equal(holder.hold(), exit_failed);
    assert_true(holder.err.find("ERROR_NOT_READY") != std::string::npos);
}

void a_short_silence_is_told_and_waited_for(void**) {
    Holder holder;
    holder.then = {[] {}, [&] { holder.silent(); }, [&] { holder.silent(); }, [] {}, [] {}};
    assert_int_equal(holder.hold(), exit_done);
    assert_true(holder.waits ==
                std::vector<std::chrono::milliseconds>({0s, 30s, 5s, 5s, 30s, 30s}));
    const std::string again = "the node answers again, and still keeps the disk\n";
    assert_true(holder.err.starts_with("clusprep: n1: CprepDiskIsOnline: "));
    assert_true(holder.err.ends_with(again));
    assert_int_equal(std::count(holder.err.begin(), holder.err.end(), '\n'), 3); // said once
}

void a_silence_of_three_pings_ends_it(void**) {
    Holder holder;
    for (int i = 0; i < 100; ++i)
        holder.then.emplace_back([&] { holder.silent(); });
    assert_int_equal(holder.hold(), exit_unreachable);
    std::chrono::milliseconds waited{0};
    for (const auto each : holder.waits)
        waited += each;
    assert_true(waited >= 355s && waited <= 365s);
    assert_true(holder.err.find("does not keep the disk any more") != std::string::npos);
}

void programs_get_nothing_but_the_failure(void**) {
    Holder holder;
    holder.then = {[&] { holder.silent(); },
                   [&] {
                       holder.remote.instead.emplace(
                           is_online, Failure{Failure::Kind::Fault, "", "", 0x80010108, {}});
                   }};
    assert_int_equal(holder.hold("--json"), exit_failed);
    assert_true(holder.err.starts_with("{\"schema\":\"clusprep-1\",\"command\":\"flow online\","
                                       "\"error\":\"fault\","));
    assert_int_equal(std::count(holder.err.begin(), holder.err.end(), '\n'), 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_asks_the_object_until_the_user_interrupts),
        cmocka_unit_test(a_node_that_has_forgotten_the_object_ends_it),
        cmocka_unit_test(a_node_where_nobody_serves_any_more_ends_it),
        cmocka_unit_test(a_disk_that_went_offline_ends_it),
        cmocka_unit_test(a_short_silence_is_told_and_waited_for),
        cmocka_unit_test(a_silence_of_three_pings_ends_it),
        cmocka_unit_test(programs_get_nothing_but_the_failure),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
