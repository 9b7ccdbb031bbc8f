// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/inventory/object_ids.hpp"

#include "tests/unit/cmocka.hpp"

#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

using namespace mpapi;
using namespace mpapi::daemon;
using model::ObjectType;

namespace {

struct Directory {
    std::string path;
    Directory() {
        char pattern[] = "/tmp/mpapi-ids-XXXXXX";
        assert_non_null(mkdtemp(pattern));
        path = pattern;
    }
    ~Directory() { std::filesystem::remove_all(path); }

    std::string file() const { return path + "/objects"; }
    std::string text() const {
        std::ifstream in(file());
        std::stringstream content;
        content << in.rdbuf();
        return content.str();
    }
    void write(const std::string& content) const { std::ofstream(file()) << content; }
    int set_aside() const {
        int count = 0;
        for (const auto& entry : std::filesystem::directory_iterator(path))
            count += entry.path().filename().string().starts_with("objects.damaged-");
        return count;
    }
};

ObjectIds open(const Directory& directory) {
    auto ids = ObjectIds::open(directory.path);
    assert_ok(ids);
    return std::move(*ids);
}

// Saves, and waits until it is done.
Status save(ObjectIds& ids, std::chrono::steady_clock::time_point now = {}) {
    const Status told = ids.save(now);
    const Status written = ids.written(std::chrono::seconds(10));
    assert_true(written || written.error().errnum != ETIMEDOUT);
    return told;
}

void a_thing_keeps_its_number_over_a_restart(void**) {
    Directory directory;
    model::Sequence unit, path;
    {
        auto ids = open(directory);
        unit = ids.id(ObjectType::LogicalUnit, "36001405");
        path = ids.id(ObjectType::Path, "1/iqn with blank,t%\n,0");
        assert_int_equal(ids.id(ObjectType::LogicalUnit, "36001405"), unit);
        assert_int_not_equal(path, unit);
        assert_ok(save(ids));
    }
    auto ids = open(directory);
    assert_true(ids.notices().empty());
    assert_int_equal(ids.id(ObjectType::Path, "1/iqn with blank,t%\n,0"), path);
    assert_int_equal(ids.id(ObjectType::LogicalUnit, "36001405"), unit);
}

void one_key_of_two_types_is_two_things(void**) {
    ObjectIds ids;
    assert_int_not_equal(ids.id(ObjectType::InitiatorPort, "x"),
                         ids.id(ObjectType::TargetPort, "x"));
}

void no_number_is_given_twice_even_when_the_end_of_the_file_is_lost(void**) {
    Directory directory;
    model::Sequence highest = 0;
    {
        auto ids = open(directory);
        for (int i = 0; i < 100; ++i)
            highest = ids.id(ObjectType::Path, std::to_string(i));
        assert_ok(save(ids));
    }
    const std::string text = directory.text();
    directory.write(text.substr(0, text.find('\n', text.find("reserve")) + 1) + "5 3 torn");
    auto ids = open(directory);
    assert_true(ids.notices().empty()); // a torn last line is no damage
    assert_true(ids.id(ObjectType::Path, "new") > highest);
    assert_ok(save(ids));
    assert_true(open(directory).notices().empty());
}

void every_single_flipped_byte_is_noticed_or_harmless(void**) {
    Directory directory;
    {
        auto ids = open(directory);
        for (int i = 0; i < 5; ++i)
            ids.id(ObjectType::Path, "path " + std::to_string(i));
        assert_ok(save(ids));
    }
    const std::string good = directory.text();
    for (std::size_t i = 0; i < good.size(); ++i) {
        Directory other;
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 0x15);
        other.write(bad);
        auto ids = ObjectIds::open(other.path);
        assert_ok(ids);
        const bool noticed = !ids->notices().empty();
        if (i + 1 < good.size() && !noticed) fail_msg("flipping byte %zu was not noticed", i);
        assert_int_equal(other.set_aside(), noticed);
        // Whatever was lost, its number stays lost.
        assert_true(ids->id(ObjectType::Disk, "new") > 5);
    }
}

void a_damaged_file_is_set_aside_and_what_is_readable_goes_on(void**) {
    Directory directory;
    model::Sequence kept = 0;
    {
        auto ids = open(directory);
        kept = ids.id(ObjectType::LogicalUnit, "good");
        ids.id(ObjectType::LogicalUnit, "bad");
        assert_ok(save(ids));
    }
    std::string text = directory.text();
    text.replace(text.rfind("bad"), 3, "BAD");
    directory.write(text);
    auto ids = open(directory);
    assert_int_equal(ids.notices().size(), 2);
    assert_int_equal(directory.set_aside(), 1);
    assert_int_equal(ids.id(ObjectType::LogicalUnit, "good"), kept);
    assert_true(ids.id(ObjectType::LogicalUnit, "bad") > kept + 1);
}

