// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernel/map_book.hpp"
#include "daemon/kernel/map_list.hpp"
#include "tests/unit/cmocka.hpp"

#include <sstream>

using namespace mpapi;
using namespace mpapi::kernel;

namespace {

constexpr model::DeviceNumber a{254, 0}, b{254, 1}, c{254, 2};

std::string text(const std::vector<model::DeviceNumber>& numbers) {
    std::string result;
    for (const auto number : numbers)
        result += std::to_string(number.major) + ":" + std::to_string(number.minor) + " ";
    return result;
}

// "read 254:1 gone 254:2 "
std::string news(const KnownMaps& before, const std::vector<ListedMap>& now,
                 const std::set<model::DeviceNumber>& asked = {}, bool all = false) {
    const auto found = compare_map_lists(before, now, asked, all);
    return "read " + text(found.to_read) + "gone " + text(found.gone);
}

void an_unchanged_list_asks_for_nothing(void**) {
    const KnownMaps before{{a, {"mpatha", 5, MapKind::Multipath}},
                           {b, {"vg-lv", 0, MapKind::Other}}};
    assert_text_equal(news(before, {{a, "mpatha", 5}, {b, "vg-lv", 0}}), "read gone ");
}

void new_maps_are_read_and_missing_ones_are_gone(void**) {
    const KnownMaps before{{a, {"mpatha", 5, MapKind::Multipath}}, {c, {"x", 0, MapKind::Other}}};
    assert_text_equal(news(before, {{a, "mpatha", 5}, {b, "mpathb", 0}}), "read 254:1 gone 254:2 ");
    assert_text_equal(news({}, {}), "read gone ");
    assert_text_equal(news(before, {}), "read gone 254:0 254:2 ");
}

void an_event_of_a_multipath_map_has_it_read(void**) {
    const KnownMaps before{{a, {"mpatha", 5, MapKind::Multipath}}};
    assert_text_equal(news(before, {{a, "mpatha", 6}}), "read 254:0 gone ");
    // The number may have gone round, or the map was made again: other is other.
    assert_text_equal(news(before, {{a, "mpatha", 0}}), "read 254:0 gone ");
}

void an_event_of_another_target_does_not(void**) {
    const KnownMaps before{{b, {"vg-snap", 5, MapKind::Other}}};
    assert_text_equal(news(before, {{b, "vg-snap", 6}}), "read gone ");
}

void a_renamed_map_is_read_whatever_it_was(void**) {
    const KnownMaps before{{a, {"mpatha", 5, MapKind::Multipath}}, {b, {"x", 0, MapKind::Other}}};
    assert_text_equal(news(before, {{a, "data", 5}, {b, "y", 0}}), "read 254:0 254:1 gone ");
}

void a_map_without_a_table_is_read_until_it_has_one(void**) {
    const KnownMaps before{{a, {"mpatha", 0, MapKind::Undecided}}};
    assert_text_equal(news(before, {{a, "mpatha", 0}}), "read 254:0 gone ");
}

void a_map_that_is_asked_for_is_read_if_it_is_there(void**) {
    const KnownMaps before{{a, {"mpatha", 5, MapKind::Multipath}}, {b, {"x", 0, MapKind::Other}}};
    const std::vector<ListedMap> now{{a, "mpatha", 5}, {b, "x", 0}};
    assert_text_equal(news(before, now, {b}), "read 254:1 gone ");
    assert_text_equal(news(before, now, {c}), "read gone ");
}

void all_means_every_multipath_map(void**) {
    const KnownMaps before{{a, {"mpatha", 5, MapKind::Multipath}}, {b, {"x", 0, MapKind::Other}}};
    assert_text_equal(news(before, {{a, "mpatha", 5}, {b, "x", 0}}, {}, true), "read 254:0 gone ");
}

void a_number_listed_twice_is_read_once(void**) {
    assert_text_equal(news({}, {{a, "x", 0}, {a, "y", 0}}), "read 254:0 gone ");
}

class Recorder final : public daemon::HardwareObserver {
  public:
    void disk_present(const daemon::DiskFacts&) override {}
    void disk_gone(const std::string&) override {}
    void map_present(const daemon::MapFacts& map) override {
        lines << "present " << map.name << " " << map.status << "\n";
    }
    void map_gone(model::DeviceNumber number) override { lines << "gone " << number.minor << "\n"; }
    void access_state_changed(const std::string&, std::chrono::steady_clock::time_point) override {}
    void inquiry_data_changed(const std::string&) override {}
    void enumerated() override {}
    void device_mapper_state(const std::string&) override {}
    void udev_state(const std::string&) override {}
    std::string told() {
        auto told = lines.str();
        lines.str("");
        return told;
    }

