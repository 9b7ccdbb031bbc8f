// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/presentation.hpp"

#include "clusprep/rpc/association_groups.hpp"
#include "world.hpp"

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

struct Offered {
    explicit Offered(std::size_t most = 8)
      : contexts(most, [this](const SyntaxId& wanted) -> Interface* {
          for (Echo* const one : {&first, &second})
              if (one->id() == wanted) return one;
          return nullptr;
      }) {}

    ContextResult ask(std::uint16_t id, const SyntaxId& abstract, std::vector<SyntaxId> transfer) {
        return contexts.negotiate({{id, abstract, std::move(transfer)}}).front();
    }

    Echo first{echo_id, AuthLevel::None};
    Echo second{open_id, AuthLevel::None};
    PresentationContexts contexts;
};

void assert_result(const ContextResult& result, int expected, int reason) {
    if (result.result != expected || result.reason != reason)
        fail_msg("%d/%d instead of %d/%d", result.result, result.reason, expected, reason);
    assert_true(result.transfer == (expected == 0 ? ndr_syntax : SyntaxId{}));
}

void an_interface_with_ndr_is_accepted(void**) {
    Offered offered;
    assert_result(offered.ask(3, echo_id, {ndr_syntax}), 0, 0);
    assert_ptr_equal(offered.contexts.find(3), &offered.first);
    assert_null(offered.contexts.find(2));
}

void an_unknown_interface_is_rejected(void**) {
    Offered offered;
    assert_result(offered.ask(0, {echo_id.uuid, 7, 0}, {ndr_syntax}), 2, 1);
    assert_null(offered.contexts.find(0));
}

void ndr64_alone_is_rejected_and_beside_ndr_passed_over(void**) {
    Offered offered;
    assert_result(offered.ask(0, echo_id, {ndr64_syntax}), 2, 2);
    assert_result(offered.ask(0, echo_id, {}), 2, 2);
    assert_result(offered.ask(1, echo_id, {ndr64_syntax, ndr_syntax}), 0, 0);
    // As Windows asks: one item for each.
    const auto results =
        offered.contexts.negotiate({{0, open_id, {ndr_syntax}}, {1, open_id, {ndr64_syntax}}});
    assert_result(results[0], 0, 0);
    assert_result(results[1], 2, 2);
}

void a_question_for_features_is_answered_by_those_that_we_have(void**) {
    Offered offered;
    SyntaxId features = {"6cb71c2c-9812-4540-0300-000000000000"_guid, 1, 0};
    assert_result(offered.ask(2, echo_id, {features}), 3, 3);
    features.uuid.data4[0] = 0xf1;
    assert_result(offered.ask(2, echo_id, {features}), 3, 1);
    features.uuid.data4[0] = 0;
    assert_result(offered.ask(2, {}, {features}), 3, 0);
    assert_null(offered.contexts.find(2));
}

void a_number_keeps_its_meaning(void**) {
    Offered offered;
    assert_result(offered.ask(0, echo_id, {ndr_syntax}), 0, 0);
    assert_result(offered.ask(0, echo_id, {ndr_syntax}), 0, 0);
    assert_result(offered.ask(0, open_id, {ndr_syntax}), 2, 0);
    assert_ptr_equal(offered.contexts.find(0), &offered.first);
}

void there_is_a_bound_to_the_contexts(void**) {
    Offered offered(2);
    assert_result(offered.ask(0, echo_id, {ndr_syntax}), 0, 0);
    assert_result(offered.ask(1, echo_id, {ndr_syntax}), 0, 0);
    assert_result(offered.ask(2, echo_id, {ndr_syntax}), 2, 3);
    assert_result(offered.ask(1, echo_id, {ndr_syntax}), 0, 0);
}

void an_association_group_is_there_as_long_as_a_member(void**) {
    AssociationGroups groups;
    const auto first = groups.join(0);
    const auto second = groups.join(0);
    assert_true(first && second && *first != 0 && *first != *second);
    assert_true(groups.join(*first) == first);
    groups.leave(*first);
    assert_true(groups.join(*first) == first);
    groups.leave(*first);
    groups.leave(*first);
    assert_false(groups.join(*first).has_value());
    groups.leave(*first);
    assert_true(groups.join(*second) == second);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_interface_with_ndr_is_accepted),
        cmocka_unit_test(an_unknown_interface_is_rejected),
        cmocka_unit_test(ndr64_alone_is_rejected_and_beside_ndr_passed_over),
        cmocka_unit_test(a_question_for_features_is_answered_by_those_that_we_have),
        cmocka_unit_test(a_number_keeps_its_meaning),
        cmocka_unit_test(there_is_a_bound_to_the_contexts),
        cmocka_unit_test(an_association_group_is_there_as_long_as_a_member),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
