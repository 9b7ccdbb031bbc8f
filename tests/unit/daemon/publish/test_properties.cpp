// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/properties.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/publish/world.hpp"

#include <set>

using namespace mpapi;
using namespace mpapi::publish;

namespace {

template <typename T>
std::set<std::string> differing(const View<T>& before, const View<T>& after) {
    std::set<std::string> names;
    for (const auto& property : Interface<T>::properties())
        if (!property.same(before, after)) names.insert(property.name);
    return names;
}

using Names = std::set<std::string>;

void signatures_follow_from_what_getters_return(void**) {
    for_each_interface([]<typename T>(std::type_identity<T>) {
        Names names;
        for (const auto& property : Interface<T>::properties()) {
            assert_true(names.insert(property.name).second);
            assert_true(property.signature[0] != '\0');
        }
    });
    auto signature = []<typename T>(std::type_identity<T>, std::string_view name) {
        for (const auto& property : Interface<T>::properties())
            if (property.name == name) return std::string(property.signature);
        return std::string("missing");
    };
    assert_text_equal(signature(std::type_identity<model::LogicalUnit>{}, "Settings"),
                      "a(ssssuss)");
    assert_text_equal(signature(std::type_identity<model::LogicalUnit>{}, "Features"), "as");
    assert_text_equal(signature(std::type_identity<model::Path>{}, "Trouble"), "(tss)");
    assert_text_equal(signature(std::type_identity<model::Path>{}, "State"), "s");
    assert_text_equal(signature(std::type_identity<model::TargetPortGroup>{}, "TargetPorts"), "ao");
    assert_text_equal(signature(std::type_identity<model::Disk>{}, "ObjectId"), "(ut)");
}

void what_a_unit_shows_of_its_paths_changes_with_them(void**) {
    const auto before = world(1);
    const auto after = changed(*before, [](model::Unit& unit) { unit.paths[0].disabled = true; });
    const auto* a = before->units.find(1);
    const auto* b = after->units.find(1);
    assert_true(differing(View<model::LogicalUnit>{before.get(), a, &a->unit},
                          View<model::LogicalUnit>{after.get(), b, &b->unit}) ==
                Names{"UsablePathCount"});
    assert_true(differing(View<model::Path>{before.get(), a, &a->paths[0]},
                          View<model::Path>{after.get(), b, &b->paths[0]}) == Names{"Disabled"});
}

void a_reference_is_the_same_while_it_leads_to_the_same(void**) {
    const auto before = world(1);
    const auto after = changed(*before, [](model::Unit& unit) {
        unit.paths[0].target_port_group = 2;
        unit.paths[1].group_known = false;
    });
    const auto* a = before->units.find(1);
    const auto* b = after->units.find(1);
    for (std::size_t n = 0; n < 2; ++n)
        assert_true(differing(View<model::Path>{before.get(), a, &a->paths[n]},
                              View<model::Path>{after.get(), b, &b->paths[n]}) ==
                    Names{"TargetPortGroup"});
    assert_text_equal(object_path(Ref{}), "/");
    assert_text_equal(
        object_path(Ref{model::ObjectType::TargetPort, 99, true, before.get(), nullptr}), "/");
}

void ages_change_without_a_signal(void**) {
    const auto before = world(1);
    const auto after =
        changed(*before, [](model::Unit& unit) { unit.paths[0].identity_read_at = 5; });
    const auto* a = before->units.find(1);
    const auto* b = after->units.find(1);
    const View<model::Path> old_path{before.get(), a, &a->paths[0]};
    const View<model::Path> new_path{after.get(), b, &b->paths[0]};
    assert_true(differing(old_path, new_path) == Names{"IdentityReadAt"});
    assert_false(signalled_change(old_path, new_path));
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(signatures_follow_from_what_getters_return),
        cmocka_unit_test(what_a_unit_shows_of_its_paths_changes_with_them),
        cmocka_unit_test(a_reference_is_the_same_while_it_leads_to_the_same),
        cmocka_unit_test(ages_change_without_a_signal),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
