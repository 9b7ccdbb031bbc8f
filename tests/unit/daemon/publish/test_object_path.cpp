// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/publish/index.hpp"
#include "daemon/publish/object_path.hpp"

#include "tests/unit/cmocka.hpp"
#include "tests/unit/daemon/publish/world.hpp"

using namespace mpapi;
using namespace mpapi::publish;

namespace {

void a_label_is_readable_and_leads_back_to_its_name(void**) {
    assert_text_equal(escape("36001405abc"), "36001405abc");
    assert_text_equal(escape(""), "_");
    assert_text_equal(escape("service-time"), "service_2dtime");
    assert_text_equal(escape("a_b"), "a_5fb");
    assert_text_equal(escape("port,7,0"), "port__7__0");
    assert_text_equal(escape("\xc3\xa4/"), "_c3_a4_2f");
    std::string all;
    for (int byte = 0; byte < 256; ++byte)
        all += static_cast<char>(byte);
    for (const auto& name : {std::string(), std::string("x"), std::string("_"), all})
        assert_text_equal(*unescape(escape(name)), name);
}

void a_label_that_no_name_has_is_refused(void**) {
    for (const char* label :
         {"", "_2", "a_", "_2D", "_zz", "_61", "_5g", "_2c", "___", "a-b", "a/b"})
        assert_false(unescape(label).has_value());
}

// A name has one label: else one object would be at two paths.
void no_two_labels_have_one_name(void**) {
    const std::string alphabet = "a_0f2dZ";
    std::string label(4, ' ');
    for (char a : alphabet)
        for (char b : alphabet)
            for (char c : alphabet)
                for (char d : alphabet) {
                    label = {a, b, c, d};
                    const auto name = unescape(label);
                    if (name) assert_text_equal(escape(*name), label);
                }
}

void every_object_is_found_at_its_path(void**) {
    const auto snapshot = world(3);
    const Index index(*snapshot);
    unsigned count = 0;
    auto check = [&](const auto& view) {
        ++count;
        const auto found = index.find(*snapshot, object_path(view));
        const auto* same = std::get_if<std::decay_t<decltype(view)>>(&found);
        if (!same) fail_msg("%s is not found", object_path(view).c_str());
        assert_ptr_equal(same->value, view.value);
    };
    for_each_outside_units(*snapshot, check);
    snapshot->units.for_each(
        [&](const model::Unit& unit) { for_each_of_unit(*snapshot, unit, check); });
    assert_int_equal(count, 1 + 3 + 3 * 5);
}

void commas_of_inquiry_data_do_not_make_one_path_of_two_products(void**) {
    auto snapshot = std::make_shared<model::Snapshot>(*world(1));
    snapshot->products = std::make_shared<const std::vector<model::DeviceProduct>>(
        std::vector<model::DeviceProduct>{{101, "A,B", "C", "1"}, {102, "A", "B,C", "1"}});
    const Index index(*snapshot);
    const char* const paths[] = {"/org/mpapi/Multipath1/product/A_2cB__C__1",
                                 "/org/mpapi/Multipath1/product/A__B_2cC__1"};
    for (std::size_t i = 0; i < 2; ++i) {
        const model::DeviceProduct& product = (*snapshot->products)[i];
        const View<model::DeviceProduct> view{snapshot.get(), nullptr, &product};
        assert_text_equal(object_path(view), paths[i]);
        const auto found = index.find(*snapshot, paths[i]);
        assert_ptr_equal(std::get<View<model::DeviceProduct>>(found).value, &product);
    }
}

void paths_that_agree_in_everything_have_different_names(void**) {
    const auto snapshot =
        changed(*world(1), [](model::Unit& unit) { unit.paths[1].target_port = 1; });
    const Index index(*snapshot);
    const auto* unit = snapshot->units.find(1);
    const View<model::Path> first{snapshot.get(), unit, &unit->paths[0]};
    const View<model::Path> second{snapshot.get(), unit, &unit->paths[1]};
    assert_text_equal(path_name(first), "iqn.x,1,50060160,0");
    assert_text_equal(path_name(second), "iqn.x,1,50060160,0,4");
    for (const auto& view : {first, second}) {
        const auto found = index.find(*snapshot, object_path(view));
        assert_ptr_equal(std::get<View<model::Path>>(found).value, view.value);
    }
}

void the_index_follows_what_happens(void**) {
    const auto before = world(2);
    Index index(*before);
    auto after = std::make_shared<model::Snapshot>(*before);
    after->units.erase(1);
    auto renamed = std::make_shared<model::Unit>(*before->units.find(2));
    renamed->unit.key = "other";
    after->units.put(renamed);
    index.apply(model::diff(*before, *after));
    assert_null(index.unit_with_key(*after, "360014051"));
    assert_null(index.unit_with_key(*after, "360014052"));
    assert_non_null(index.unit_with_key(*after, "other"));
    assert_int_equal(index.children(*after, std::string(kRoot) + "/lu").size(), 1);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_label_is_readable_and_leads_back_to_its_name),
        cmocka_unit_test(a_label_that_no_name_has_is_refused),
        cmocka_unit_test(no_two_labels_have_one_name),
        cmocka_unit_test(every_object_is_found_at_its_path),
        cmocka_unit_test(commas_of_inquiry_data_do_not_make_one_path_of_two_products),
        cmocka_unit_test(paths_that_agree_in_everything_have_different_names),
        cmocka_unit_test(the_index_follows_what_happens),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