constexpr std::chrono::steady_clock::time_point at(std::chrono::seconds when) {
    return std::chrono::steady_clock::time_point(when);
}

void a_full_disk_ends_nothing_and_is_made_good(void**) {
    using namespace std::chrono_literals;
    Directory directory;
    auto ids = open(directory);
    ids.id(ObjectType::LogicalUnit, "before");
    assert_ok(save(ids, at(1s)));

    // The file cannot grow.
    rlimit usual{};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &usual), 0);
    const rlimit full{static_cast<rlim_t>(directory.text().size() + 5), usual.rlim_max};
    auto* const before = std::signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    const auto number = ids.id(ObjectType::LogicalUnit, "meanwhile");
    assert_ok(save(ids, at(2s))); // it is not known yet
    const bool told = !save(ids, at(2s));
    const bool told_again =
        !save(ids, at(3s)) || !save(ids, at(63s)) || !save(ids, at(63s)) || !save(ids, at(64s));
    const auto later = ids.id(ObjectType::LogicalUnit, "later");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &usual), 0);
    std::signal(SIGXFSZ, before);
    assert_true(told);
    assert_false(told_again);

    assert_ok(save(ids, at(122s))); // not a minute after the last try
    assert_true(directory.text().find("later") == std::string::npos);
    assert_ok(save(ids, at(124s)));
    auto anew = open(directory);
    assert_true(anew.notices().empty());
    assert_int_equal(anew.id(ObjectType::LogicalUnit, "meanwhile"), number);
    assert_int_equal(anew.id(ObjectType::LogicalUnit, "later"), later);
}

void a_directory_that_cannot_be_written_is_a_notice(void**) {
    Directory directory;
    std::filesystem::create_directory(directory.path + "/objects.new"); // in the way
    auto ids = open(directory);
    assert_int_equal(ids.notices().size(), 1);
    const auto number = ids.id(ObjectType::Disk, "sda");
    assert_ok(save(ids, at(std::chrono::seconds(5))));
    assert_false(std::filesystem::exists(directory.file()));
    std::filesystem::remove(directory.path + "/objects.new");
    assert_ok(save(ids, at(std::chrono::seconds(65))));
    assert_int_equal(open(directory).id(ObjectType::Disk, "sda"), number);
}

void a_clean_up_that_fails_is_made_good(void**) {
    using namespace std::chrono_literals;
    Directory directory;
    auto opened = ObjectIds::open(directory.path, 1);
    assert_ok(opened);
    ObjectIds& ids = *opened;
    for (int n = 0; n < 20; ++n)
        ids.id(ObjectType::Disk, std::to_string(n));
    const auto living = ids.id(ObjectType::LogicalUnit, "living");
    assert_ok(save(ids, at(1s)));
    const std::string before = directory.text();
    std::filesystem::create_directory(directory.path + "/objects.new"); // in the way
    ids.forget_gone({living});
    assert_false(bool(save(ids, at(1s))) && bool(save(ids, at(1s))));
    assert_text_equal(directory.text(), before);
    std::filesystem::remove(directory.path + "/objects.new");

    // Appending to the old file would rely on a reservation that it does not have.
    const auto later = ids.id(ObjectType::LogicalUnit, "later");
    assert_ok(save(ids, at(2s)));
    assert_text_equal(directory.text(), before);
    assert_ok(save(ids, at(61s)));
    assert_true(directory.text().size() < before.size());
    auto anew = open(directory);
    assert_true(anew.notices().empty());
    assert_int_equal(anew.id(ObjectType::LogicalUnit, "living"), living);
    assert_int_equal(anew.id(ObjectType::LogicalUnit, "later"), later);
}

