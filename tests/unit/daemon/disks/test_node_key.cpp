// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/disks/node_key.hpp"

#include "tests/unit/cmocka.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace mpapi;
using namespace mpapi::disks;

namespace {

class Directory {
  public:
    Directory() { assert_non_null(::mkdtemp(path.data())); }
    ~Directory() {
        ::unlink(file().c_str());
        ::rmdir(file().c_str());
        ::rmdir(path.c_str());
    }
    std::string file() const { return path + "/" + kNodeKeyFile; }

    std::string path = "/tmp/test-node-key-XXXXXX";
};

std::uint64_t never() {
    fail_msg("it draws although there is a key");
    return 1;
}

void a_key_is_drawn_once_and_kept(void**) {
    const Directory directory;
    const auto first = node_key(directory.path, [] { return 0x0123456789abcdefu; });
    assert_ok(first);
    assert_true(first->key == 0x0123456789abcdefu);
    struct stat status {};
    assert_int_equal(::stat(directory.file().c_str(), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    const auto again = node_key(directory.path, never);
    assert_ok(again);
    assert_true(again->key == first->key);
    assert_text_equal(again->notice, "");
}

void zero_is_no_key(void**) {
    const Directory directory;
    std::uint64_t draws = 0;
    const auto key = node_key(directory.path, [&]() -> std::uint64_t { return draws++; });
    assert_ok(key);
    assert_int_equal(key->key, 1);
    assert_int_equal(draws, 2);
}

void a_file_that_is_no_key_is_told_and_replaced(void**) {
    for (const char* text : {"", "0000000000000000\n", "0123456789abcdef", "0123456789abcdeg\n",
                             "0123456789ABCDEF\n", "0123456789abcdef\n\n", "-123456789abcdef\n"}) {
        const Directory directory;
        std::ofstream(directory.file()) << text;
        const auto key = node_key(directory.path, [] { return std::uint64_t{7}; });
        assert_ok(key);
        assert_int_equal(key->key, 7);
        assert_contains(key->notice, directory.file());
        assert_int_equal(node_key(directory.path, never)->key, 7);
    }
}

void without_a_directory_it_lasts_as_long_as_the_daemon(void**) {
    const auto key = node_key("", [] { return std::uint64_t{9}; });
    assert_ok(key);
    assert_int_equal(key->key, 9);
}

void a_directory_that_cannot_be_used_is_an_error(void**) {
    const auto missing = node_key("/nonexistent/directory", [] { return std::uint64_t{9}; });
    assert_false(missing.has_value());
    const Directory directory;
    assert_int_equal(::mkdir(directory.file().c_str(), 0700), 0);
    assert_false(node_key(directory.path, [] { return std::uint64_t{9}; }).has_value());
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_drawn_once_and_kept),
        cmocka_unit_test(zero_is_no_key),
        cmocka_unit_test(a_file_that_is_no_key_is_told_and_replaced),
        cmocka_unit_test(without_a_directory_it_lasts_as_long_as_the_daemon),
        cmocka_unit_test(a_directory_that_cannot_be_used_is_an_error),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
