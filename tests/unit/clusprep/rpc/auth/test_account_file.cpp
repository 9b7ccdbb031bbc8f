// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/rpc/auth/accounts/account_file.hpp"

#include "common/system/read_file.hpp"
#include "tests/unit/clusprep/rpc/auth/hex.hpp"
#include "tests/unit/clusprep/rpc/auth/temporary_directory.hpp"

#include <sys/stat.h>

#include <fstream>
#include <thread>

using namespace mpapi;
using namespace mpapi::rpc;
using namespace mpapi::rpc::test;

namespace {

constexpr const char* kHash = "a4f49c406510bdcab6824ee7c30fd852"; // of "Password"

void assert_refused(const std::string& text, const char* reason) {
    const auto parsed = AccountList::parse(text);
    if (parsed) fail_msg("was not refused: %s", text.c_str());
    assert_contains(parsed.error().message(), reason);
}

void a_file_is_read_line_by_line(void**) {
    const auto list =
        AccountList::parse("# comment\n\nalice:" + std::string(kHash) + "\nB\u00f6b:" + kHash);
    assert_ok(list);
    assert_int_equal(list->all().size(), 2);
    assert_hex_equal(list->find(u"ALICE")->nt_hash, kHash);
    assert_text_equal(list->find(u"b\u00d6b")->name, "B\u00f6b");
    assert_null(list->find(u"carol"));
}

void a_bad_line_is_named_and_not_shown(void**) {
    const std::string good = "alice:" + std::string(kHash) + "\n";
    assert_refused(good + "bob", "line 2: a colon");
    assert_refused(good + "bob:123", "line 2: the hash has not 32");
    assert_refused(good + "bob:zz" + std::string(kHash + 2), "line 2: the hash is not hex");
    assert_refused(good + "Alice:" + kHash, "line 2: the name was there before");
    assert_refused(":" + std::string(kHash), "line 1: it is empty");
    assert_refused("a\x01:" + std::string(kHash), "control character");
    assert_refused("a\xff:" + std::string(kHash), "UTF-8");
    assert_refused("DOM\\a:" + std::string(kHash), "one of the characters");
    assert_refused(std::string(65, 'a') + ":" + kHash, "64 characters");
    assert_refused("a :" + std::string(kHash), "blank");
    const auto parsed = AccountList::parse("bob:secrethash");
    assert_false(parsed.has_value());
    assert_true(parsed.error().message().find("secret") == std::string::npos);
}

void too_many_accounts_are_refused(void**) {
    std::string text;
    for (std::size_t i = 0; i <= kMostAccounts; ++i)
        text += "user" + std::to_string(i) + ":" + kHash + "\n";
    assert_refused(text, "line 4097");
    assert_refused(std::string(kMostAccountFile + 1, '#'), "too many");
}

void accounts_are_added_changed_and_removed(void**) {
    const TemporaryDirectory directory;
    const auto path = directory.file("accounts");
    assert_int_equal(list_accounts(path)->size(), 0);
    assert_true(*add_account(path, "bob", "one"));
    assert_true(*add_account(path, "alice", "Password"));
    assert_false(*add_account(path, "BOB", "two"));
    const auto names = list_accounts(path);
    assert_ok(names);
    assert_int_equal(names->size(), 2);
    assert_text_equal((*names)[0], "alice");
    assert_text_equal((*names)[1], "BOB");
    const auto text = read_file(path, 10000);
    assert_ok(text);
    assert_contains(*text, "alice:" + std::string(kHash) + "\n");
    assert_ok(remove_account(path, "bob"));
    const auto again = remove_account(path, "bob");
    assert_false(again.has_value());
    assert_contains(again.error().message(), "there is none");
    assert_int_equal(list_accounts(path)->size(), 1);
}

void the_file_is_open_to_its_owner_only(void**) {
    const TemporaryDirectory directory;
    const auto path = directory.file("accounts");
    assert_ok(add_account(path, "alice", "x"));
    struct stat status {};
    assert_int_equal(::stat(path.c_str(), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    for (const mode_t mode : {0604u, 0620u, 0602u, 0666u}) {
        assert_int_equal(::chmod(path.c_str(), mode), 0);
        const auto refused = read_accounts(path);
        assert_false(refused.has_value());
        assert_contains(refused.error().message(), "others may");
        assert_false(add_account(path, "bob", "x").has_value());
    }
    assert_int_equal(::chmod(path.c_str(), 0440), 0); // as the service manager may give it
    assert_ok(read_accounts(path));
}

void a_bad_name_or_password_changes_nothing(void**) {
    const TemporaryDirectory directory;
    const auto path = directory.file("accounts");
    assert_false(add_account(path, "a:b", "x").has_value());
    assert_false(add_account(path, "", "x").has_value());
    assert_false(add_account(path, "alice", "").has_value());
    assert_false(add_account(path, "alice", "\xff").has_value());
    assert_false(add_account(path, "alice", std::string(257, 'x')).has_value());
    assert_int_equal(::access(path.c_str(), F_OK), -1);
    std::ofstream(path) << "garbage\n";
    assert_int_equal(::chmod(path.c_str(), 0600), 0);
    assert_false(add_account(path, "alice", "x").has_value());
    assert_text_equal(*read_file(path, 100), "garbage\n");
}

void two_at_a_time_take_turns(void**) {
    const TemporaryDirectory directory;
    const auto path = directory.file("accounts");
    const auto add = [&](char who) {
        for (int i = 0; i < 20; ++i)
            (void)add_account(path, who + std::to_string(i), "x");
    };
    std::thread other(add, 'a');
    add('b');
    other.join();
    assert_int_equal(list_accounts(path)->size(), 40);
}

void what_is_written_is_read_again(void**) {
    AccountList list;
    for (int i = 0; i < 300; ++i) {
        ntlm::Key hash;
        hash.fill(static_cast<std::uint8_t>(i));
        assert_ok(list.set("user" + std::to_string(i), hash));
    }
    const auto again = AccountList::parse(list.text());
    assert_ok(again);
    assert_true(*again == list);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_line_by_line),
        cmocka_unit_test(a_bad_line_is_named_and_not_shown),
        cmocka_unit_test(too_many_accounts_are_refused),
        cmocka_unit_test(accounts_are_added_changed_and_removed),
        cmocka_unit_test(the_file_is_open_to_its_owner_only),
        cmocka_unit_test(a_bad_name_or_password_changes_nothing),
        cmocka_unit_test(two_at_a_time_take_turns),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