  private:
    std::ostringstream lines;
};

daemon::MapFacts map_of(model::DeviceNumber number, const std::string& name,
                        const std::string& uuid, const std::string& status) {
    daemon::MapFacts map;
    map.number = number;
    map.name = name;
    map.uuid = uuid;
    map.status = status;
    return map;
}

std::shared_ptr<const daemon::MapFacts> shared(daemon::MapFacts map) {
    return std::make_shared<const daemon::MapFacts>(std::move(map));
}

void the_observer_hears_of_a_map_only_when_something_is_new(void**) {
    Recorder observer;
    MapBook book(observer);
    assert_true(book.present(shared(map_of(a, "mpatha", "mpath-1", "A"))));
    assert_false(book.present(shared(map_of(a, "mpatha", "mpath-1", "A"))));
    assert_true(book.present(shared(map_of(a, "mpatha", "mpath-1", "F"))));
    assert_true(book.present(shared(map_of(a, "data", "mpath-1", "F"))));
    assert_text_equal(observer.told(), "present mpatha A\npresent mpatha F\npresent data F\n");
    book.gone(a);
    book.gone(a);
    assert_text_equal(observer.told(), "gone 0\n");
}

void a_number_given_to_another_map_is_told_as_gone_and_present(void**) {
    Recorder observer;
    MapBook book(observer);
    book.present(shared(map_of(a, "mpatha", "mpath-1", "A")));
    observer.told();
    book.present(shared(map_of(a, "mpatha", "mpath-2", "A")));
    assert_text_equal(observer.told(), "gone 0\npresent mpatha A\n");
    // A UUID may be given to a map that has none; it is the same map.
    book.present(shared(map_of(b, "byhand", "", "A")));
    observer.told();
    book.present(shared(map_of(b, "byhand", "lab-1", "A")));
    assert_text_equal(observer.told(), "present byhand A\n");
}

void devices_of_a_status_are_found(void**) {
    assert_text_equal(text(devices_in_status("2 0 1 0 2 1 A 0 2 2 8:0 A 0 0 1 8:64 F 1 0 1 E 0 1 2 "
                                             "65:32 A 0 0 1 ")),
                      "8:0 8:64 65:32 ");
    assert_text_equal(text(devices_in_status("")), "");
    assert_text_equal(text(devices_in_status(": 8: :8 8:x 99999:1  8:1")), "8:1 ");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_unchanged_list_asks_for_nothing),
        cmocka_unit_test(new_maps_are_read_and_missing_ones_are_gone),
        cmocka_unit_test(an_event_of_a_multipath_map_has_it_read),
        cmocka_unit_test(an_event_of_another_target_does_not),
        cmocka_unit_test(a_renamed_map_is_read_whatever_it_was),
        cmocka_unit_test(a_map_without_a_table_is_read_until_it_has_one),
        cmocka_unit_test(a_map_that_is_asked_for_is_read_if_it_is_there),
        cmocka_unit_test(all_means_every_multipath_map),
        cmocka_unit_test(a_number_listed_twice_is_read_once),
        cmocka_unit_test(the_observer_hears_of_a_map_only_when_something_is_new),
        cmocka_unit_test(a_number_given_to_another_map_is_told_as_gone_and_present),
        cmocka_unit_test(devices_of_a_status_are_found),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
