// SPDX-License-Identifier: LGPL-2.1-or-later
//
// IClusterNetwork2, IClusterFirewall, IClusterCleanup, IClusterSetup, IClusterLog.
#include "clusprep/interfaces/adapter_list.hpp"
#include "clusprep/interfaces/cluster_cleanup.hpp"
#include "clusprep/interfaces/cluster_firewall.hpp"
#include "clusprep/interfaces/cluster_log.hpp"
#include "clusprep/interfaces/cluster_network2.hpp"
#include "clusprep/interfaces/cluster_setup.hpp"
#include "clusprep/interfaces/cluster_storage2.hpp"
#include "clusprep/interfaces/ip_text.hpp"
#include "tests/unit/clusprep/interfaces/called.hpp"

using namespace mpapi;
using namespace mpapi::csvp;

namespace {

struct Stage {
    PlayedNode node;
    std::vector<EndedCall> told;
    Machine machine{node, reporting()};

    Options reporting() {
        Options options;
        options.report = [this](const EndedCall& call) { told.push_back(call); };
        return options;
    }

    void fails(const char* operation) {
        node.failures[operation] = {Hresult::AccessDenied, {operation, "", "as played"}};
    }
};

SendRTMessage::In message(std::u16string_view from, std::u16string_view to,
                          std::uint16_t family = 2, std::uint32_t timeout = 500) {
    SendRTMessage::In in;
    in.source = ndr::Bstr(from);
    in.destination = ndr::Bstr(to);
    in.family = family;
    in.timeout = timeout;
    return in;
}

void initializing_tells_port_and_versions(void**) {
    Stage stage;
    Called<ClusterNetwork2> network(stage.machine);
    auto out = network.call<InitializeNode>({0});
    assert_result(out.result, Hresult::Ok);
    assert_int_equal(out.port, 3343);
    assert_int_equal(out.major_version, 6);
    assert_int_equal(out.minor_version, 1);
    assert_int_equal(out.clusprep_version, 3);
    assert_int_equal(network.call<InitializeNode>({5000}).port, 5000);
}

void two_methods_need_an_initialized_node_and_two_do_not(void**) {
    Stage stage;
    Called<ClusterNetwork2> network(stage.machine);
    const auto in = message(u"192.0.2.10", u"192.0.2.11");
    for (int round = 0; round < 2; ++round) {
        assert_result(network.call<SendRTMessage>(in).result, Hresult::InvalidServerState);
        assert_result(network.call<CleanupNode>().result, Hresult::InvalidServerState);
        assert_true(stage.node.echoes.empty());
        assert_result(network.call<GetIpConfigSerialized>().result, Hresult::Ok);
        assert_result(network.call<QueryFirewallConfiguration>().result, Hresult::Ok);
        network.call<InitializeNode>();
        assert_result(network.call<SendRTMessage>(in).result, Hresult::Ok);
        assert_result(network.call<CleanupNode>().result, Hresult::Ok);
        stage.node.echoes.clear();
    }
}

void a_round_trip_is_an_echo_of_a_second_at_most(void**) {
    Stage stage;
    Called<ClusterNetwork2> network(stage.machine);
    network.call<InitializeNode>();
    const auto out = network.call<SendRTMessage>(message(u"192.0.2.10", u"192.0.2.11"));
    assert_result(out.result, Hresult::Ok);
    assert_int_equal(out.elapsed, 7);
    assert_text_equal(text(stage.node.echoes[0].first), "192.0.2.10");
    assert_text_equal(text(stage.node.echoes[0].second), "192.0.2.11");
    assert_int_equal(stage.node.echo_limit.count(), 500);
    network.call<SendRTMessage>(message(u"fe80::1%2", u"fe80::2%2", 0x17, 5000));
    assert_text_equal(text(stage.node.echoes[1].second), "fe80::2%2");
    assert_int_equal(stage.node.echo_limit.count(), 1000);
    network.call<SendRTMessage>(message(u"192.0.2.10", u"192.0.2.11", 2, 0));
    assert_int_equal(stage.node.echo_limit.count(), 1000);
    stage.node.failures["echo"] = {Hresult::Timeout, {"echo", "192.0.2.11", "no answer"}};
    const auto late = network.call<SendRTMessage>(message(u"192.0.2.10", u"192.0.2.11"));
    assert_result(late.result, Hresult::Timeout);
    assert_int_equal(late.elapsed, 0);
}

void a_round_trip_between_what_are_no_addresses_is_refused(void**) {
    Stage stage;
    Called<ClusterNetwork2> network(stage.machine);
    network.call<InitializeNode>();
    for (const auto& in : {message(u"192.0.2.10", u"::1"), message(u"::1", u"192.0.2.10"),
                           message(u"192.0.2.10", u"192.0.2.11", 0x17),
                           message(u"::1", u"::1", 10), // AF_INET6 of Linux
                           message(u"", u"192.0.2.11"), SendRTMessage::In()})
        assert_result(network.call<SendRTMessage>(in).result, Hresult::InvalidParameter);
    assert_true(stage.node.echoes.empty());
}

void adapters_come_filtered_or_all(void**) {
    Stage stage;
    Called<ClusterNetwork2> network(stage.machine);
    const auto count = [&](int filter) {
        const auto out = network.call<GetIpConfigSerialized>({static_cast<std::int8_t>(filter)});
        assert_result(out.result, Hresult::Ok);
        assert_int_equal(out.size, out.data.bytes().size());
        const auto list = decode_adapter_list(out.data.bytes());
        assert_ok(list);
        assert_text_equal(list->server_name, "node1.example.com");
        return list->adapters.size();
    };
    assert_int_equal(count(0), 3);
    assert_int_equal(count(1), 2);
    assert_int_equal(count(-1), 2);
    stage.fails("full_name");
    const auto out = network.call<GetIpConfigSerialized>();
    assert_result(out.result, Hresult::AccessDenied);
    assert_true(out.data.is_null());
    assert_int_equal(out.size, 0);
}

void the_host_s_firewall_is_two_flags(void**) {
    Stage stage;
    Called<ClusterNetwork2> network(stage.machine);
    auto out = network.call<QueryFirewallConfiguration>();
    assert_int_equal(out.server_rules_enabled, 1);
    assert_int_equal(out.management_rules_enabled, 0);
    stage.fails("host_firewall");
    out = network.call<QueryFirewallConfiguration>();
    assert_result(out.result, Hresult::AccessDenied);
    assert_int_equal(out.server_rules_enabled, 0);
}

void firewalls_are_asked_for_after_initializing_and_within_bounds(void**) {
    Stage stage;
    Called<ClusterFirewall> firewall(stage.machine);
    assert_result(firewall.call<GetNextAdapterFirewallConfiguration>({0}).result,
                  Hresult::Unexpected);
    assert_int_equal(firewall.call<InitializeAdapterConfiguration>().adapters, 3);
    const auto lan = firewall.call<GetNextAdapterFirewallConfiguration>({0});
    assert_result(lan.result, Hresult::Ok);
    assert_true(lan.adapter == stage.node.adapter_table[0].ids[0]);
    assert_int_equal(lan.profile, NetworkProfile::Public);
    assert_int_equal(lan.server_rules_enabled, 0);
    assert_int_equal(lan.management_rules_enabled, 1);
    assert_int_equal(lan.common_rules_enabled, 1);
    assert_int_equal(firewall.call<GetNextAdapterFirewallConfiguration>({1}).profile,
                     NetworkProfile::Private);
    assert_int_equal(firewall.call<GetNextAdapterFirewallConfiguration>({2}).profile,
                     NetworkProfile::DomainAuthenticated);
    for (const std::uint32_t index : {3u, 0xffffffffu})
        assert_result(firewall.call<GetNextAdapterFirewallConfiguration>({index}).result,
                      Hresult::InvalidParameter);
}

void the_firewalls_are_those_of_when_it_was_initialized(void**) {
    Stage stage;
    Called<ClusterFirewall> one(stage.machine), other(stage.machine);
    one.call<InitializeAdapterConfiguration>();
    stage.node.firewall_table.resize(1);
    assert_result(one.call<GetNextAdapterFirewallConfiguration>({2}).result, Hresult::Ok);
    assert_result(other.call<GetNextAdapterFirewallConfiguration>({0}).result, Hresult::Unexpected);
    assert_int_equal(one.call<InitializeAdapterConfiguration>().adapters, 1);
    assert_result(one.call<GetNextAdapterFirewallConfiguration>({1}).result,
                  Hresult::InvalidParameter);
    stage.fails("adapter_firewalls");
    assert_result(one.call<InitializeAdapterConfiguration>().result, Hresult::AccessDenied);
    assert_result(one.call<GetNextAdapterFirewallConfiguration>({0}).result, Hresult::Unexpected);
}

void an_evicted_node_is_cleaned_up_as_ordered(void**) {
    Stage stage;
    Called<ClusterCleanup> cleanup(stage.machine);
    const auto order = [&](std::uint32_t flags) {
        stage.node.cleanup_order.reset();
        assert_result(cleanup.call<CleanUpEvictedNode>({1000, 60000, flags}).result, Hresult::Ok);
        assert_true(stage.node.cleanup_order.has_value());
        return *stage.node.cleanup_order;
    };
    using namespace std::chrono_literals;
    assert_true(order(0) == (CleanupOrder{1s, 60s, true, true}));
    assert_true(order(1) == (CleanupOrder{1s, 60s, false, false}));
    assert_true(order(2) == (CleanupOrder{1s, 60s, true, false}));
    assert_true(order(3) == (CleanupOrder{1s, 60s, false, false}));
    stage.node.cleanup_order.reset();
    assert_result(cleanup.call<CleanUpEvictedNode>({0, 0, 4}).result, Hresult::InvalidParameter);
    assert_false(stage.node.cleanup_order.has_value());
    assert_result(cleanup.call<CleanUpEvictedNode>({0xffffffff, 0xffffffff, 0}).result,
                  Hresult::Ok);
    assert_int_equal(stage.node.cleanup_order->delay.count(), 0xffffffff);
    stage.node.failures["clean_up"] = {Hresult::WaitTimeout, {"clean up", "", "goes on"}};
    assert_result(cleanup.call<CleanUpEvictedNode>({1000, 1, 0}).result, Hresult::WaitTimeout);
}

void reservations_are_cleared_by_the_numbers_in_use(void**) {
    Stage stage;
    Called<ClusterCleanup> cleanup(stage.machine);
    assert_result(cleanup.call<ClearPR>({0}).result, Hresult::InvalidServerState);
    {
        Called<ClusterStorage2> storage(stage.machine);
        storage.call<CprepPrepareNode>();
        storage.call<CprepPrepareNodePhase2>();
        std::swap(stage.node.luns[0], stage.node.luns[1]); // a new order changes no number
        assert_result(cleanup.call<ClearPR>({0}).result, Hresult::Ok);
        assert_text_equal(stage.node.calls.back(), "register_and_clear lun0");
        assert_result(cleanup.call<ClearPR>({3}).result, Hresult::FileNotFound);
        stage.node.luns[2].disk.flags |= DiskPageFile;
        assert_result(cleanup.call<ClearPR>({2}).result, Hresult::AccessDenied);
        stage.node.luns.erase(stage.node.luns.begin());
        assert_result(cleanup.call<ClearPR>({1}).result, Hresult::FileNotFound); // missing
        assert_int_equal(stage.node.calls.size(), 1);
        stage.node.failures["register_and_clear"] = {Hresult::Busy, {"clear", "", "conflict"}};
        assert_result(cleanup.call<ClearPR>({0}).result, Hresult::Busy);
    }
    // With the last session the numbers are gone.
    assert_result(cleanup.call<ClearPR>({0}).result, Hresult::InvalidServerState);
}

void the_secret_is_any_bytes(void**) {
    Stage stage;
    Called<ClusterSetup> setup(stage.machine);
    const auto none = setup.call<RetrieveSvcSecret>();
    assert_result(none.result, Hresult::FileNotFound);
    assert_true(none.secret.is_null());
    for (const std::vector<std::uint8_t>& secret :
         {std::vector<std::uint8_t>{0, 1, 0}, std::vector<std::uint8_t>{},
          std::vector<std::uint8_t>(70001, 0xff)}) {
        ConfigSvcSecret::In in;
        in.secret = ndr::Bstr::from_bytes(secret);
        assert_result(setup.call<ConfigSvcSecret>(in).result, Hresult::Ok);
        Called<ClusterSetup> another(stage.machine);
        const auto out = another.call<RetrieveSvcSecret>();
        assert_result(out.result, Hresult::Ok);
        assert_false(out.secret.is_null()); // empty is not unset
        assert_true(out.secret.bytes() == secret);
    }
    assert_result(setup.call<ConfigSvcSecret>().result, Hresult::Ok); // null: empty
    assert_true(stage.node.stored_secret == std::vector<std::uint8_t>());
    stage.fails("store");
    assert_result(setup.call<ConfigSvcSecret>().result, Hresult::AccessDenied);
}

void who_sets_and_who_gets_the_secret_is_told_and_never_what_it_is(void**) {
    Stage stage;
    Called<ClusterSetup> setup(stage.machine);
    ConfigSvcSecret::In in;
    in.secret = ndr::Bstr(std::u16string_view(u"hush"));
    setup.call<ConfigSvcSecret>(in);
    setup.call<RetrieveSvcSecret>();
    setup.call<RetrieveHostLabel>();
    assert_int_equal(stage.told.size(), 2);
    assert_text_equal(stage.told[0].method, "ConfigSvcSecret");
    assert_text_equal(stage.told[1].method, "RetrieveSvcSecret");
    for (const auto& call : stage.told) {
        assert_text_equal(call.user, "EXAMPLE\\admin");
        assert_text_equal(call.subject, "");
        assert_result(call.code, Hresult::Ok);
    }
}

void the_host_s_label_is_the_first_one(void**) {
    Stage stage;
    Called<ClusterSetup> setup(stage.machine);
    assert_true(setup.call<RetrieveHostLabel>().label.text() == u"node1");
    stage.node.name = "single";
    assert_true(setup.call<RetrieveHostLabel>().label.text() == u"single");
    stage.fails("full_name");
    const auto out = setup.call<RetrieveHostLabel>();
    assert_result(out.result, Hresult::AccessDenied);
    assert_true(out.label.is_null());
}

void logs_are_gathered_for_a_span_or_as_configured(void**) {
    Stage stage;
    Called<ClusterLog> log(stage.machine);
    stage.node.log_span = std::chrono::minutes(1);
    const auto out = log.call<GenerateClusterLog>();
    assert_result(out.result, Hresult::Ok);
    assert_true(out.path.text() == u"ClusterLogs\\node1.log");
    assert_false(stage.node.log_span.has_value());
    assert_result(log.call<GenerateTimeSpanLog>({90}).result, Hresult::Ok);
    assert_true(stage.node.log_span == std::chrono::minutes(90));
    log.call<GenerateTimeSpanLog>({0xffffffff});
    assert_true(stage.node.log_span == std::chrono::minutes(0xffffffffll));
    stage.fails("gather");
    assert_result(log.call<GenerateTimeSpanLog>({1}).result, Hresult::AccessDenied);
}

template <typename Interface>
void assert_last_opnum(std::uint16_t last) {
    Stage stage;
    Called<Interface> object(stage.machine);
    assert_int_equal(object.raw(static_cast<std::uint16_t>(last + 1), {}).fault, 0x1c010002);
    // Too much or too little for whatever the last one takes.
    const std::vector<std::uint8_t> stub(5);
    assert_int_equal(object.raw(last, stub).fault, 0x6f7);
    assert_true(*object.rundown());
}

void each_interface_ends_where_the_idl_ends(void**) {
    assert_last_opnum<ClusterStorage2>(38);
    assert_last_opnum<ClusterNetwork2>(7);
    assert_last_opnum<ClusterCleanup>(4);
    assert_last_opnum<ClusterSetup>(5);
    assert_last_opnum<ClusterLog>(4);
    assert_last_opnum<ClusterFirewall>(4);
    Stage stage;
    assert_int_equal(classes(stage.machine).size(), 6);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(initializing_tells_port_and_versions),
        cmocka_unit_test(two_methods_need_an_initialized_node_and_two_do_not),
        cmocka_unit_test(a_round_trip_is_an_echo_of_a_second_at_most),
        cmocka_unit_test(a_round_trip_between_what_are_no_addresses_is_refused),
        cmocka_unit_test(adapters_come_filtered_or_all),
        cmocka_unit_test(the_host_s_firewall_is_two_flags),
        cmocka_unit_test(firewalls_are_asked_for_after_initializing_and_within_bounds),
        cmocka_unit_test(the_firewalls_are_those_of_when_it_was_initialized),
        cmocka_unit_test(an_evicted_node_is_cleaned_up_as_ordered),
        cmocka_unit_test(reservations_are_cleared_by_the_numbers_in_use),
        cmocka_unit_test(the_secret_is_any_bytes),
        cmocka_unit_test(who_sets_and_who_gets_the_secret_is_told_and_never_what_it_is),
        cmocka_unit_test(the_host_s_label_is_the_first_one),
        cmocka_unit_test(logs_are_gathered_for_a_span_or_as_configured),
        cmocka_unit_test(each_interface_ends_where_the_idl_ends),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