void garbage_of_any_kind_never_stops_the_daemon(void**) {
    for (const std::string& garbage :
         {std::string("\0\0\0\0", 4), std::string("<xml/>\n"), std::string("mpapi-objects 2\n"),
          std::string("mpapi-objects 1\n99999999999999999999999 1 0 x\n"),
          std::string("mpapi-objects 1\n\n\n   \n"), std::string("mpapi-objects 1\nreserve\n"),
          "mpapi-objects 1\n4 " + std::string(100'000, '9') + " 0 x\n"}) {
        Directory directory;
        directory.write(garbage);
        auto ids = ObjectIds::open(directory.path);
        assert_ok(ids);
        assert_false(ids->notices().empty());
        assert_int_equal(directory.set_aside(), 1);
    }
}

void a_missing_or_unwritable_directory_is_an_error(void**) {
    assert_false(ObjectIds::open("/nonexistent/mpapi").has_value());
}

void what_went_first_is_forgotten_first_and_no_number_is_given_twice(void**) {
    Directory directory;
    constexpr std::size_t kept = 100;
    const auto name = [](int i) { return "lun " + std::to_string(i); };
    std::set<model::Sequence> given;
    model::Sequence staying = 0, last = 0, late = 0;
    std::size_t largest = 0;
    {
        auto opened = ObjectIds::open(directory.path, kept);
        assert_ok(opened);
        ObjectIds& ids = *opened;
        staying = ids.id(ObjectType::LogicalUnit, "stays");
        late = ids.id(ObjectType::LogicalUnit, "goes late");
        for (int i = 0; i < 5000; ++i) {
            last = ids.id(ObjectType::Path, name(i));
            assert_true(given.insert(last).second);
            assert_ok(save(ids));
            if (!ids.crowded()) continue;
            ids.forget_gone({staying, late, last});
            largest = std::max(largest, std::filesystem::file_size(directory.file()));
        }
        ids.forget_gone({staying, late, last});
        for (int i = 5000; i < 5050; ++i)
            last = ids.id(ObjectType::Path, name(i));
        ids.forget_gone({staying, last});
        assert_ok(save(ids));
    }
    // A line of this test is less than 40 bytes.
    assert_true(largest > 0 && largest < 3 * kept * 40);
    assert_true(std::filesystem::file_size(directory.file()) < 3 * kept * 40);

    auto ids = ObjectIds::open(directory.path, kept);
    assert_ok(ids);
    assert_true(ids->notices().empty());
    assert_int_equal(ids->id(ObjectType::LogicalUnit, "stays"), staying);
    // It has the lowest number of all that are gone, and went last.
    assert_int_equal(ids->id(ObjectType::LogicalUnit, "goes late"), late);
    assert_int_equal(ids->id(ObjectType::Path, name(5049)), last);
    assert_int_equal(ids->id(ObjectType::Path, name(4990)), last - 59);
    assert_true(given.insert(ids->id(ObjectType::Path, name(0))).second);
}

void the_order_of_leaving_outlives_the_daemon(void**) {
    Directory directory;
    constexpr std::size_t kept = 4;
    const auto forget = [](ObjectIds& ids, const std::vector<model::Sequence>& living) {
        assert_ok(save(ids));
        ids.forget_gone(living);
        assert_ok(save(ids));
    };
    model::Sequence old = 0;
    {
        auto ids = ObjectIds::open(directory.path, kept);
        assert_ok(ids);
        old = ids->id(ObjectType::Disk, "old");
        for (int i = 0; i < 8; ++i)
            ids->id(ObjectType::Disk, std::to_string(i));
        forget(*ids, {old});
    }
    auto ids = ObjectIds::open(directory.path, kept);
    assert_ok(ids);
    const auto fresh = ids->id(ObjectType::Disk, "fresh");
    forget(*ids, {fresh});
    assert_int_equal(ids->id(ObjectType::Disk, "old"), old);
    assert_int_equal(ids->id(ObjectType::Disk, "7"), old + 8);
    assert_true(ids->id(ObjectType::Disk, "4") > fresh);
}

void many_that_exist_let_as_many_be_remembered(void**) {
    ObjectIds ids(2);
    std::vector<model::Sequence> living;
    for (int i = 0; i < 10; ++i)
        living.push_back(ids.id(ObjectType::Path, std::to_string(i)));
    // Not all were seen again yet: a device may be slow to say which groups it has.
    ids.forget_gone({living.begin(), living.begin() + 5});
    for (int i = 0; i < 10; ++i)
        assert_int_equal(ids.id(ObjectType::Path, std::to_string(i)),
                         living[static_cast<std::size_t>(i)]);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_thing_keeps_its_number_over_a_restart),
        cmocka_unit_test(one_key_of_two_types_is_two_things),
        cmocka_unit_test(no_number_is_given_twice_even_when_the_end_of_the_file_is_lost),
        cmocka_unit_test(every_single_flipped_byte_is_noticed_or_harmless),
        cmocka_unit_test(a_damaged_file_is_set_aside_and_what_is_readable_goes_on),
        cmocka_unit_test(a_full_disk_ends_nothing_and_is_made_good),
        cmocka_unit_test(a_directory_that_cannot_be_written_is_a_notice),
        cmocka_unit_test(a_clean_up_that_fails_is_made_good),
        cmocka_unit_test(garbage_of_any_kind_never_stops_the_daemon),
        cmocka_unit_test(a_missing_or_unwritable_directory_is_an_error),
        cmocka_unit_test(what_went_first_is_forgotten_first_and_no_number_is_given_twice),
        cmocka_unit_test(the_order_of_leaving_outlives_the_daemon),
        cmocka_unit_test(many_that_exist_let_as_many_be_remembered),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
