// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/settings/configuration.hpp"

#include "tests/unit/cmocka.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>

namespace house {

struct Config {
    std::int64_t rooms = 3;
    bool lit = false;
};

void read_keys(mpapi::settings::Section root, Config& config) {
    if (const auto rooms = root.integer("rooms", 1, 9)) config.rooms = *rooms;
    if (const auto lit = root.flag("lit")) config.lit = *lit;
}

} // namespace house

namespace {

using namespace mpapi;

class Directory {
  public:
    Directory() { assert_non_null(::mkdtemp(path_.data())); }
    ~Directory() {
        ::unlink(file().c_str());
        ::rmdir(path_.c_str());
    }
    std::string file() const { return path_ + "/house.toml"; }
    void write(const std::string& text) const { std::ofstream(file()) << text; }

  private:
    std::string path_ = "/tmp/test-configuration-XXXXXX";
};

Result<house::Config> load(const std::string& path, bool named = false) {
    return settings::load<house::Config>({path, named});
}

void what_is_not_set_keeps_its_default(void**) {
    const auto config = settings::parse<house::Config>("lit = true\n", "house.toml");
    assert_ok(config);
    assert_true(config->lit);
    assert_int_equal(config->rooms, 3);
}

void a_mistake_refuses_the_whole_text(void**) {
    const auto refusal = [](const char* text) {
        return settings::parse<house::Config>(text, "house.toml").error().message();
    };
    assert_contains(refusal("lit = true\nrooms = 10\n"), "house.toml:2: rooms: expected");
    assert_contains(refusal("lit = true\nroms = 4\n"), "did you mean \"rooms\"?");
    assert_contains(refusal("lit = \n"), "read house.toml:1: ");
}

void a_file_is_read_and_named_in_messages(void**) {
    const Directory directory;
    directory.write("rooms = 4\n");
    const auto config = load(directory.file(), true);
    assert_ok(config);
    assert_int_equal(config->rooms, 4);
    directory.write("lit = 7\n");
    assert_text_equal(load(directory.file()).error().object, directory.file() + ":1");
}

void only_the_usual_file_may_be_missing(void**) {
    const Directory directory;
    const auto usual = load(directory.file());
    assert_ok(usual);
    assert_int_equal(usual->rooms, 3);
    const auto named = load(directory.file(), true);
    assert_false(named.has_value());
    assert_int_equal(named.error().errnum, ENOENT);
    assert_contains(named.error().message(), directory.file());
}

void a_usual_file_that_cannot_be_read_is_no_missing_one(void**) {
    const Directory directory;
    assert_int_equal(::mkfifo(directory.file().c_str(), 0600), 0);
    assert_text_equal(load(directory.file()).error().message(),
                      "read " + directory.file() + ": expected a regular file");
    assert_text_equal(load("/dev/zero").error().message(),
                      "read /dev/zero: expected a regular file");
    assert_int_equal(load("/dev/null/x").error().errnum, ENOTDIR);
    assert_false(load("/").has_value());
}

void a_huge_file_is_refused(void**) {
    const Directory directory;
    directory.write(std::string((1u << 20) + 1, '\n'));
    assert_text_equal(load(directory.file()).error().message(),
                      "read " + directory.file() + ": expected 1 MiB at most");
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_set_keeps_its_default),
        cmocka_unit_test(a_mistake_refuses_the_whole_text),
        cmocka_unit_test(a_file_is_read_and_named_in_messages),
        cmocka_unit_test(only_the_usual_file_may_be_missing),
        cmocka_unit_test(a_usual_file_that_cannot_be_read_is_no_missing_one),
        cmocka_unit_test(a_huge_file_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
